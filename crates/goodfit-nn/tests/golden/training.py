"""The training of golden networks: a first pass, and ten steps of an optimiser. README.md describes the layout."""

import torch
from torch import nn

LOSS = nn.CrossEntropyLoss()
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def first_step(net, x, classes, gradients):
    """Forward and backward without an update; `gradients` gives those of a network by name."""
    outputs = net(x)
    loss = LOSS(outputs, classes)
    loss.backward()
    return {"outputs": outputs.tolist(), "loss": loss.item(), "gradients": gradients(net)}


def run(net, weights, batches, name, learning_rate, decay, strength):
    """Trains a network, a step a batch, and gives the losses before each update. Only `weights` decay."""
    others = [p for p in net.parameters() if not any(p is w for w in weights)]
    groups = [{"params": weights, "weight_decay": strength}, {"params": others, "weight_decay": 0.0}]
    moves, losses = OPTIMIZERS[name](groups, lr=learning_rate), []
    for x, classes in batches:
        moves.zero_grad()
        loss = LOSS(net(x), classes)
        loss.backward()
        moves.step()
        losses.append(loss.item())
    return {"optimizer": name, "learning_rate": learning_rate, "decay": decay, "lambda": strength, "losses": losses}
