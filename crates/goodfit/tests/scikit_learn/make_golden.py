"""Makes golden.json: weights and scores by scikit-learn 1.9.1, which the unit tests hold ours against.

    pip install scikit-learn==1.9.1
    python make_golden.py
"""

import json
import pathlib

import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression, Ridge

FILE = pathlib.Path(__file__).parent / "golden.json"
rng = np.random.default_rng(0)


def inputs(n, d):
    return np.round(rng.normal(size=(n, d)), 2).astype(np.float32)


def linear(x, y, classes, row_weights=None):
    """C = 1 and alpha = 1: the penalty 1 / n of ours, where n is the sum of the weights of the rows."""
    if classes:
        model = LogisticRegression(C=1.0, tol=1e-12, max_iter=100_000)
    else:
        model = Ridge(alpha=1.0, solver="cholesky")
    model.fit(x.astype(np.float64), y, sample_weight=row_weights)
    weights = np.column_stack([np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)])
    found = {"x": x.tolist(), "y": y.tolist(), "weights": weights.ravel().tolist()}
    return found if row_weights is None else found | {"row weights": row_weights.tolist()}


def weighed(x, y, classes):
    """Rows that weigh 0, 0.5, 1, 1.5 and so on."""
    return linear(x, y, classes, np.arange(len(y)) % 4 / 2)


def classes(y, p, found, f1, auc):
    return {
        "y": y.tolist(),
        "p": p.tolist(),
        "accuracy": metrics.accuracy_score(y, found),
        "balanced accuracy": metrics.balanced_accuracy_score(y, found),
        "log loss": metrics.log_loss(y, p),
        "AUC": metrics.roc_auc_score(y, p, **auc),
        "F1": metrics.f1_score(y, found, **f1),
        "Brier score": metrics.brier_score_loss(y, p),
    }


def two_classes(y, p):
    return classes(y, p, (p > 0.5).astype(int), {}, {})


def many_classes(y, p):
    found = p.argmax(axis=1)
    scores = classes(y, p, found, {"average": "macro"}, {"multi_class": "ovr", "average": "macro"})
    return {**scores, "confusion": metrics.confusion_matrix(y, found).tolist()}


def numbers(y, f):
    return {
        "y": y.tolist(),
        "f": f.tolist(),
        "RMSE": metrics.root_mean_squared_error(y, f),
        "MAE": metrics.mean_absolute_error(y, f),
        "R2": metrics.r2_score(y, f),
    }


x2, x3, x0 = inputs(40, 4), inputs(45, 4), inputs(40, 5)
y2 = (x2 @ [1.0, -1.0, 0.5, 0.0] + rng.normal(size=40) > 0.3).astype(int)
y3 = (x3 @ rng.normal(size=(4, 3)) + rng.normal(size=(45, 3))).argmax(axis=1)
y0 = np.round(x0 @ [1.0, 0.0, -2.0, 0.3, 0.0] + 0.5 + 0.4 * rng.normal(size=40), 2).astype(np.float32)

# Steps of a sixteenth are exact in 32 bits and make many ties; none is a half.
two_y = rng.integers(0, 2, size=60)
two_p = np.clip(rng.integers(0, 8, size=60) * 2 + 1 + 2 * two_y, 1, 15) / 16
many_y = rng.integers(0, 3, size=60)
counts = rng.integers(1, 5, size=(60, 3)) + 2 * np.eye(3, dtype=int)[many_y]
sixteenths = np.floor(16 * counts[:, :2] / counts.sum(axis=1, keepdims=True))
many_p = np.column_stack([sixteenths, 16 - sixteenths.sum(axis=1)]) / 16
many_p[:10] = 1 / 3 * np.array([0.75, 0.75, 1.5])
number_y = np.round(10 * rng.normal(size=50), 1)
number_f = np.round(number_y + rng.normal(size=50), 2)

golden = {
    "linear": {
        "two": linear(x2, y2, True),
        "many": linear(x3, y3, True),
        "numbers": linear(x0, y0, False),
        "two weighed": weighed(x2, y2, True),
        "many weighed": weighed(x3, y3, True),
        "numbers weighed": weighed(x0, y0, False),
    },
    "scores": {
        "two": two_classes(two_y, two_p),
        "many": many_classes(many_y, many_p),
        "numbers": numbers(number_y, number_f),
    },
}
FILE.write_text(json.dumps(golden) + "\n")
