"""PyTorch on the larger networks: its modules and fused optimizers, eager or with forward and backward compiled."""

import time

import torch
from torch import nn
from torch.nn import functional as F

from networks import summary
from torch_peer import prepare  # noqa: F401  what peer.py calls


def module(network):
    layers, n_in = [], 784
    for n in network.hidden:
        layers += [affine(n_in, n)]
        layers += [nn.BatchNorm1d(n)] if network.batch_norm else []
        layers += [nn.ReLU()]
        layers += [nn.Dropout(network.dropout)] if network.dropout else []
        n_in = n
    return nn.Sequential(*layers, affine(n_in, 10))


def affine(n_in, n_out):
    layer = nn.Linear(n_in, n_out)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def optimizer(network, parameters):
    if network.optimizer == "adam":
        return torch.optim.Adam(parameters, network.learning_rate, fused=True)
    return torch.optim.SGD(parameters, network.learning_rate, momentum=0.9, fused=True)


def run(network, rows, seed, variant):
    torch.manual_seed(seed)
    model = module(network)
    updates = optimizer(network, model.parameters())
    loss_of = lambda x, t: F.cross_entropy(model(x), t)
    if variant == "compile":
        # The last batch of an epoch is smaller: two fixed shapes are faster than one that is open.
        loss_of = torch.compile(loss_of, dynamic=False)
    (x, t), (test_x, test_t) = rows
    seconds, losses = [], []
    for _ in range(network.n_epochs):
        start = time.perf_counter()
        for batch in torch.randperm(len(t)).split(network.batch_size):
            loss = loss_of(x[batch], t[batch])
            updates.zero_grad()
            loss.backward()
            updates.step()
            losses.append(loss.detach())
        seconds.append(time.perf_counter() - start)
    model.eval()
    with torch.no_grad():
        outputs = model(test_x)
        test = F.cross_entropy(outputs, test_t), (outputs.argmax(1) == test_t).float().mean()
    return summary(seconds, torch.stack(losses).numpy(), test)
