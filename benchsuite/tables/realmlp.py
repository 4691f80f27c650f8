"""RealMLP-TD-S in PyTorch alone: the network, preparation and schedule of pytabkit 1.7.3, without its framework.

The table is prepared once as a tensor; a step is a batch of its rows, forward, backward and fused Adam; the validation rows
are scored in one piece at the end of each epoch, and the weights of the best one are kept. Weights are stored divided by
sqrt(inputs), so that a layer is one fused product (`addmm`): in Adam that is the learning rate divided by it and epsilon
multiplied.

Source: D. Holzmueller, L. Grinsztajn, I. Steinwart: Better by Default, NeurIPS 2024, and their package's `default_params.py`.
"""

import math
import time
from functools import cache

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (256, 256, 256)
EPOCHS = 256
BATCH = 256
VALIDATION = 0.2
RATES = {True: 0.04, False: 0.07}  # whether it classifies
SCALE_FACTOR, BIAS_FACTOR = 6.0, 0.1  # of the learning rate
BETAS, EPSILON = (0.9, 0.95), 1e-8
SMOOTHING = 0.1


def coslog4(t: float) -> float:
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * t)))


def encoded(table: pd.DataFrame) -> torch.Tensor:
    """Numbers as they are; categories one-hot, two of them as -1 and 1 in one column; a missing one is zeros."""
    columns = []
    for name in table.columns:
        column = table[name]
        if not isinstance(column.dtype, pd.CategoricalDtype):
            columns.append(column.to_numpy(np.float32)[:, None])
            continue
        hot = column.cat.codes.to_numpy()[:, None] == np.arange(len(column.cat.categories))
        if hot.shape[1] == 2:
            hot = hot[:, :1].astype(np.float32) - hot[:, 1:]
        columns.append(hot.astype(np.float32))
    return torch.from_numpy(np.hstack(columns))


class Preparation:
    """Median, interquartile range (half the whole range where that is 0; a constant column becomes 0), smooth clip at 3."""

    def __init__(self, x: torch.Tensor):
        low, self.middle, high = np.quantile(x.numpy(), (0.25, 0.5, 0.75), axis=0).astype(np.float32)
        spread = high - low
        whole = (x.amax(0) - x.amin(0)).numpy()
        spread = np.where(spread == 0, 0.5 * whole, spread)
        self.factor = np.divide(1, spread, out=np.zeros_like(spread), where=spread != 0)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        x = (x - torch.from_numpy(self.middle)) * torch.from_numpy(self.factor)
        return x / torch.sqrt(1 + x * x / 9)


class Network(nn.Module):
    """Front scale, three hidden layers (SELU for classes, Mish for numbers), a last layer that starts at 0."""

    def __init__(self, n_inputs: int, n_outputs: int, classifies: bool):
        super().__init__()
        sizes = [n_inputs, *WIDTHS, n_outputs]
        self.activation = F.selu if classifies else F.mish
        self.scale = nn.Parameter(torch.ones(n_inputs))
        weights = [torch.randn(i, o) / math.sqrt(i) for i, o in zip(sizes[:-2], sizes[1:-1])]
        self.weights = nn.ParameterList([*weights, torch.zeros(sizes[-2], n_outputs)])
        self.biases = nn.ParameterList([*(torch.randn(n) for n in WIDTHS), torch.zeros(n_outputs)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * self.scale
        for weight, bias in zip(self.weights[:-1], self.biases[:-1]):
            x = self.activation(torch.addmm(bias, x, weight))
        return torch.addmm(self.biases[-1], x, self.weights[-1])

    def groups(self) -> list[dict]:
        """Parameters with what multiplies their learning rate; weights of one number of inputs together."""
        groups = [{"params": [self.scale], "factor": SCALE_FACTOR}, {"params": list(self.biases), "factor": BIAS_FACTOR}]
        for n in sorted({weight.shape[0] for weight in self.weights}):
            weights = [weight for weight in self.weights if weight.shape[0] == n]
            groups.append({"params": weights, "factor": n**-0.5, "eps": EPSILON * math.sqrt(n)})
        return groups


def train(x: torch.Tensor, y: torch.Tensor, held_x: torch.Tensor, held_y: torch.Tensor, n_classes: int) -> Network:
    """The network of the best epoch, the latest of several. `y`: class numbers, or values, [n, 1]; `n_classes` is 0 for values."""
    network = Network(x.shape[1], n_classes or 1, n_classes > 0)
    adam = torch.optim.Adam(network.groups(), betas=BETAS, eps=EPSILON, fused=True)
    parameters = list(network.parameters())
    best, kept = math.inf, [p.detach().clone() for p in parameters]
    size = min(BATCH, len(x))
    per_epoch = len(x) // size  # what is left over waits for the next epoch
    n_steps, step = EPOCHS * per_epoch, 0
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x))[: per_epoch * size].split(size):
            for group in adam.param_groups:
                group["lr"] = RATES[n_classes > 0] * group["factor"] * coslog4(step / n_steps)
            outputs = network(x[rows])
            loss = F.cross_entropy(outputs, y[rows], label_smoothing=SMOOTHING) if n_classes else F.mse_loss(outputs, y[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
            step += 1
        with torch.inference_mode():
            outputs = network(held_x)
            error = (outputs.argmax(1) != held_y).sum() if n_classes else F.mse_loss(outputs, held_y)
            if error.item() <= best:
                best = error.item()
                torch._foreach_copy_(kept, parameters)
    with torch.no_grad():
        torch._foreach_copy_(parameters, kept)
    return network


@cache
def warm_up() -> None:
    """One small step: what PyTorch imports at its first one is no training."""
    adam = torch.optim.Adam([nn.Parameter(torch.zeros(1))], fused=True)
    adam.param_groups[0]["params"][0].sum().backward()
    adam.step()


def fitted(task, train_table: pd.DataFrame, test_table: pd.DataFrame) -> np.ndarray:
    """Predictions of the test rows; words are categories, numbers have no gaps. Notes the seconds."""
    warm_up()
    threads = torch.get_num_threads()
    torch.set_num_threads(task.threads)
    torch.manual_seed(task.seed)
    start = time.perf_counter()
    x, n = encoded(train_table), len(train_table)
    order = torch.randperm(n)
    kept, held = order.split([math.ceil((1 - VALIDATION) * n), n - math.ceil((1 - VALIDATION) * n)])
    prepared = Preparation(x[kept])
    if task.classifies:
        y = torch.tensor([task.classes.index(c) for c in task.truth])
        middle, spread = 0.0, 1.0
    else:
        y = torch.from_numpy(task.truth.to_numpy(np.float32))[:, None]
        middle, spread = y[kept].mean(), y[kept].std(correction=0)
        y = (y - middle) / (spread + 1e-30)
    x = prepared(x)
    network = train(x[kept], y[kept], x[held], y[held], len(task.classes))
    task.notes["seconds_train"] = time.perf_counter() - start
    start = time.perf_counter()
    with torch.inference_mode():
        outputs = network(prepared(encoded(test_table)))
    out = outputs.softmax(1) if task.classifies else (outputs * spread + middle)[:, 0]
    task.notes["seconds_predict"] = time.perf_counter() - start
    torch.set_num_threads(threads)
    return out.numpy().astype(float)
