"""Holds recorded runs against the book's own programs, run from the same NumPy seed.

    python verify.py --book FOLDER --mnist FOLDER [--seed S] [EXPERIMENT ...]

The book's FOLDER is a checkout of oreilly-japan/deep-learning-from-scratch. Its programs run
unchanged but for the arm that is chosen by editing a line, and for fewer steps or trials where the
whole takes long; its data loader and the plotting library are replaced by stand-ins. Prints the
largest difference of each experiment; exit status 1 when one exceeds the rounding of the recorded
values.
"""

import argparse
import contextlib
import io
import json
import re
import sys
import types
from pathlib import Path

import numpy as np

import textbook

WEIGHT_INIT_STEPS = 300
SEARCH_TRIALS = 10


class Program:
    """A program of the book, run with stand-ins for its data loader and for matplotlib."""

    def __init__(self, book, data):
        self.folder = book / "ch06"
        sys.path.insert(0, str(book))
        train = data["train_images"], data["train_labels"]
        test = data["test_images"], data["test_labels"]
        self.plots = []
        pyplot = types.ModuleType("matplotlib.pyplot")
        for name in "title ylim yticks xticks xlabel ylabel legend show subplot hist".split():
            setattr(pyplot, name, lambda *_, **__: None)
        pyplot.plot = lambda x, y, *_, **__: self.plots.append(list(y))
        mnist = types.ModuleType("dataset.mnist")
        mnist.load_mnist = lambda normalize: (train, test)
        sys.modules["matplotlib"] = types.ModuleType("matplotlib")
        sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"] = pyplot
        sys.modules["dataset"] = types.ModuleType("dataset")
        sys.modules["dataset.mnist"] = mnist

    def run(self, name, seed, edits=()):
        """The program's variables at its end. `edits`: (pattern of a line, replacement)."""
        source = (self.folder / name).read_text()
        for pattern, replacement in edits:
            source, n_edits = re.subn(f"^{pattern}.*$", replacement, source, count=1, flags=re.M)
            if n_edits != 1:
                sys.exit(f"{name}: no line starts with {pattern}")
        self.plots.clear()
        variables = {"__name__": "__main__"}
        np.random.seed(seed)
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            exec(compile(source, name, "exec"), variables)
        return variables


# Each of these yields (arm, curve or measure, the book's values).


def activations(program, seed):
    functions = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}
    scales = {"1": "1", "0.01": "0.01", "xavier": "np.sqrt(1.0 / node_num)"}
    scales["he"] = "np.sqrt(2.0 / node_num)"
    for function, call in functions.items():
        for scale, formula in scales.items():
            weights = f"    w = np.random.randn(node_num, node_num) * {formula}"
            edits = [("    w = ", weights), ("    z = ", f"    z = {call}(a)")]
            variables = program.run("weight_init_activation_histogram.py", seed, edits)
            layers = list(variables["activations"].values())
            yield f"{function} {scale}", "mean", [z.mean() for z in layers]
            yield f"{function} {scale}", "sd", [z.std() for z in layers]
            yield f"{function} {scale}", "zeros", [np.mean(z == 0) for z in layers]


def weight_init(program, seed):
    edits = [("max_iterations = ", f"max_iterations = {WEIGHT_INIT_STEPS}")]
    variables = program.run("weight_init_compare.py", seed, edits)
    names = {"std=0.01": "std 0.01", "Xavier": "xavier", "He": "he"}
    for name, values in variables["train_loss"].items():
        yield names[name], "train_loss", values


def batch_norm(program, seed):
    program.run("batch_norm_test.py", seed)
    for index in range(16):
        yield f"{index} on", "train_accuracy", program.plots[2 * index]
        yield f"{index} off", "train_accuracy", program.plots[2 * index + 1]


def weight_decay(program, seed):
    for arm in ["0", "0.1"]:
        edits = [("weight_decay_lambda = ", f"weight_decay_lambda = {arm}")]
        variables = program.run("overfit_weight_decay.py", seed, edits)
        yield arm, "train_accuracy", variables["train_acc_list"]
        yield arm, "test_accuracy", variables["test_acc_list"]


def dropout(program, seed):
    for arm, used in {"0": "False", "0.2": "True"}.items():
        edits = [("use_dropout = ", f"use_dropout = {used}")]
        variables = program.run("overfit_dropout.py", seed, edits)
        yield arm, "train_accuracy", variables["train_acc_list"]
        yield arm, "test_accuracy", variables["test_acc_list"]


def search(program, seed):
    edits = [("optimization_trial = ", f"optimization_trial = {SEARCH_TRIALS}")]
    variables = program.run("hyperparameter_optimization.py", seed, edits)
    trials = zip(variables["results_val"].items(), variables["results_train"].values(), strict=True)
    for number, ((key, validation), train) in enumerate(trials):
        settings = re.fullmatch("lr:(.*), weight decay:(.*)", key).groups()
        yield number, "settings", [float(value) for value in settings]
        yield number, "train_accuracy", train
        yield number, "validation_accuracy", validation


def recorded_values(recorded, arm, measure):
    if recorded["experiment"] == "search":
        trial = recorded["trials"][arm]
        if measure == "settings":
            return [trial["learning_rate"], trial["weight_decay"]]
        return trial["curves"][measure]["value"]
    found = next(entry for entry in recorded["arms"] if entry["name"] == arm)
    if "layers" in found:
        return [layer[measure] for layer in found["layers"]]
    return found["curves"][measure]["value"]


def main():
    experiments = {name: globals()[name.replace("-", "_")] for name in textbook.EXPERIMENTS}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", default=list(experiments))
    parser.add_argument("--book", type=Path, required=True)
    parser.add_argument("--mnist", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    program = Program(arguments.book, textbook.load_mnist(arguments.mnist))
    differs = False
    for name in arguments.experiments:
        file = Path(__file__).parent / "runs" / f"{name}-{arguments.seed}.json"
        recorded = json.loads(file.read_text())
        n_curves = n_values = 0
        worst = (0.0, None, None)
        for arm, measure, expected in experiments[name](program, arguments.seed):
            got = recorded_values(recorded, arm, measure)
            partial = name == "weight-init" and len(got) > len(expected)
            got = np.array(got[: len(expected)] if partial else got, dtype=float)
            expected = np.array(expected, dtype=float)
            if got.shape != expected.shape or not np.array_equal(np.isnan(got), np.isnan(expected)):
                sys.exit(f"{name}, {arm}, {measure}: not as many values, or others not finite")
            difference = np.abs(got - expected) / np.maximum(np.abs(expected), 1e-12)
            worst = max(worst, (float(np.nanmax(difference)), arm, measure), key=lambda w: w[0])
            n_curves += 1
            n_values += got.size
        differs |= worst[0] > 5e-6
        where = f" ({worst[1]}, {worst[2]})" if worst[0] > 5e-6 else ""
        size = f"{n_curves} curves, {n_values} values"
        print(f"{name}: {size}, largest relative difference {worst[0]:.1e}{where}", flush=True)
    sys.exit(1 if differs else 0)


if __name__ == "__main__":
    main()
