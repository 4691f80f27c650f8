"""Makes studies.db: a file of studies as Optuna 5.0.0 writes it, one with one objective and one with two.

    pip install optuna==5.0.0
    python make_studies.py

Small pages keep the file small; nothing else about it is changed. Times differ from run to run.
"""

import pathlib
import sqlite3

import optuna

FILE = pathlib.Path(__file__).parent / "studies.db"


def one(trial):
    x = trial.suggest_float("x", 1e-3, 1.0, log=True)
    n = trial.suggest_int("n", 1, 4)
    kind = trial.suggest_categorical("kind", ["a", "b", None])
    trial.report(x + n, 1)
    if trial.number == 3:
        raise optuna.TrialPruned
    trial.set_user_attr("note", f"trial {trial.number}")
    return x + n + (0.5 if kind is None else 0.0)


def two(trial):
    x = trial.suggest_float("x", 0.0, 2.0)
    return x**2, float("inf") if trial.number == 1 else (x - 2) ** 2


FILE.unlink(missing_ok=True)
storage = optuna.storages.RDBStorage(f"sqlite:///{FILE}")
sampler = optuna.samplers.RandomSampler(seed=1)
study = optuna.create_study(storage=storage, study_name="one", sampler=sampler)
study.optimize(one, n_trials=5)
study = optuna.create_study(
    storage=storage, study_name="two", sampler=sampler, directions=["minimize", "maximize"]
)
study.optimize(two, n_trials=3)
storage.engine.dispose()
connection = sqlite3.connect(FILE)
connection.execute("PRAGMA page_size = 512")
connection.execute("VACUUM")
connection.close()
