"""Scores of predictions."""

import numpy as np
from sklearn import metrics

from data import METRIC


def scores(kind: str, truth, predicted: np.ndarray, classes: list[str]) -> dict:
    """All scores: accuracy, log loss and AUC of classes (the second class counts as positive); R2, RMSE, MAE of values.

    The AUC of many classes is the mean of one-against-rest over the classes that the test rows have.
    """
    if not np.isfinite(predicted).all():
        raise ValueError("a prediction is not finite")
    if kind == "regression":
        truth = np.asarray(truth, dtype=float)
        return {
            "r2": float(metrics.r2_score(truth, predicted)),
            "rmse": float(metrics.root_mean_squared_error(truth, predicted)),
            "mae": float(metrics.mean_absolute_error(truth, predicted)),
        }
    at = np.array([classes.index(c) for c in truth])
    share = np.clip(predicted, 1e-15, 1)
    share = share / share.sum(axis=1, keepdims=True)
    if kind == "binary":
        auc = metrics.roc_auc_score(at == 1, predicted[:, 1])
    else:
        present = [k for k in range(len(classes)) if 0 < (at == k).sum() < len(at)]
        auc = np.mean([metrics.roc_auc_score(at == k, predicted[:, k]) for k in present])
    return {
        "auc": float(auc),
        "accuracy": float((predicted.argmax(axis=1) == at).mean()),
        "log_loss": float(-np.log(share[np.arange(len(at)), at]).mean()),
    }


def deciding(kind: str, truth, predicted: np.ndarray, classes: list[str]) -> float:
    """The score by which methods are compared; greater is better."""
    return scores(kind, truth, predicted, classes)[METRIC[kind]]
