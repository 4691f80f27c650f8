"""Random search for scikit-learn's network: 50 trials, none longer than what is left of 120 s."""

import signal
import time

import numpy as np

from methods import Task, mlp, piped
from scores import deciding

TRIALS = 50
SECONDS = 120.0
SHAPES = [(64,), (128,), (256,), (64, 64), (128, 128), (256, 256), (128, 128, 128), (256, 256, 256)]


class OutOfTime(Exception):
    """The alarm rang."""


def ring(*_):
    raise OutOfTime


def draw(rng: np.random.Generator) -> dict:
    """One point of the space."""
    return {
        "hidden_layer_sizes": SHAPES[rng.integers(len(SHAPES))],
        "activation": ["relu", "tanh"][rng.integers(2)],
        "alpha": float(10 ** rng.uniform(-6, 0)),
        "learning_rate_init": float(10 ** rng.uniform(-4, -2)),
        "batch_size": int(2 ** rng.integers(5, 9)),
        "early_stopping": bool(rng.integers(2)),
    }


def search(task: Task) -> tuple[dict, int]:
    """The best settings on a fifth of the training rows held out, and the number of trials that ended in time.

    With no trial in time the defaults are given back.
    """
    rng = np.random.Generator(np.random.PCG64(task.seed))
    order = rng.permutation(len(task.train))
    held, kept = order[: len(order) // 5], order[len(order) // 5 :]
    inner = Task(
        task.kind, task.train.iloc[kept], task.truth.iloc[kept], task.train.iloc[held], task.classes, task.seed, task.program
    )
    truth = task.truth.iloc[held]
    end, best, winner, n_done = time.monotonic() + SECONDS, -np.inf, {}, 0
    before = signal.signal(signal.SIGALRM, ring)
    try:
        for _ in range(TRIALS):
            left = end - time.monotonic()
            if left <= 0:
                break
            settings = draw(rng)
            signal.setitimer(signal.ITIMER_REAL, left)
            try:
                score = deciding(task.kind, truth, piped(inner, mlp(inner, **settings)), task.classes)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            n_done += 1
            if score > best:
                best, winner = score, settings
    except OutOfTime:
        pass
    finally:
        signal.signal(signal.SIGALRM, before)
    return winner, n_done
