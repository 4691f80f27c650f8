"""The methods: each takes a `Task` and gives predictions of its test rows.

Classification: probabilities, [n_test, n_classes] in the order of `task.classes`; regression: values, [n_test].
All settings are defaults that were written down before the first run. `PEERS` names them; those of goodfit are
`goodfit-PRESET` and `goodfit-PRESET-search`. A peer's name with `@1` behind it runs on one thread.
"""

import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

THREADS = 2


@dataclass
class Task:
    """One split of one set."""

    kind: str  # binary, multiclass, regression
    train: pd.DataFrame  # features, [n_train, n_columns]
    truth: pd.Series  # target of the training rows
    test: pd.DataFrame  # features, [n_test, n_columns]
    classes: list[str]  # sorted; empty for regression
    seed: int
    program: str  # goodfit's program
    threads: int = THREADS
    notes: dict = field(default_factory=dict)  # what a method wants recorded

    @property
    def classifies(self) -> bool:
        return self.kind != "regression"


def dates_as_numbers(task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test with columns of ISO dates as days, month, day of the week and hour; goodfit does its own."""
    train, test = task.train.copy(), task.test.copy()
    for name in train.columns:
        if pd.api.types.is_numeric_dtype(train[name]) or not train[name].str.match(r"\d{4}-\d\d-\d\d").all():
            continue
        for table in (train, test):
            when = pd.to_datetime(table.pop(name), utc=True)
            table[f"{name} days"] = (when - pd.Timestamp("1970-01-01", tz="UTC")) / pd.Timedelta(days=1)
            table[f"{name} month"] = when.dt.month
            table[f"{name} weekday"] = when.dt.dayofweek
            table[f"{name} hour"] = when.dt.hour
    return train, test


def words(table: pd.DataFrame) -> list[str]:
    """Columns that are no numbers."""
    return [c for c in table.columns if not pd.api.types.is_numeric_dtype(table[c])]


def as_categories(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Words become pandas categories of the training rows, in place; a level unseen there is missing."""
    for name in words(train):
        levels = sorted(train[name].dropna().unique())
        train[name] = pd.Categorical(train[name], categories=levels)
        test[name] = pd.Categorical(test[name].where(test[name].isin(levels)), categories=levels)


def prepared(train: pd.DataFrame):
    """The usual preparation: medians, standard scaling; words one-hot, unseen ones all zeros, missing ones a level."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    names = words(train)
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    levels = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="(missing)"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    return ColumnTransformer([("numbers", numbers, [c for c in train.columns if c not in names]), ("words", levels, names)])


def spread(model, probabilities: np.ndarray, classes: list[str]) -> np.ndarray:
    """Probabilities over all classes; one that the training rows lack has 0."""
    full = np.zeros((len(probabilities), len(classes)))
    full[:, [classes.index(c) for c in model.classes_]] = probabilities
    return full


def fitted(task: Task, model, train, test) -> np.ndarray:
    """Fits a scikit-learn model, predicts, and notes the seconds of both."""
    start = time.perf_counter()
    model.fit(train, task.truth.to_numpy())
    task.notes["seconds_train"] = time.perf_counter() - start
    start = time.perf_counter()
    out = spread(model, model.predict_proba(test), task.classes) if task.classifies else model.predict(test)
    task.notes["seconds_predict"] = time.perf_counter() - start
    return np.asarray(out, dtype=float)


def piped(task: Task, model) -> np.ndarray:
    """A model behind the usual preparation."""
    from sklearn.pipeline import make_pipeline

    train, test = dates_as_numbers(task)
    # Object columns with None in place of NaN are what the imputer takes for missing words.
    for table in (train, test):
        for name in words(table):
            table[name] = table[name].astype(object).where(table[name].notna(), np.nan)
    return fitted(task, make_pipeline(prepared(train), model), train, test)


def baseline(task: Task) -> np.ndarray:
    """The shares of the classes, or the mean."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return fitted(task, DummyClassifier(strategy="prior") if task.classifies else DummyRegressor(), task.train, task.test)


def linear(task: Task) -> np.ndarray:
    """Logistic regression (C = 1), or ridge regression with its penalty by leave-one-out."""
    from sklearn.linear_model import LogisticRegression, RidgeCV

    return piped(task, LogisticRegression(max_iter=2000) if task.classifies else RidgeCV(np.logspace(-3, 3, 13)))


def mlp(task: Task, **settings):
    """scikit-learn's network; the target of a regression standardised."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    if task.classifies:
        return MLPClassifier(random_state=task.seed, **settings)
    return TransformedTargetRegressor(MLPRegressor(random_state=task.seed, **settings), transformer=StandardScaler())


def mlp_default(task: Task) -> np.ndarray:
    return piped(task, mlp(task))


def mlp_tuned(task: Task) -> np.ndarray:
    from tuned import search

    start = time.perf_counter()
    settings, task.notes["trials"] = search(task)
    seconds = time.perf_counter() - start
    task.notes["settings"] = {k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()}
    out = piped(task, mlp(task, **settings))
    task.notes["seconds_train"] += seconds
    return out


def hist_gradient_boosting(task: Task) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    train, test = dates_as_numbers(task)
    as_categories(train, test)
    kind = HistGradientBoostingClassifier if task.classifies else HistGradientBoostingRegressor
    return fitted(task, kind(random_state=task.seed, categorical_features="from_dtype"), train, test)


def without_gaps(task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test as RealMLP takes them: words as categories; missing numbers get the median, which it asks for."""
    train, test = dates_as_numbers(task)
    as_categories(train, test)
    for name in train.columns:
        if pd.api.types.is_numeric_dtype(train[name]):
            middle = float(train[name].median())
            train[name], test[name] = (t[name].astype(float).fillna(middle) for t in (train, test))
    return train, test


def realmlp_td_s(task: Task) -> np.ndarray:
    """pytabkit's."""
    import realmlp
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

    realmlp.warm_up()
    kind = RealMLP_TD_S_Classifier if task.classifies else RealMLP_TD_S_Regressor
    return fitted(task, kind(random_state=task.seed, device="cpu", n_threads=task.threads), *without_gaps(task))


def realmlp_torch(task: Task) -> np.ndarray:
    """The same network in PyTorch alone."""
    import realmlp

    return realmlp.fitted(task, *without_gaps(task))


PEERS = {
    "baseline": baseline,
    "linear": linear,
    "hist-gradient-boosting": hist_gradient_boosting,
    "mlp-default": mlp_default,
    "mlp-tuned": mlp_tuned,
    "realmlp-td-s": realmlp_td_s,
    "realmlp-torch": realmlp_torch,
}
ON_ONE_THREAD = "@1"


def method(name: str):
    """The function of a method's name."""
    if name.startswith("goodfit-"):
        from goodfit import by_name

        return by_name(name)
    return PEERS[name.removesuffix(ON_ONE_THREAD)]


def threads_of(name: str) -> int:
    """Threads of a method's name."""
    return 1 if name.endswith(ON_ONE_THREAD) else THREADS
