"""Writes golden.json: small RealMLP-TD-S networks as their authors' package pytabkit 1.7.3 defines them, trained by PyTorch
2.15.0 in float64. `python make.py`.

Weights stay N(0, 1) there and are divided by sqrt(inputs) in the forward pass (parametrisation "ntk"). Adam's epsilon is divided
likewise, so that it is the one that goodfit adds to gradients of the divided weights."""

import json
import math
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

SEED, ROWS, BATCH, EPOCHS, WIDTHS = 20261127, 12, 6, 5, (5, 4, 3)
RATES = {"classes": 0.04, "numbers": 0.07}
EPSILON = 1e-8


class RealMlp(nn.Module):
    def __init__(self, kind, outputs, generator):
        super().__init__()
        draw = lambda *shape: nn.Parameter(torch.randn(*shape, generator=generator))
        self.kind = kind
        self.scale = nn.Parameter(torch.ones(WIDTHS[0]))
        sizes = [*zip(WIDTHS, WIDTHS[1:]), (WIDTHS[-1], outputs)]
        self.weights = nn.ParameterList([draw(i, o) for i, o in sizes[:-1]] + [nn.Parameter(torch.zeros(*sizes[-1]))])
        self.biases = nn.ParameterList([draw(o) for _, o in sizes[:-1]] + [nn.Parameter(torch.zeros(outputs))])

    def forward(self, x):
        x = x * self.scale
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = x @ weight / math.sqrt(weight.shape[0]) + bias
            if i < len(self.weights) - 1:
                x = F.selu(x) if self.kind == "classes" else F.mish(x)
        return x

    def named(self):
        """Parameters under goodfit's names, weights divided."""
        values = {"affine1.scale": self.scale.tolist()}
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases), start=1):
            values[f"affine{i}.weight"] = (weight / math.sqrt(weight.shape[0])).tolist()
            values[f"affine{i}.bias"] = bias.tolist()
        return values


def coslog4(t):
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * t)))


def golden(kind, generator):
    outputs = 3 if kind == "classes" else 1
    x = torch.randn(ROWS, WIDTHS[0], generator=generator)
    if kind == "classes":
        targets = torch.randint(0, outputs, (ROWS,), generator=generator)
        loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    else:
        targets = torch.randn(ROWS, 1, generator=generator)
        loss_of = nn.MSELoss()
    net = RealMlp(kind, outputs, generator)
    start = net.named()
    groups = [{"params": [net.scale], "factor": 6.0, "eps": EPSILON}]
    groups += [{"params": [w], "factor": 1.0, "eps": EPSILON / math.sqrt(w.shape[0])} for w in net.weights]
    groups += [{"params": [b], "factor": 0.1, "eps": EPSILON} for b in net.biases]
    adam = torch.optim.Adam(groups, betas=(0.9, 0.95))
    losses, n_steps = [], EPOCHS * ROWS // BATCH
    for step in range(n_steps):
        for group in adam.param_groups:
            group["lr"] = RATES[kind] * coslog4(step / n_steps) * group["factor"]
        at = step * BATCH % ROWS
        adam.zero_grad()
        loss = loss_of(net(x[at : at + BATCH]), targets[at : at + BATCH])
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return {"kind": kind, "x": x.tolist(), "targets": targets.tolist(), "start": start, "losses": losses, "end": net.named()}


def main():
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(SEED)
    networks = [golden(kind, generator) for kind in RATES]
    text = json.dumps({"seed": SEED, "torch": torch.__version__.split("+")[0], "networks": networks})
    Path(__file__).with_name("golden.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
