"""Prints how many evaluations pycma needs for a loss below 1e-9, the median of 11 seeds.

pip install -r requirements.txt; python cma_es.py
"""

import statistics

import cma
import numpy as np


def unit(x):
    return 10 * (np.asarray(x) - 0.6)


def sphere(x):
    return float((unit(x) ** 2).sum())


def ellipsoid(x):
    return float((1e6 ** np.linspace(0, 1, len(x)) * unit(x) ** 2).sum())


def rosenbrock(x):
    x = unit(x) + 1
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


for loss in sphere, ellipsoid, rosenbrock:
    counts = []
    for seed in range(1, 12):
        options = {"seed": seed, "verbose": -9, "CMA_active": False, "bounds": [0, 1], "ftarget": 1e-9, "maxfevals": 20000}
        strategy = cma.CMAEvolutionStrategy([0.5] * 5, 0.3, options)
        while not strategy.stop():
            points = strategy.ask()
            strategy.tell(points, [loss(point) for point in points])
        counts.append(strategy.result.evaluations if strategy.best.f < 1e-9 else 20000)
    print(loss.__name__, statistics.median(counts))
