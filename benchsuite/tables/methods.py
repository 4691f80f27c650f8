"""What fits a table: a function each, that takes the task, the target, the rows that train and those that test, a seed and a
number of seconds for those that search, and returns predictions for the test rows: probabilities of the sorted classes, or
numbers. Two threads each; default settings."""

import csv
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent.parent
# One on a machine where others work too: what is computed is the same.
JOBS = os.environ.get("GOODFIT_JOBS", "2")
GOODFIT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "goodfit"


def goodfit(command, *options):
    """`goodfit COMMAND` on the training rows as CSV, its own shares for validating and stopping, none sealed: the test rows
    are another file that it never sees before `predict`."""

    def fit(task, target, train, test, seed, seconds):
        with tempfile.TemporaryDirectory() as folder:
            names = [f"{folder}/{name}" for name in ("train.csv", "test.csv", "out")]
            train.to_csv(names[0], index=False)
            test.drop(columns=target).to_csv(names[1], index=False)
            loss = "cross-entropy" if task == "classes" else "mean-squared-error"
            words = [GOODFIT, command, names[0], "--target", target, "--out", names[2], "--quiet", "--seed", str(seed)]
            words += ["--jobs", JOBS, "--set", "data.test=0", "--set", f"training.loss={loss}", *options]
            if command == "search":
                words += ["--seconds", str(seconds), "--trials", "1000"]
            run(words)
            if command == "search":
                # The winner is trained as it was retrained: its recipe, once.
                recipe = run([GOODFIT, "study", "best", f"{names[2]}/study.db", "--print-recipe"])
                Path(folder, "best.toml").write_text(recipe)
                names[2] = f"{folder}/best"
                run([GOODFIT, "train", f"{folder}/best.toml", "--out", names[2], "--quiet", "--seed", str(seed)])
            rows = list(csv.reader(run([GOODFIT, "predict", names[2], names[1]]).splitlines()))
        values = np.array([[float(x) for x in row[1:] or row] for row in rows[1:]])
        return values if task == "classes" else values[:, 0]

    return fit


def run(words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr[-2000:]}")
    return done.stdout


def kinds(frame):
    """The columns of numbers and those of levels; dates become seconds."""
    numbers = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c]) and frame[c].dtype != bool]
    return numbers, [c for c in frame.columns if c not in numbers]


def plain(frame):
    """Dates as numbers and everything else that is no number as text, missing as None."""
    frame = frame.copy()
    for column in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[column]):
            frame[column] = frame[column].map(lambda at: at.timestamp(), na_action="ignore").astype(float)
        elif not pd.api.types.is_numeric_dtype(frame[column]) or frame[column].dtype == bool:
            text = frame[column].astype(object)
            frame[column] = text.where(text.notna(), None).map(lambda x: None if x is None else str(x)).astype(object)
        else:
            frame[column] = frame[column].astype(float)
    return frame


def prepared(task, target, train, test):
    """Inputs and targets; numbers to predict are standardised, and the second function gives their units back."""
    x_train, x_test = plain(train.drop(columns=target)), plain(test.drop(columns=target))
    y = train[target].to_numpy() if task == "classes" else train[target].to_numpy(dtype=float)
    if task == "classes":
        return x_train, x_test, y, lambda out: out
    mean, sd = y.mean(), y.std() or 1.0
    return x_train, x_test, (y - mean) / sd, lambda out: out * sd + mean


