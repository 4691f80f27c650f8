"""Runs methods on the splits of the data sets, and keeps each as a file of its own under `runs`, so that it can be stopped at any
time and goes on where it was. `python run.py --minutes 55`; `--methods`, `--sets` and `--splits` narrow it down.

Methods that search have 120 seconds, on the first two splits."""

import argparse
import json
import os
import platform
import time
import warnings
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "2"

import numpy as np

import sets
from methods import METHODS, SEARCHES

RUNS = Path(__file__).parent / "runs"
SECONDS = 120


def scores(task, truth, classes, out):
    """Of classes accuracy, log loss, and with two of them AUC; of numbers RMSE, MAE and R2."""
    from sklearn import metrics

    if task == "numbers":
        rmse = float(np.sqrt(np.mean((out - truth) ** 2)))
        return {"rmse": rmse, "mae": float(np.mean(np.abs(out - truth))), "r2": float(metrics.r2_score(truth, out))}
    out = np.clip(out / out.sum(axis=1, keepdims=True), 1e-7, 1)
    found = {"accuracy": float(np.mean(classes[out.argmax(axis=1)] == truth))}
    places = np.searchsorted(classes, truth)
    known = classes[np.minimum(places, len(classes) - 1)] == truth
    found["log_loss"] = float(-np.log(np.where(known, out[np.arange(len(truth)), places % len(classes)], 1e-7)).mean())
    if len(classes) == 2:
        found["auc"] = float(metrics.roc_auc_score(truth == classes[1], out[:, 1]))
    return found


def one(name, method, number, path):
    task, target, train, test = sets.load(name, number)
    classes = np.array(sorted(train[target].unique())) if task == "classes" else None
    began = time.monotonic()
    out = METHODS[method](task, target, train, test, number, SECONDS)
    seconds = time.monotonic() - began
    kept = {"set": name, "method": method, "split": number, "task": task, "train_rows": len(train), "test_rows": len(test)}
    kept["scores"] = scores(task, test[target].to_numpy(), classes, np.asarray(out))
    kept |= {"seconds": round(seconds, 3), "load": round(os.getloadavg()[0], 2), "machine": platform.machine()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_text(json.dumps(kept) + "\n")
    path.with_suffix(".part").rename(path)
    return kept


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--sets", nargs="*", default=list(sets.described()))
    parser.add_argument("--splits", nargs="*", type=int, default=list(range(sets.N_SPLITS)))
    parser.add_argument("--minutes", type=float, default=55)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    began = time.monotonic()
    for number in asked.splits:
        for name in asked.sets:
            for method in asked.methods:
                path = RUNS / f"{name}.{method}.{number}.json"
                if path.exists() or (method in SEARCHES and number > 1):
                    continue
                if time.monotonic() - began > 60 * asked.minutes:
                    return
                try:
                    kept = one(name, method, number, path)
                except Exception as error:  # noqa: BLE001 - one method's failure is told and stops no other
                    print(f"{name} {method} {number}: {type(error).__name__}: {str(error)[:300]}", flush=True)
                    continue
                shown = ", ".join(f"{key} {value:.4f}" for key, value in kept["scores"].items())
                print(f"{name} {method} {number}: {shown}, {kept['seconds']:.1f} s", flush=True)


if __name__ == "__main__":
    main()
