"""Writes importance.json: values of Optuna's PedAnovaImportanceEvaluator on random trials.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python make_importance.py

`values` are the evaluator's own, before they are scaled to a sum of 1. Choices are positions; a parameter that does not
exist is null.
"""

import json
import math
import random
from pathlib import Path

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator

optuna.logging.disable_default_handler()
SEED = 20250107
SPACE = {
    "rate": FloatDistribution(1e-6, 1.0, log=True),
    "x": FloatDistribution(-5.0, 5.0),
    "share": FloatDistribution(0.0, 0.9, step=0.1),
    "depth": IntDistribution(1, 6),
    "even": IntDistribution(0, 200, step=2),
    "width": IntDistribution(1, 1000, log=True),
    "kind": CategoricalDistribution(["a", "b", "c"]),
    "momentum": FloatDistribution(0.5, 0.99),  # only beside kind b
}


def draw(rng):
    values = {
        "rate": math.exp(rng.uniform(math.log(1e-6), 0.0)),
        "x": rng.uniform(-5, 5),
        "share": rng.randrange(10) * 0.1,
        "depth": rng.randint(1, 6),
        "even": 2 * rng.randrange(101),
        "width": min(1000, max(1, round(math.exp(rng.uniform(math.log(0.5), math.log(1000.5)))))),
        "kind": rng.choice(["a", "b", "c"]),
    }
    if values["kind"] == "b":
        values["momentum"] = rng.uniform(0.5, 0.99)
    return values


def loss(v, rng):
    return round((math.log10(v["rate"]) + 3) ** 2 + 0.1 * v["x"] ** 2 + v["share"] + {"a": 1, "b": 0, "c": 2}[v["kind"]]
                 + 2 * v.get("momentum", 0.7) + 0.2 * abs(math.log(v["width"] / 64)) + 0.3 * rng.gauss(0, 1), 1)


def main():
    rng = random.Random(SEED)
    studies = []
    for n, best in [(30, 0.1), (200, 0.1), (200, 0.25), (1000, 0.1)]:
        study = optuna.create_study()
        for number in range(n):
            params = draw(rng)
            distributions = {name: SPACE[name] for name in params}
            value = math.inf if number == 7 else loss(params, rng)
            study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))
        found = PedAnovaImportanceEvaluator(target_quantile=best).evaluate(study)
        row = lambda t: [t.params.get(name) if name != "kind" else "abc".index(t.params["kind"]) for name in SPACE]
        trials = [[t.value if math.isfinite(t.value) else None, *row(t)] for t in study.trials]
        studies.append({"best": best, "values": [found[name] for name in SPACE], "trials": trials})
    golden = {"optuna": optuna.__version__, "seed": SEED, "studies": studies}
    path = Path(__file__).with_name("importance.json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace('{"best"', '\n{"best"') + "\n")


main()
