"""How long the TPE of others takes for the study of `examples/sampler_speed.rs`: 8 dimensions, one trial after the
other, in memory. Prints wall and processor seconds.

    python speed.py rustuna 1000 3
    python speed.py optuna 1000 1
"""

import importlib
import math
import sys
import time

FLOATS = {
    "learning_rate": (1e-5, 1.0, True),
    "weight_decay": (1e-8, 1e-2, True),
    "momentum": (0.0, 0.99, False),
    "dropout": (0.0, 0.6, False),
    "smoothing": (0.0, 0.2, False),
    "warmup": (0.0, 0.5, False),
}
ACTIVATIONS = ["relu", "tanh", "selu", "gelu"]


def loss(trial):
    units = []
    for name, (low, high, log) in FLOATS.items():
        x = trial.suggest_float(name, low, high, log=log)
        scale = math.log if log else float
        units.append((scale(x) - scale(low)) / (scale(high) - scale(low)))
    units.append((trial.suggest_int("depth", 1, 8) - 0.5) / 8)
    units.append((ACTIVATIONS.index(trial.suggest_categorical("activation", ACTIVATIONS)) + 0.5) / 4)
    return sum((u - 0.3) ** 2 for u in units)


def main():
    name, n_trials, n_studies = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    package = importlib.import_module(name)
    if name == "optuna":
        package.logging.set_verbosity(package.logging.ERROR)
    for seed in range(n_studies):
        study = package.create_study(sampler=package.samplers.TPESampler(seed=seed))
        wall, processor = time.perf_counter(), time.process_time()
        study.optimize(loss, n_trials=n_trials)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(f"{name} tpe: {n_trials} trials in {wall:.4f} s, processor {processor:.4f} s")


if __name__ == "__main__":
    main()
