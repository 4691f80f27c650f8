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

from methods import THREADS, Task

SEARCH_SECONDS = 120
LIMIT = 1800  # seconds for one command


def has_presets(program: str) -> bool:
    """Whether this version of the program knows presets."""
    return "--preset" in subprocess.run([program, "train", "--help"], capture_output=True, text=True, check=True).stdout


def by_name(name: str):
    """`goodfit-PRESET` trains, `goodfit-PRESET-search` searches first."""
    preset, search = re.fullmatch(r"goodfit-(\w+?)(-search)?", name).groups()
    return partial(run, preset=preset, search=bool(search))


def command(task: Task, folder: Path, preset: str, search: bool) -> list[str]:
    """What is run to get a model into `folder/model`."""
    given = [task.program, "search" if search else "train", str(folder / "train.csv"), "--target", "target"]
    given += ["--out", str(folder / "model"), "--jobs", str(THREADS), "--seed", str(task.seed), "--quiet", "--set", "data.test=0"]
    if search:
        given += ["--seconds", str(SEARCH_SECONDS)]
    if has_presets(task.program):
        given += ["--preset", preset]
    elif preset != "plain":
        raise ValueError(f"this version of goodfit has no preset {preset}")
    return given


def checked(given: list[str]) -> str:
    """Standard output of a command that has to succeed."""
    done = subprocess.run(given, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise RuntimeError(f"{given[1]}: {done.stderr.strip()[-400:]}")
    return done.stdout


def run(task: Task, preset: str, search: bool) -> np.ndarray:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Any column may be called `target` already, so the others are numbered.
        columns = [f"x{i}" for i in range(task.train.shape[1])]
        train = task.train.set_axis(columns, axis=1).assign(target=task.truth.to_numpy())
        train.to_csv(folder / "train.csv", index=False)
        task.test.set_axis(columns, axis=1).to_csv(folder / "test.csv", index=False)
        given = command(task, folder, preset, search)
        start = time.perf_counter()
        checked(given)
        task.notes["seconds_train"] = time.perf_counter() - start
        start = time.perf_counter()
        printed = checked([task.program, "predict", str(folder / "model"), str(folder / "test.csv")])
        task.notes["seconds_predict"] = time.perf_counter() - start
        task.notes["command"] = " ".join(given[1:]).replace(name, "FOLDER")
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
