"""goodfit as a method: its program is run on CSV files, as a user would.

All rows of the training file are for training, validation and stopping (`data.test=0`): the harness holds the test rows.
"""

import re
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import arithmetic
import data
from methods import Task

SEARCH = ["--seconds", "120"]
LIMIT = 1800  # seconds for one command

# One training on the rows that pytabkit trains on, 80 % of what it gets; the others choose the epoch and validate.
ONCE = ["--set", "training.refit=false", "--set", "data.validation=0.1", "--set", "data.stopping=0.1"]


def by_name(name: str):
    """`goodfit-PRESET` trains, `goodfit-PRESET-search` searches first, `goodfit-PRESET-once` trains one network only."""
    preset, how = re.fullmatch(r"goodfit-(\w+?)(?:-(search|once))?", name).groups()
    return partial(run, preset=preset, search=SEARCH if how == "search" else None, more=ONCE if how == "once" else [])


def command(task: Task, folder: Path, preset: str, verb: str, out: str) -> list[str]:
    """What trains or searches, and writes to `folder/out`."""
    given = [task.program, verb, str(folder / "train.csv"), "--target", "target", "--out", str(folder / out)]
    given += ["--jobs", str(task.threads), "--seed", str(task.seed), "--quiet", "--set", "data.test=0"]
    given += ["--preset", preset]
    return given


def model(task: Task, folder: Path, preset: str, search: list[str] | None, more: list[str]) -> Path:
    """Runs what it takes to have a model, and gives its folder. `search` are the options of a search, where there is one.

    A search ranks its trials by the score that decides here, as the tuning of scikit-learn's network does.
    """
    if search is not None:
        metric = ["--set", f"training.metric={data.METRIC[task.kind]}"]
        checked([*command(task, folder, preset, "search", "search"), *metric, *search])
        return folder / "search"
    training = command(task, folder, preset, "train", "model") + more
    checked(training)
    task.notes["command"] = " ".join(training[1:]).replace(str(folder), "FOLDER")
    return folder / "model"


def checked(given: list[str]) -> str:
    """Standard output of a command that has to succeed."""
    done = subprocess.run(given, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        # Folders have another name each time.
        said = re.sub(rf"{re.escape(tempfile.gettempdir())}/[^/\s]*", "FOLDER", done.stderr.strip())
        raise RuntimeError(f"{given[1]}: {said[-400:]}")
    return done.stdout


def run(task: Task, preset: str, search: list[str] | None, more: list[str]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Any column may be called `target` already, so the others are numbered.
        columns = [f"x{i}" for i in range(task.train.shape[1])]
        train = task.train.set_axis(columns, axis=1).assign(target=task.truth.to_numpy())
        train.to_csv(folder / "train.csv", index=False)
        task.test.set_axis(columns, axis=1).to_csv(folder / "test.csv", index=False)
        start = time.perf_counter()
        trained = model(task, folder, preset, search, more)
        task.notes["seconds_train"] = time.perf_counter() - start
        task.notes |= {"weights": arithmetic.weights(trained), "rows": arithmetic.rows(trained)}
        start = time.perf_counter()
        printed = checked([task.program, "predict", str(trained), str(folder / "test.csv")])
        task.notes["seconds_predict"] = time.perf_counter() - start
        (folder / "predicted.csv").write_text(printed, encoding="utf-8")
        predicted = pd.read_csv(folder / "predicted.csv", keep_default_na=False)
    if len(predicted) != len(task.test):
        raise RuntimeError(f"{len(predicted)} predictions of {len(task.test)} rows")
    if not task.classifies:
        return predicted.iloc[:, 0].to_numpy(float)
    full = np.zeros((len(predicted), len(task.classes)))
    for k, level in enumerate(task.classes):
        if f"probability of {level}" in predicted:
            full[:, k] = predicted[f"probability of {level}"]
    return full
