"""Holds the studies that goodfit keeps in SQLite against Optuna and its dashboard.

    python check_study.py VERBS

VERBS is the program of goodfit-tune's example `storage_verbs`, which applies verbs to a file and prints its studies.
"""

import json
import math
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.testing.pytest_storages import StorageTestCase
from optuna.trial import TrialState, create_trial

VERBS = os.environ.get("GOODFIT_STORAGE_VERBS", "")
N_SEQUENCES = 1000
N_PARTS = max(2, os.cpu_count() or 1)
SEED = 7


def goodfit(path, verbs=()):
    """Applies verbs to a file; its studies after that, and the claims."""
    lines = "".join(json.dumps(verb) + "\n" for verb in verbs)
    done = subprocess.run([VERBS, str(path)], input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), [json.loads(line) for line in done.stderr.splitlines()]


def rdb(path):
    """Optuna's storage on a file, without waiting for the disk: what is checked is contents."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")

    @sqlalchemy.event.listens_for(storage.engine, "connect")
    def connected(connection, _):
        connection.execute("PRAGMA synchronous = OFF")

    storage.engine.dispose()
    return storage


# Verbs in the form of `storage_verbs`, and the same done by Optuna.

def draw_number(rng):
    return rng.choice([rng.uniform(-1, 1), rng.gauss(0, 1) * 10 ** rng.randint(-300, 300), 0.0, math.inf, -math.inf])


def draw_parameters(rng):
    """Parameters whose names say their kinds, since a name keeps its kind within a study."""
    low = rng.uniform(-5, 5)
    every = [
        {"name": "x", "kind": "float", "low": low, "high": low + 2, "value": low + rng.random(), "log": False, "step": None},
        {"name": "rate", "kind": "float", "low": 1e-9, "high": 1.0, "value": 10 ** rng.uniform(-9, 0), "log": True, "step": None},
        {"name": "share", "kind": "float", "low": 0.0, "high": 1.0, "value": rng.randint(0, 4) * 0.25, "log": False, "step": 0.25},
        {"name": "depth", "kind": "int", "low": -2, "high": 6, "value": rng.randint(-1, 3) * 2, "log": False, "step": 2},
        {"name": "width", "kind": "int", "low": 1, "high": 1 << 40, "value": rng.randint(1, 1 << 40), "log": True, "step": 1},
        {"name": "choice", "kind": "categorical", "choices": [None, True, 2, 2.5, "a\"é'"], "value": rng.randint(0, 4)},
    ]
    return rng.sample(every, rng.randint(0, len(every)))


def draw_attributes(rng, n):
    values = [1, -0.5, None, True, "text \u00e9\u5927 \"quoted\"", [1, [2.5, None]], {"a": {"b": "c"}}, 2**53]
    scopes = ["User", "System"]
    return [[rng.choice(scopes), f"key {rng.randint(0, 3)}", rng.choice(values)] for _ in range(rng.randint(0, n))]


def draw_sequence(rng, study):
    """Verbs of one study: every state, infinities, NaN among the intermediate values, attributes at any time."""
    verbs = [{"verb": "create_study", "study": study, "direction": rng.choice(["minimize", "maximize"])}]
    verbs.append({"verb": "set_attributes", "study": study, "attributes": draw_attributes(rng, 3)})
    waiting, running, steps, n_trials = [], [], {}, 0
    for _ in range(rng.randint(2, 8)):
        kinds = ["create_trials", "claim", "record", "finish", "set_attributes"]
        weights = [1 + 2 * (n_trials == 0), 3 * bool(waiting), 3 * bool(running), 3 * bool(running), bool(waiting + running)]
        verb = rng.choices(kinds, weights)[0]
        if verb == "create_trials":
            n = rng.randint(1, 2)
            trials = [{"parameters": draw_parameters(rng), "attributes": draw_attributes(rng, 1)} for _ in range(n)]
            verbs.append({"verb": "create_trials", "study": study, "trials": trials})
            waiting += range(n_trials, n_trials + n)
            n_trials += n
        elif verb == "claim":
            n = rng.randint(1, 2)
            verbs.append({"verb": "claim", "study": study, "n": n, "lease": 3600})
            running += waiting[:n]
            waiting = waiting[n:]
        elif verb == "record":
            number = rng.choice(running)
            steps[number] = steps.get(number, -1) + rng.randint(1, 1000)
            value = rng.choice([draw_number(rng), math.nan])
            verbs.append({"verb": "record", "study": study, "number": number, "step": steps[number], "value": value})
        elif verb == "finish":
            number = running.pop(rng.randrange(len(running)))
            state = rng.choice(["COMPLETE", "PRUNED", "FAIL"])
            value = None if state == "FAIL" or (state == "PRUNED" and rng.random() < 0.5) else draw_number(rng)
            end = {"verb": "finish", "study": study, "number": number, "state": state, "value": value}
            verbs.append(end | {"reason": "diverged", "attributes": draw_attributes(rng, 2)})
        elif verb == "set_attributes":
            number = rng.choice([None, rng.choice(waiting + running)])
            verbs.append({"verb": verb, "study": study, "number": number, "attributes": draw_attributes(rng, 2)})
    return verbs


def for_goodfit(verb):
    """JSON has no words for what is not finite."""
    value = verb.get("value")
    return verb | {"value": str(value)} if isinstance(value, float) and not math.isfinite(value) else verb


def distribution(parameter):
    if parameter["kind"] == "categorical":
        return CategoricalDistribution(parameter["choices"])
    kind = FloatDistribution if parameter["kind"] == "float" else IntDistribution
    return kind(parameter["low"], parameter["high"], log=parameter["log"], step=parameter["step"])


def external(parameter):
    value = parameter["value"]
    return parameter["choices"][value] if parameter["kind"] == "categorical" else value


def by_optuna(storage, verbs):
    """Applies the verbs of one study."""
    study, trials, waiting = None, [], []

    def set_attributes(attributes, trial):
        for scope, key, value in attributes:
            if trial is not None:
                set_one = storage.set_trial_user_attr if scope == "User" else storage.set_trial_system_attr
                set_one(trial, key, value)
            else:
                set_one = storage.set_study_user_attr if scope == "User" else storage.set_study_system_attr
                set_one(study, key, value)

    for verb in verbs:
        number = verb.get("number")
        trial = None if number is None else trials[number]
        match verb["verb"]:
            case "create_study":
                direction = StudyDirection[verb["direction"].upper()]
                study = storage.create_new_study([direction], verb["study"])
            case "create_trials":
                for new in verb["trials"]:
                    attributes = {
                        scope: {key: value for s, key, value in new["attributes"] if s == scope} for scope in ["User", "System"]
                    }
                    template = create_trial(
                        state=TrialState.WAITING,
                        params={p["name"]: external(p) for p in new["parameters"]},
                        distributions={p["name"]: distribution(p) for p in new["parameters"]},
                        user_attrs=attributes["User"],
                        system_attrs=attributes["System"],
                    )
                    waiting.append(storage.create_new_trial(study, template))
                    trials.append(waiting[-1])
            case "claim":
                for _ in range(verb["n"]):
                    if waiting:
                        storage.set_trial_state_values(waiting.pop(0), TrialState.RUNNING)
            case "record":
                storage.set_trial_intermediate_value(trial, verb["step"], verb["value"])
            case "finish":
                set_attributes(verb["attributes"], trial)
                values = None if verb["value"] is None else [verb["value"]]
                storage.set_trial_state_values(trial, TrialState[verb["state"]], values)
            case "set_attributes":
                set_attributes(verb["attributes"], trial)


# Two forms of the same trials, made equal.

def plain(value):
    """Numbers as text to the bit; kinds kept apart, since Python's 1, 1.0 and True are equal."""
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return repr(value)


