"""Writes gp.json: what SciPy, scikit-learn and mpmath say about the numbers of samplers/gp.

pip install -r requirements.txt; python gp.py
The versions that made the committed file stand in it.
"""

import json
import pathlib

import mpmath
import numpy as np
import scipy
import sklearn
from scipy.linalg import cholesky, solve_triangular
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

rng = np.random.default_rng(7)


def regression():
    """Two real dimensions and one with three choices.

    The choices are coordinates of length 1/sqrt(2) there, so that two that differ have the distance 1.
    """
    n, lengths, s2, noise = 13, [0.4, 1.3, 0.9], 1.7, 0.02
    x = np.column_stack([rng.random((n, 2)), (rng.integers(3, size=n) + 0.5) / 3])
    y = np.sin(5 * x[:, 0]) + x[:, 1] ** 2 + (x[:, 2] > 0.5) + 0.1 * rng.normal(size=n)
    queries = np.column_stack([rng.random((5, 2)), (np.array([0, 1, 2, 0, 1]) + 0.5) / 3])

    def wide(x):
        return np.column_stack([x[:, :2], np.eye(3)[(x[:, 2] * 3).astype(int)] / np.sqrt(2)])

    kernel = ConstantKernel(s2) * Matern([*lengths[:2], *[lengths[2]] * 3], nu=2.5) + WhiteKernel(noise)
    process = GaussianProcessRegressor(kernel, alpha=0, optimizer=None).fit(wide(x), y)
    likelihood, g = process.log_marginal_likelihood(kernel.theta, eval_gradient=True)
    mean, sd = process.predict(wide(queries), return_std=True)
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "lengths": lengths,
        "variance": s2,
        "noise": noise,
        "log_likelihood": likelihood,
        # By (ln l_1, ln l_2, ln l_3, ln s2, ln noise).
        "gradient": [g[1], g[2], g[3:6].sum(), g[0], g[6]],
        "queries": queries.tolist(),
        "mean": mean.tolist(),
        # Of the function, without the noise of an observation.
        "variance_at": (sd**2 - noise).tolist(),
    }


def factors():
    a = rng.normal(size=(9, 12))
    a = a @ a.T
    lower = cholesky(a, lower=True)
    return {
        "a": a.tolist(),
        "l": lower.tolist(),
        "m": solve_triangular(lower, np.eye(9), lower=True).tolist(),
        "inverse": np.linalg.inv(a).tolist(),
    }


def log_h():
    """z, ln(phi(z) + z Phi(z)) and its derivative, with 80 digits."""
    mpmath.mp.dps = 80
    rows = []
    for z in [8, 3, 1, 0.1, 0, -0.5, -0.999, -1, -1.001, -2, -5, -10, -20, -24.99, -25, -25.01, -30, -100, -1e3, -1e5]:
        x = mpmath.mpf(z)
        cdf = mpmath.erfc(-x / mpmath.sqrt(2)) / 2
        # Beyond -1000 the digits would not suffice for the difference: two terms of the series do.
        if z < -1000:
            log_phi = -x * x / 2 - mpmath.log(2 * mpmath.pi) / 2
            rest = 1 / x**2 - 3 / x**4
            rows.append([z, float(log_phi + mpmath.log(rest)), float((1 - rest) / -x / rest)])
            continue
        h = mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi) + x * cdf
        rows.append([z, float(mpmath.log(h)), float(cdf / h)])
    return rows


versions = {module.__name__: module.__version__ for module in (np, scipy, sklearn, mpmath)}
goldens = {"versions": versions, "regression": regression(), "factors": factors(), "log_h": log_h()}
path = pathlib.Path(__file__).with_name("gp.json")
path.write_text(json.dumps(goldens, indent=None).replace("], [", "],\n[").replace('"factors"', '\n"factors"') + "\n")
