"""Holds `goodfit study export --format journal` against Optuna: a journal made of a file reads back equal to the file.

    python check_journal.py GOODFIT [FILE STUDY]

Without a file, Optuna makes one that holds every state, distribution and odd number.
"""

import math
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

DISTRIBUTIONS = {
    "x": FloatDistribution(-1.0, 1.0),
    "rate": FloatDistribution(1e-9, 1.0, log=True),
    "share": FloatDistribution(0.0, 1.0, step=0.25),
    "depth": IntDistribution(-2, 6, step=2),
    "width": IntDistribution(1, 1 << 40, log=True),
    "choice": CategoricalDistribution([None, True, 2, 2.5, "a\"é'\n", math.inf]),
}
PARAMETERS = [
    {"x": -0.1, "rate": 3e-7, "share": 0.75, "depth": -2, "width": 1 << 39, "choice": None},
    {"x": 1.0, "choice": "a\"é'\n"},
    {"depth": 4, "choice": math.inf},
    {},
]
ENDS = [
    (TrialState.COMPLETE, [0.1 + 0.2]),
    (TrialState.COMPLETE, [math.inf]),
    (TrialState.PRUNED, [-1e-300]),
    (TrialState.PRUNED, None),
    (TrialState.FAIL, None),
    (TrialState.RUNNING, None),
    (TrialState.WAITING, None),
]


def make(path, n_objectives):
    """Studies with every parameter set in every state."""
    storage = RDBStorage(f"sqlite:///{path}")
    directions = ["maximize", "minimize"][:n_objectives]
    study = optuna.create_study(storage=storage, study_name=f'odd "{n_objectives}" é', directions=directions)
    study.set_user_attr("for people", [1, {"a": None}, "é"])
    start = datetime(2026, 2, 28, 23, 59, 59, 999999)
    for i, (state, values) in enumerate(ENDS):
        for j, parameters in enumerate(PARAMETERS):
            if values is not None and n_objectives > 1:
                if state != TrialState.COMPLETE:
                    continue
                values = [values[0], -2.5]
            storage.create_new_trial(study._study_id, FrozenTrial(
                number=-1, trial_id=-1, state=state, value=None, values=values,
                datetime_start=None if state == TrialState.WAITING else start + timedelta(seconds=i),
                datetime_complete=start + timedelta(days=i + 1) if state.is_finished() else None,
                params=parameters, distributions={name: DISTRIBUTIONS[name] for name in parameters},
                user_attrs={"text": "a\nb", "n": j}, system_attrs={"fixed_params": {"x": 0.5}},
                intermediate_values={0: 0.5, 7: math.nan, 9: -math.inf} if j % 2 and n_objectives == 1 else {},
            ))
    return study.study_name


def same(a, b):
    """Equal, where NaN equals itself."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def check(goodfit, path, name):
    done = subprocess.run([goodfit, "study", "export", path, name, "--format", "journal"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "journal.log"
        log.write_text(done.stdout)
        storage = JournalStorage(JournalFileBackend(str(log)))
        read = optuna.load_study(study_name=name, storage=storage)
        kept = optuna.load_study(study_name=name, storage=RDBStorage(f"sqlite:///{path}"))
        assert read.directions == kept.directions
        assert read.user_attrs == kept.user_attrs, (read.user_attrs, kept.user_attrs)
        assert len(read.trials) == len(kept.trials) > 0
        fields = ["number", "state", "values", "params", "distributions", "user_attrs", "system_attrs",
                  "intermediate_values", "datetime_start", "datetime_complete"]
        for a, b in zip(read.trials, kept.trials):
            for field in fields:
                assert same(getattr(a, field), getattr(b, field)), (field, a, b)
        if len(read.directions) == 1:
            ended = sum(trial.state.is_finished() for trial in read.trials)
            read.optimize(lambda trial: trial.suggest_float("new", -1.0, 1.0), n_trials=1)
            assert sum(trial.state.is_finished() for trial in read.trials) == ended + 1
        print(f"{name}: {len(kept.trials)} trials are equal")


if __name__ == "__main__":
    # Far from UTC, so that a time in the wrong zone is seen.
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if len(sys.argv) > 2:
        check(*sys.argv[1:4])
    else:
        with tempfile.TemporaryDirectory() as made:
            file = f"{made}/study.db"
            for n in [1, 2]:
                check(sys.argv[1], file, make(file, n))