def seen_by_optuna(storage):
    studies = {}
    for study in storage.get_all_studies():
        trials = []
        for trial in storage.get_all_trials(study._study_id, deepcopy=False):
            parameters = []
            for name, value in trial.params.items():
                d = trial.distributions[name]
                fields = {key: x for key, x in vars(d).items() if not key.startswith("_")}
                if isinstance(d, CategoricalDistribution):
                    # 1 == True in Python, so that its own search for a choice may find another.
                    fields = {"choices": d.choices}
                parameters.append({"name": name, "kind": type(d).__name__, "value": value, **fields})
            trials.append({
                "number": trial.number,
                "state": trial.state.name,
                "values": trial.values or [],
                "parameters": parameters,
                "intermediate": sorted(trial.intermediate_values.items()),
                "User": trial.user_attrs,
                "System": trial.system_attrs,
                "has_begun": trial.datetime_start is not None,
                "has_ended": trial.datetime_complete is not None,
            })
        studies[study.study_name] = plain({
            "directions": [direction.name for direction in study.directions],
            "User": study.user_attrs,
            "System": study.system_attrs,
            "trials": trials,
        })
    return studies


def seen_by_goodfit(path):
    kinds = {"float": "FloatDistribution", "int": "IntDistribution", "categorical": "CategoricalDistribution"}

    def number(value):
        return float(value) if isinstance(value, str) else value

    def scoped(attributes, scope):
        return {key: value for s, key, value in attributes if s == scope}

    studies = {}
    for study in goodfit(path)[0]:
        trials = []
        for trial in study["trials"]:
            parameters = [p | {"kind": kinds[p["kind"]], "value": external(p)} for p in trial["parameters"]]
            trials.append({
                "number": trial["number"],
                "state": trial["state"],
                "values": [number(value) for value in trial["values"]],
                "parameters": parameters,
                "intermediate": [[step, number(value)] for step, value in trial["intermediate"]],
                "User": scoped(trial["attributes"], "User"),
                "System": scoped(trial["attributes"], "System"),
                "has_begun": trial["began"] is not None,
                "has_ended": trial["ended"] is not None,
            })
        studies[study["study"]] = plain({
            "directions": study["directions"],
            "User": scoped(study["attributes"], "User"),
            "System": scoped(study["attributes"], "System"),
            "trials": trials,
        })
    return studies


