"""Writes pruners.json: what Optuna's pruners answer on recorded sequences of trials.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python make_pruners.py

A study is a list of trials, one after the other. Each reports its `values` at its `steps` until the pruner ends it
(`pruned_at`: the step, or null), and is then complete or pruned. NaN is null.
"""

import json
import math
import random
from pathlib import Path

import optuna
from optuna.pruners import MedianPruner, PatientPruner, PercentilePruner, SuccessiveHalvingPruner

optuna.logging.disable_default_handler()
SEED = 20250107


def cases():
    for options in [{}, {"n_startup_trials": 2, "n_warmup_steps": 3}, {"n_startup_trials": 0, "interval_steps": 4},
                    {"n_startup_trials": 1, "n_warmup_steps": 1, "interval_steps": 3, "n_min_trials": 6}]:
        yield "median", options, lambda o=options: MedianPruner(**o)
        for percentile in [10.0, 25.0, 80.0]:
            yield "percentile", {"percentile": percentile, **options}, lambda o=options, p=percentile: PercentilePruner(p, **o)
    for options in [{"min_resource": 1, "reduction_factor": 2}, {"min_resource": 2, "reduction_factor": 3},
                    {"min_resource": 1, "reduction_factor": 4, "min_early_stopping_rate": 1}]:
        # Without min_resource Optuna forgets what was reported before the first trial was complete; ours does not.
        yield "halving", options, lambda o=options: SuccessiveHalvingPruner(**o)
    for options in [{"patience": 0}, {"patience": 2}, {"patience": 1, "min_delta": 0.05}]:
        yield "patience", options, lambda o=options: PatientPruner(None, **o)


def study(pruner, rng, gaps):
    made = optuna.create_study(pruner=pruner)
    trials = []
    for _ in range(40):
        trial = made.ask()
        level, speed = rng.random(), rng.uniform(0.05, 0.5)
        steps, values, pruned_at = [], [], None
        for step in range(24):
            if gaps and rng.random() < 0.2:
                continue
            value = round(level + math.exp(-speed * step) + rng.gauss(0, 0.05), 2)
            value = math.nan if rng.random() < 0.01 else value
            trial.report(value, step)
            steps.append(step)
            values.append(value)
            if trial.should_prune():
                pruned_at = step
                break
        final = next((v for v in reversed(values) if not math.isnan(v)), 0.0)
        if pruned_at is None:
            made.tell(trial, final)
        else:
            made.tell(trial, state=optuna.trial.TrialState.PRUNED)
        trials.append({"steps": steps, "values": [None if math.isnan(v) else v for v in values], "pruned_at": pruned_at,
                       "final": final})
    return trials


def main():
    rng = random.Random(SEED)
    studies = []
    for name, options, make in cases():
        # At a gap in the reports, rungs of halving fall together, and the two differ by intent.
        for gaps in [False] if name == "halving" else [False, True]:
            studies.append({"pruner": name, "options": options, "trials": study(make(), rng, gaps)})
    golden = {"optuna": optuna.__version__, "seed": SEED, "studies": studies}
    path = Path(__file__).with_name("pruners.json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace('{"pruner"', '\n{"pruner"') + "\n")


main()