def columns_of_one_scale(x_train):
    """One-hot levels and standardised numbers, medians for what is missing: what scikit-learn's guide does."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, levels = kinds(x_train)
    medians = SimpleImputer(strategy="median", add_indicator=True)
    return make_column_transformer(
        (make_pipeline(medians, StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=100, sparse_output=False), levels),
    )


def scikit(make):
    """A scikit-learn model behind that preprocessing; `make` gives one for a task and a seed."""

    def fit(task, target, train, test, seed, seconds):
        from sklearn.pipeline import make_pipeline

        x_train, x_test, y, back = prepared(task, target, train, test)
        model = make_pipeline(columns_of_one_scale(x_train), make(task, seed, seconds)).fit(x_train, y)
        return model.predict_proba(x_test) if task == "classes" else back(model.predict(x_test))

    return fit


def mlp(task, seed, _seconds, **settings):
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    return (MLPClassifier if task == "classes" else MLPRegressor)(random_state=seed, **settings)


class TunedMlp:
    """scikit-learn's network with the best of 50 random settings on a fifth of the rows, within a number of seconds, trained
    again on all rows."""

    SPACE = {
        "learning_rate_init": lambda draw: 10 ** draw.uniform(-4, -1.5),
        "alpha": lambda draw: 10 ** draw.uniform(-6, 0),
        "hidden_layer_sizes": lambda draw: [(64,), (128,), (256,), (128, 128), (256, 256), (128, 128, 128)][draw.integers(6)],
        "batch_size": lambda draw: int([32, 64, 128, 256][draw.integers(4)]),
        "activation": lambda draw: ["relu", "tanh"][draw.integers(2)],
        "early_stopping": lambda draw: bool(draw.integers(2)),
    }

    def __init__(self, task, seed, seconds):
        self.task, self.seed, self.seconds = task, seed, seconds

    def fit(self, x, y):
        from sklearn.model_selection import train_test_split

        began, draw = time.monotonic(), np.random.default_rng(self.seed)
        stratify = y if self.task == "classes" else None
        parts = train_test_split(x, y, test_size=0.2, random_state=self.seed, stratify=stratify)
        best = (-np.inf, {})
        self.n_trials = 0
        for _ in range(50):
            settings = {name: choose(draw) for name, choose in self.SPACE.items()}
            if self.n_trials and time.monotonic() - began > self.seconds:
                break
            score = mlp(self.task, self.seed, 0, **settings).fit(parts[0], parts[2]).score(parts[1], parts[3])
            self.n_trials += 1
            best = max(best, (score, settings), key=lambda one: one[0])
        self.model = mlp(self.task, self.seed, 0, **best[1]).fit(x, y)
        return self

    def predict(self, x):
        return self.model.predict(x)

    def predict_proba(self, x):
        return self.model.predict_proba(x)


def linear(task, seed, _seconds):
    from sklearn.linear_model import LogisticRegression, RidgeCV

    return LogisticRegression(max_iter=2000, random_state=seed) if task == "classes" else RidgeCV(np.logspace(-3, 4, 15))


def boosting(task, target, train, test, seed, _seconds):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    x_train, x_test, y, back = prepared(task, target, train, test)
    for column in kinds(x_train)[1]:
        known = x_train[column].value_counts().index[:250]
        for frame in (x_train, x_test):
            frame[column] = pd.Categorical(frame[column], categories=known)
    make = HistGradientBoostingClassifier if task == "classes" else HistGradientBoostingRegressor
    model = make(random_state=seed, categorical_features="from_dtype").fit(x_train, y)
    return model.predict_proba(x_test) if task == "classes" else back(model.predict(x_test))


def constant(task, target, train, test, _seed, _seconds):
    if task == "numbers":
        return np.full(len(test), train[target].mean())
    shares = train[target].value_counts(normalize=True).sort_index().to_numpy()
    return np.tile(shares, (len(test), 1))


def realmlp(task, target, train, test, seed, _seconds):
    import torch
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

    torch.set_num_threads(2)
    x_train, x_test, y, back = prepared(task, target, train, test)
    numbers, levels = kinds(x_train)
    # It takes no missing numbers.
    medians = x_train[numbers].median()
    for frame in (x_train, x_test):
        frame[numbers] = frame[numbers].fillna(medians).fillna(0.0)
        frame[levels] = frame[levels].fillna("missing")
    make = RealMLP_TD_S_Classifier if task == "classes" else RealMLP_TD_S_Regressor
    model = make(device="cpu", random_state=seed, n_threads=2)
    model.fit(x_train, y, cat_col_names=levels)
    return model.predict_proba(x_test) if task == "classes" else back(model.predict(x_test).ravel())


METHODS = {
    "constant": constant,
    "linear": scikit(linear),
    "hist-gradient-boosting": boosting,
    "goodfit": goodfit("train"),
    "goodfit-plain": goodfit("train", "--preset", "plain"),
    "mlp": scikit(mlp),
    "realmlp-td-s": realmlp,
    "goodfit-search": goodfit("search"),
    "mlp-tuned": scikit(TunedMlp),
}
SEARCHES = {"goodfit-search", "mlp-tuned"}