def check_equal(what, seen, expected):
    assert seen.keys() == expected.keys(), what
    for name, study in expected.items():
        if seen[name] != study:
            sys.exit(f"{what}: study {name} differs\n{json.dumps(seen[name])}\n{json.dumps(study)}")


def check_part(folder, part):
    """Every N_PARTS-th sequence, on files of its own; how many verbs there were, and the states of the trials."""
    rng = random.Random(SEED)
    sequences = [draw_sequence(rng, f"study {i}") for i in range(N_SEQUENCES)][part::N_PARTS]
    ours, theirs = folder / f"ours-{part}.db", folder / f"theirs-{part}.db"
    goodfit(ours, [for_goodfit(verb) for verbs in sequences for verb in verbs])
    storage = rdb(theirs)
    for verbs in sequences:
        by_optuna(storage, verbs)
    expected = seen_by_optuna(storage)
    check_equal("ours, read by Optuna", seen_by_optuna(rdb(ours)), expected)
    check_equal("ours, read by goodfit", seen_by_goodfit(ours), expected)
    check_equal("Optuna's, read by goodfit", seen_by_goodfit(theirs), expected)
    assert len(expected) == len(sequences)
    states = [trial["state"].strip("'") for study in expected.values() for trial in study["trials"]]
    return sum(map(len, sequences)), states


def check_sequences(folder):
    # Optuna takes milliseconds a verb: all processors.
    with ProcessPoolExecutor(N_PARTS) as pool:
        parts = list(pool.map(check_part, [folder] * N_PARTS, range(N_PARTS)))
    n_verbs = sum(n for n, _ in parts)
    states = [state for _, states in parts for state in states]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    print(f"{N_SEQUENCES} sequences, {n_verbs} verbs, read equal from both sides: {counts}")


# Going on with what the other one wrote.

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    trial.report(x, 0)
    trial.report(math.nan, 1)
    trial.set_user_attr("square", x * x)
    if trial.number % 5 == 3:
        raise optuna.TrialPruned
    return x * x + (kind == "b")


def parameters_of(x):
    return [
        {"name": "x", "kind": "float", "low": -5.0, "high": 5.0, "log": False, "step": None, "value": x},
        {"name": "kind", "kind": "categorical", "choices": ["a", "b"], "value": 1},
    ]


def go_on(path, study, first, n):
    """goodfit adds trials, takes all that wait, and ends them."""
    new = [{"parameters": parameters_of(i / n), "attributes": []} for i in range(n)]
    numbers = range(first, first + n)
    ends = [{"verb": "finish", "study": study, "number": i, "state": "COMPLETE", "value": i / 100} for i in numbers]
    verbs = [{"verb": "create_trials", "study": study, "trials": new}, {"verb": "claim", "study": study, "n": n, "lease": 60}]
    return verbs + ends


