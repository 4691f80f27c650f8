"""The five timed experiments of the chapter, as every peer trains them.

Each arm is one training: 784-hidden-10, ReLU, SGD, mini-batches drawn with replacement, the loss of every step's
batch recorded, and evaluations (mean cross-entropy and accuracy) after each step s with s % evaluate_every == 0.
"""

import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Arm:
    """One training. `init`: standard deviation of the initial weights, or "xavier", "he"."""

    init: object = "he"
    batch_norm: bool = False
    dropout: float | None = None
    learning_rate: float = 0.01
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Experiment:
    """Arms that share rows, steps and shape. `train_rows`, `held_out`: rows and what the second evaluation is of."""

    arms: tuple
    hidden: tuple
    train_rows: int
    n_steps: int
    batch_size: int = 100
    evaluate_every: int = 0
    held_out: str | None = None
    loss_after_update: bool = False


def search_arms(seed, n_trials=100):
    """Pairs drawn as the chapter draws them: learning rate 10^U(-6,-2), weight decay 10^U(-8,-4)."""
    exponents = np.random.default_rng(seed).uniform([-6, -8], [-2, -4], (n_trials, 2))
    return tuple(Arm(learning_rate=10.0**rate, weight_decay=10.0**decay) for rate, decay in exponents)


SCALES = tuple(float(std) for std in np.logspace(0, -4, 16))

EXPERIMENTS = {
    "weight-init": Experiment(
        arms=(Arm(0.01), Arm("xavier"), Arm("he")),
        hidden=(100,) * 4,
        train_rows=60_000,
        batch_size=128,
        n_steps=2_000,
        loss_after_update=True,
    ),
    "batch-norm": Experiment(
        arms=tuple(Arm(std, batch_norm=on) for on in (False, True) for std in SCALES),
        hidden=(100,) * 5,
        train_rows=1_000,
        n_steps=191,
        evaluate_every=10,
    ),
    "weight-decay": Experiment(
        arms=(Arm(weight_decay=0.0), Arm(weight_decay=0.1)),
        hidden=(100,) * 6,
        train_rows=300,
        held_out="test",
        n_steps=601,
        evaluate_every=3,
    ),
    "dropout": Experiment(
        arms=(Arm(dropout=None), Arm(dropout=0.2)),
        hidden=(100,) * 6,
        train_rows=300,
        held_out="test",
        n_steps=903,
        evaluate_every=3,
    ),
    "search": Experiment(
        arms=search_arms(seed=0),
        hidden=(100,) * 6,
        train_rows=400,
        held_out="validation",
        n_steps=200,
        evaluate_every=4,
    ),
}


def experiment_of(name, seed):
    """An experiment as it is trained with this seed, or None: those who search draw what they try."""
    experiment = EXPERIMENTS.get(name)
    return replace(experiment, arms=search_arms(seed)) if name == "search" else experiment


def arm_of(settings):
    """The arm that goodfit names by these settings."""
    init = settings.get("network.init", "he")
    return Arm(
        init=init["std"] if isinstance(init, dict) else init,
        batch_norm=settings.get("network.batch_norm", False),
        dropout=settings.get("network.dropout") or None,
        weight_decay=settings.get("training.weight_decay", 0.0),
    )


def last_evaluation(experiment):
    """The step after which the last evaluation is, 0 without any."""
    return experiment.evaluate_every and (experiment.n_steps - 1) // experiment.evaluate_every * experiment.evaluate_every


def images(path):
    """An IDX file of images as float32 rows of pixels / 255."""
    data = Path(path).read_bytes()
    _, n, height, width = struct.unpack(">4I", data[:16])
    return np.frombuffer(data, np.uint8, offset=16).reshape(n, height * width).astype(np.float32) / np.float32(255)


def labels(path):
    """An IDX file of labels as int64."""
    return np.frombuffer(Path(path).read_bytes(), np.uint8, offset=8).astype(np.int64)


def rows_of(experiment, folder, seed=0):
    """(training inputs, labels), and the held-out ones or None."""
    folder = Path(folder)
    x, t = images(folder / "train-images-idx3-ubyte"), labels(folder / "train-labels-idx1-ubyte")
    if experiment.held_out == "validation":
        order = np.random.default_rng(seed).permutation(500)
        x, t = x[:500][order], t[:500][order]
        return (x[100:], t[100:]), (x[:100], t[:100])
    train = (x[: experiment.train_rows], t[: experiment.train_rows])
    if experiment.held_out == "test":
        test = images(folder / "t10k-images-idx3-ubyte"), labels(folder / "t10k-labels-idx1-ubyte")
        return train, test
    return train, None


def initial_weights(experiment, arm, rng):
    """Weights of each layer, inputs x outputs, float32."""
    sizes = [784, *experiment.hidden, 10]
    sd = {"xavier": lambda n: n**-0.5, "he": lambda n: (2 / n) ** 0.5}.get(arm.init, lambda n: arm.init)
    return [
        (sd(n_in) * rng.standard_normal((n_in, n_out))).astype(np.float32)
        for n_in, n_out in zip(sizes[:-1], sizes[1:])
    ]


def batches(experiment, rng):
    """Rows of every step's batch: steps x batch size."""
    return rng.integers(experiment.train_rows, size=(experiment.n_steps, experiment.batch_size))


def evaluates(experiment, step):
    """Whether there is an evaluation after this step."""
    return experiment.evaluate_every > 0 and step % experiment.evaluate_every == 0


def summary(losses, train, held_out):
    """What the peers are held against each other by: the last points of an arm's curves.

    `losses`: one a step; `train`, `held_out`: (loss, accuracy) of each evaluation.
    """
    out = {"late_train_loss": float(np.mean(losses[-100:]))}
    for name, curve in (("train", train), ("held_out", held_out)):
        if len(curve):
            out[f"{name}_loss"], out[f"{name}_accuracy"] = (float(value) for value in curve[-1])
    return out
