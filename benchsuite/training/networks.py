"""The two larger networks, as every peer trains them.

All 60,000 training rows in shuffled epochs (the last batch of an epoch is what is left), ReLU, initial weights by He's
rule, the loss of every step's batch recorded, the 10,000 test rows once after the last epoch. goodfit's recipes of the
same are `large/NAME.toml`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments import images, labels

N_ROWS = 60_000


@dataclass(frozen=True)
class Network:
    """One training. `optimizer`: "adam", or "momentum" of 0.9; `dropout`: of hidden units, in the inverted form."""

    hidden: tuple
    optimizer: str
    learning_rate: float
    batch_size: int
    batch_norm: bool = False
    dropout: float = 0.0
    n_epochs: int = 3


NETWORKS = {
    "mlp-512": Network(hidden=(512,) * 2, optimizer="adam", learning_rate=1e-3, batch_size=128),
    "mlp-1024": Network(
        hidden=(1024,) * 3, optimizer="momentum", learning_rate=0.01, batch_size=256, batch_norm=True, dropout=0.2
    ),
}


def rows_of_network(folder):
    """(inputs, labels) of the training and the test rows."""
    parts = ((Path(folder) / f"{part}-images-idx3-ubyte", Path(folder) / f"{part}-labels-idx1-ubyte")
             for part in ("train", "t10k"))
    return tuple((images(x), labels(t)) for x, t in parts)


def multiply_adds(network):
    """Of an epoch: forward, and backward without the first layer's input gradient."""
    sizes = [784, *network.hidden, 10]
    layers = [a * b for a, b in zip(sizes, sizes[1:])]
    return N_ROWS * (3 * sum(layers) - layers[0])


def summary(seconds, losses, test):
    """`seconds`: of each epoch; `losses`: one a step; `test`: (loss, accuracy)."""
    loss, accuracy = (float(value) for value in test)
    late = float(np.mean(losses[-100:]))
    return {"epochs": seconds, "late_train_loss": late, "test_loss": loss, "test_accuracy": accuracy}