def check_continued(folder):
    path = folder / "continued.db"
    create = {"verb": "create_study", "study": "s", "direction": "minimize"}
    goodfit(path, [create, *go_on(path, "s", 0, 20)])
    url = f"sqlite:///{path}"
    study = optuna.load_study(study_name="s", storage=url)
    assert study.best_trial.number == 0 and len(study.trials) == 20
    study.optimize(objective, n_trials=10)
    study.enqueue_trial({"x": 0.5, "kind": "a"})
    states = [trial.state.name for trial in study.trials]
    assert states[20:].count("PRUNED") == 2 and states[-1] == "WAITING", states

    verbs = [
        {"verb": "claim", "study": "s", "n": 1, "lease": 60},
        {"verb": "set_parameters", "study": "s", "number": 30, "parameters": parameters_of(0.5)},
        {"verb": "finish", "study": "s", "number": 30, "state": "COMPLETE", "value": -1.0},
    ]
    studies, claims = goodfit(path, verbs + go_on(path, "s", 31, 5))
    assert claims[0] == {"number": 30, "parameters": 0, "fixed_params": {"x": 0.5, "kind": "a"}}, claims
    assert len(studies[0]["trials"]) == 36
    check_equal("continued", seen_by_goodfit(path), seen_by_optuna(rdb(path)))
    study = optuna.load_study(study_name="s", storage=url)
    assert study.best_trial.number == 30 and study.best_params == {"x": 0.5, "kind": "b"}

    # A study that Optuna made.
    path = folder / "optuna.db"
    study = optuna.create_study(study_name="t", storage=f"sqlite:///{path}", direction="maximize")
    study.optimize(objective, n_trials=8)
    running = study.ask()
    study.set_user_attr("odd", math.nan)
    study.set_metric_names(["score"])
    two = optuna.create_study(study_name="two", storage=f"sqlite:///{path}", directions=["minimize", "maximize"])
    two.optimize(lambda trial: (trial.suggest_float("x", 0, 1), -math.inf), n_trials=3)
    studies, claims = goodfit(path, go_on(path, "t", 9, 4))
    assert [claim["number"] for claim in claims] == [9, 10, 11, 12], "what Optuna runs is not taken over"
    assert studies[0]["attributes"] == [["User", "odd", "NaN"], ["System", "study:metric_names", ["score"]]]
    assert [trial["values"][1] for trial in studies[1]["trials"]] == ["-inf"] * 3
    study.tell(running, 1.0)
    study.optimize(objective, n_trials=4)
    assert [trial.number for trial in study.trials] == list(range(17))
    optuna.delete_study(study_name="t", storage=f"sqlite:///{path}")
    assert [study["study"] for study in goodfit(path)[0]] == ["two"]
    print("each went on with what the other wrote")


class TestOptunaOnOurFile(StorageTestCase):
    """Optuna's own tests of a storage, on files that goodfit made."""

    @pytest.fixture
    def storage(self, tmp_path):
        goodfit(tmp_path / "study.db")
        return rdb(tmp_path / "study.db")


def check_dashboard(folder):
    path = folder / "continued.db"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("optuna-dashboard")
    arguments = [f"sqlite:///{path}", "--port", str(port), "--server", "wsgiref", "--quiet"]
    server = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(address):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{address}", timeout=30) as answer:
            assert answer.status == 200, answer.status
            return json.load(answer)

    try:
        for _ in range(300):
            assert server.poll() is None, "optuna-dashboard ended"
            try:
                summaries = get("/api/studies")
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit("optuna-dashboard does not answer")
        names = [study["study_name"] for study in summaries["study_summaries"]]
        assert names == ["s"], names
        study = get("/api/studies/1")
    finally:
        server.terminate()
        server.wait()
    trials = study["trials"]
    assert [trial["number"] for trial in trials] == list(range(36))
    assert trials[3]["state"] == "Complete" and trials[3]["values"] == [0.03], trials[3]
    assert [p["name"] for p in trials[3]["params"]] == ["x", "kind"], trials[3]["params"]
    assert trials[20]["intermediate_values"][1]["value"] == "nan", trials[20]
    print(f"optuna-dashboard shows {len(trials)} trials")


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    with tempfile.TemporaryDirectory() as folder:
        for check in [check_sequences, check_continued, check_dashboard]:
            began = time.monotonic()
            check(Path(folder))
            print(f"  {time.monotonic() - began:.1f} s")
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-W", "ignore", __file__]))


if __name__ == "__main__":
    VERBS = os.environ["GOODFIT_STORAGE_VERBS"] = os.path.abspath(sys.argv[1])
    main()
