"""Trains models of tables, exports them and predicts with onnxruntime what `goodfit predict` predicts.

    python check_onnx.py GOODFIT

GOODFIT is the program. Each model is checked by onnx.checker with full type inference and run with and without the
optimisations of onnxruntime, by each scaling of the inputs, all rows at once and one alone, on rows with missing values,
levels that no training row has, infinite numbers and dates from the year 100 to 9999. What the graph makes of dates is
compared with Python's own.
"""

import csv
import json
import math
import random
import subprocess
import sys
import tempfile
import warnings
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors import safe_open
from safetensors.numpy import save_file

ROOT = Path(__file__).resolve().parent.parent
SEED = 0
TOLERANCE = 1e-5  # of probabilities, and of values in standard deviations of the target, or of the predictions if larger
N_TRAIN, N_NEW, N_DATES = 400, 300, 20_000
EPOCH = datetime(1970, 1, 1)
# Columns by name, with how their cells become what the file takes. Some have names that stand within graphs, too.
NUMBERS = ["size", "far off", "mostly zero", "label", "inputs"]
TEXTS = ["city", "is_new", "価格帯", "shop", "value", "affine1.weight"]
DATES = ["day", "moment"]
# The same in every row but one, which some of the training sets do not have: such an input is 0.
SAME = [f"same {i}" for i in range(5)]
COLUMNS = NUMBERS + SAME + TEXTS + DATES
SCALINGS = ["robust", "standard", "quantile", "min-max"]
TARGETS = ["two", "many", "price"]
OWN = "unknown"  # the recipe's own word
# Networks with embeddings, and the most levels that are not embedded.
EMBEDDED = {
    "bins": ('hidden = [16]\nnumeric_embedding = "piecewise-linear"\nbins = 9', 2),
    "periodic": ('hidden = [16]\nactivation = "mish"\nnumeric_embedding = "periodic"\nfrequencies = 6\nfrequency_std = 0.5', 0),
    "pbld": ('hidden = [16]\nactivation = "selu"\nnumeric_embedding = "pbld"\ndropout = { input = 0.1 }', 9),
    "levels": ("hidden = []\nembedding_size = 3", 3),
    "members of bins": ('hidden = [16]\nmembers = 5\nnumeric_embedding = "piecewise-linear"\nbins = 9', 2),
    "networks of members": ('hidden = [16]\nmembers = 3\nnumeric_embedding = "pbld"\n[training]\nensemble = 2', 0),
}
MISSING = ["", "NA", "nan", "None", "?", OWN]


def draw(rng, is_new, number=-1):
    """A row of cells by column; new ones have what no training row has."""
    def gap(cell, share):
        return rng.choice(MISSING) if rng.random() < share else cell

    def one_of(known, unknown):
        return rng.choice(unknown if is_new and rng.random() < 0.2 else known)

    size = rng.gauss(0, 1) * 10 ** rng.uniform(-2, 2)
    far = 123456.7 + rng.gauss(0, 3)
    zero = rng.choice([0, 0, 0, 0, 0, 0, rng.uniform(-5, 5)])
    extreme = [math.inf, -math.inf, 1e30, -3e38, 1e-40]
    size, far, zero = (rng.choice(extreme) if is_new and rng.random() < 0.1 else x for x in (size, far, zero))
    moment = datetime(2019, 1, 1) + timedelta(seconds=rng.randrange(3 * 365 * 86_400))
    if is_new and rng.random() < 0.3:
        moment = datetime(100, 1, 1) + timedelta(seconds=rng.randrange(9899 * 365 * 86_400))
    row = {
        "size": gap(repr(size), 0.1),
        "far off": repr(far),
        "mostly zero": gap(repr(zero), 0.3 if is_new else 0),
        "label": str(rng.randrange(9)),
        "inputs": gap(f"{rng.uniform(0, 1):.3f}", 0.05),
        "city": gap(one_of(["Bonn", "Kiel", "Ulm", "東京"], ["Mars", "bonn"]), 0.1),
        "is_new": gap(one_of(["true", "false"], ["yes"]), 0.1),
        "価格帯": gap(one_of(["高", "中", "低"], ["無"]), 0.3 if is_new else 0),
        # More levels than have places of their own.
        "shop": one_of([f"shop {rng.randrange(150)}"], ["closed"]),
        "value": one_of(["a, b", 'c "d"', "e"], ["f"]),
        "affine1.weight": one_of(["x", "y"], ["z"]),
        "day": gap(f"{moment:%d.%m.}{moment.year:04}", 0.1),
        "moment": gap(f"{moment.year:04}-{moment:%m-%d %H:%M:%S}", 0.3 if is_new else 0),
    }
    row |= {name: rng.choice(["1", "2", "inf", ""]) if is_new else str(int(i == number)) for i, name in enumerate(SAME)}
    score = (size > 0) + (row["city"] in ("Bonn", "東京")) + (row["is_new"] == "true") + (moment.month < 5) + rng.random()
    targets = {"two": str(int(score > 2.5)), "many": "αβγδε"[min(int(score), 4)], "price": f"{1000 + 50 * score:.2f}"}
    return row | targets


def write(path, rows, names):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, names, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)


def fed(rows):
    """What the file takes for rows of cells."""
    def number(cell):
        return math.nan if cell in MISSING else float(cell)

    def days(cell):
        if cell in MISSING:
            return math.nan
        form = "%d.%m.%Y" if "." in cell else "%Y-%m-%d %H:%M:%S"
        return (datetime.strptime(cell, form) - EPOCH).total_seconds() / 86_400

    kinds = [(NUMBERS + SAME, number, np.float32), (TEXTS, str, object), (DATES, days, np.float64)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numbers beyond 32 bits become infinite, as they do in a table
        return {
            name: np.array([[read(row[name])] for row in rows], dtype)
            for known, read, dtype in kinds
            for name in known
        }


def recipe(table, target, network, scaling, limit):
    loss = 'loss = "mean-squared-error"\n' if target == "price" else ""
    network, _, training = network.partition("[training]\n")
    return (
        f'[data]\nsource = "{table}"\ntarget = "{target}"\nmissing = ["{OWN}"]\nscaling = "{scaling}"\n'
        + (f"one_hot_limit = {limit}\n" if limit is not None else "")
        + f"[network]\n{network}\n"
        f'[training]\noptimizer = "adam"\nlearning_rate = 0.01\nbatch_size = 32\nepochs = 8\n{loss}{training}'
    )


def fitted(encoder, scaling):
    """What was fitted for each input; None where it is left as it is."""
    return encoder["scales"] if scaling == "robust" else encoder["scales"][scaling]


def is_constant(scale):
    """Whether such an input is always 0."""
    if scale is None:
        return False
    if "values" in scale:
        return len(scale["values"]) == 1
    return scale["low"] == scale["high"] if "low" in scale else scale["factor"] == 0


def sessions(model):
    for level in ["ORT_DISABLE_ALL", "ORT_ENABLE_ALL"]:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        options.log_severity_level = 3
        yield onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def check_model(goodfit, folder, name, target, network, new, scaling="robust", limit=None):
    """Trains, exports, predicts both ways; the largest difference. Columns of more levels than `limit` are embedded."""
    (folder / f"{name}.toml").write_text(recipe("train.csv", target, network, scaling, limit))
    if scaling == "standard":  # nothing clips what is 30 orders of magnitude too large, and sums of it are as inexact
        new = [row | {one: "1.5" for one in NUMBERS if row[one] in ("1e+30", "-3e+38")} for row in new]
    write(folder / "new.csv", new, [*COLUMNS, *TARGETS])
    out = folder / name
    goodfit("train", f"{name}.toml", "--quiet", "--out", name)
    assert goodfit("export", name, "--onnx", f"{name}.onnx") == f"{name}.onnx\n"
    model = onnx.load(folder / f"{name}.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert {(one.domain, one.version) for one in model.opset_import} == {("", 17), ("ai.onnx.ml", 3)}
    assert {one.name for one in model.graph.input} == set(COLUMNS), "columns"
    encoder = json.loads((out / "schema.json").read_text())["encoder"]
    assert any(is_constant(scale) for scale in fitted(encoder, scaling)), "no input is always 0"
    forms = {kind: [column["form"][kind] for column in encoder["columns"] if kind in column["form"]] for kind in ("level", "levels")}
    assert limit is not None or any(form["n_places"] == 101 for form in forms["levels"]), "no levels share a place"
    assert (limit is not None) == any(form["n_places"] > 101 for form in forms["level"]), "no levels are embedded"
    assert limit is None or limit > 3 or any(form["has_missing"] for form in forms["level"]), "no missing one is embedded"

    predicted = list(csv.reader(goodfit("predict", name, "new.csv").splitlines()))[1:]
    assert len(predicted) == len(new)
    expected = np.array([row[1:] if target != "price" else row for row in predicted], np.float64)
    assert np.isfinite(expected).all() and (expected.std(axis=0) > 0.01).any(), "predictions that say nothing"
    largest = 0
    for session in sessions(model):
        whole = session.run(None, fed(new))
        one = session.run(None, fed(new[7:8]))
        outputs = [output.name for output in session.get_outputs()]
        if target == "price":
            assert outputs == ["value_2"], outputs  # a column is called value
            scale = max(np.std([float(row["price"]) for row in new]), expected.std())
        else:
            assert outputs == ["label_2", "probabilities"], outputs
            sure = np.ptp(np.sort(expected, axis=1)[:, -2:], axis=1) > TOLERANCE
            assert (whole[0][sure] == np.array([row[0] for row in predicted])[sure]).all(), "labels"
            assert sure.mean() > 0.95 and one[0].shape == (1,), f"{name}: {sure.mean():.2f} of the rows have one largest probability"
            scale = 1
        assert whole[-1].shape == expected.shape and whole[-1].dtype == np.float32
        difference = max(np.abs(whole[-1] - expected).max(), np.abs(one[-1] - expected[7:8]).max()) / scale
        assert difference <= TOLERANCE, f"{name}: {difference}"
        largest = max(largest, difference)
    return largest


def check_inputs(goodfit, folder, name, new, scaling):
    """Every input of the network has the same bits: a network that hands one input out says so of each in turn."""
    model = onnx.load(folder / f"{name}.onnx")
    inputs = next(node.output[0] for node in reversed(model.graph.node) if node.name.startswith("inputs"))
    model.graph.output.append(onnx.helper.make_tensor_value_info(inputs, onnx.TensorProto.FLOAT, None))
    write(folder / "new.csv", new, [*COLUMNS, *TARGETS])
    found = [session.run([inputs], fed(new))[0] for session in sessions(model)]
    schema = json.loads((folder / name / "schema.json").read_text())
    schema["predicts"] = {"numbers": {"mean": 0.0, "sd": 1.0}}
    (folder / name / "schema.json").write_text(json.dumps(schema))
    weights = folder / name / "weights.safetensors"
    with safe_open(weights, framework="numpy") as file:
        metadata = file.metadata()
    n_inputs = found[0].shape[1]
    assert n_inputs == len(fitted(schema["encoder"], scaling))
    for i in range(n_inputs):
        one = np.zeros((n_inputs, 1), np.float32)
        one[i] = 1
        save_file({"affine1.bias": np.zeros(1, np.float32), "affine1.weight": one}, weights, metadata)
        expected = np.array(goodfit("predict", name, "new.csv").splitlines()[1:], np.float32)
        for values in found:
            assert (values[:, i] == expected).all(), f"input {i}: {values[:, i]}, {expected}"
    print(f"{scaling}: {n_inputs} inputs of {len(new)} rows are the same bit by bit")


def check_dates(model):
    """Parts of dates within the graph, against Python's."""
    rng = random.Random(SEED)
    dates = [datetime(1, 1, 1) + timedelta(seconds=rng.randrange(9998 * 365 * 86_400)) for _ in range(N_DATES)]
    dates += [datetime(year, month, day) for year in (1, 100, 400, 1900, 1970, 2000, 2023, 2024, 2100, 9999)
              for month, day in [(1, 1), (2, 28), (3, 1), (12, 31)]]
    dates += [datetime(year, 2, 29, 23, 59, 59) for year in (4, 400, 1904, 2000, 2024)]
    names = [f"moment.{part}" for part in ("year", "month", "day_of_month", "day_of_week", "hour")]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(onnx.helper.make_tensor_value_info(one, onnx.TensorProto.FLOAT, ["N", 1]) for one in names)
    days = np.array([[(date - EPOCH).total_seconds() / 86_400] for date in dates])
    feeds = fed([draw(rng, False)] * len(dates)) | {"moment": days}
    expected = np.array([
        [date.year, date.month, date.day, date.isoweekday(), np.float32(date.hour) + np.float32(date.minute) / np.float32(60)]
        for date in dates
    ])
    for session in sessions(probe):
        found = np.hstack(session.run(names, feeds))
        assert (found == expected.astype(np.float32)).all(), dates[np.nonzero(found != expected)[0][0]]
        # Beyond what a table can hold they are those of 1970-01-01.
        beyond = {name: column[:3] for name, column in feeds.items()} | {"moment": np.array([[1e9], [-np.inf], [np.inf]])}
        assert (np.hstack(session.run(names, beyond)) == [1970, 1, 1, 4, 0]).all()
    print(f"{len(dates)} dates have the parts that Python gives them")


def check_penguins(goodfit, folder):
    """A real table with the default settings, a class and a number of it predicted."""
    table = ROOT / "crates/goodfit/examples/penguins.csv"
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    for target, output in [("species", "probabilities"), ("body_mass_g", "value")]:
        known = [row for row in rows if row[target] != "NA"]
        write(folder / f"{target}.csv", known, list(rows[0]))
        goodfit("train", f"{target}.csv", "--target", target, "--out", target, "--quiet")
        goodfit("export", target, "--onnx", f"{target}.onnx")
        model = onnx.load(folder / f"{target}.onnx")
        onnx.checker.check_model(model, full_check=True)
        texts = {one.name for one in model.graph.input if one.type.tensor_type.elem_type == onnx.TensorProto.STRING}

        def column(name):
            if name in texts:
                return np.array([[row[name]] for row in known], object)
            return np.array([[math.nan if row[name] == "NA" else float(row[name])] for row in known], np.float32)

        feeds = {one.name: column(one.name) for one in model.graph.input}
        predicted = list(csv.reader(goodfit("predict", target, f"{target}.csv").splitlines()))[1:]
        expected = np.array([row[1:] if output == "probabilities" else row for row in predicted], np.float64)
        scale = 1 if output == "probabilities" else np.std([float(row[target]) for row in known])
        for session in sessions(model):
            difference = np.abs(session.run([output], feeds)[0] - expected).max() / scale
            assert difference <= TOLERANCE, f"{target}: {difference}"
        print(f"penguins, {target}: {len(known)} rows, largest difference {difference:.1e}")


def check_example(goodfit, folder):
    """The example of the README runs and says what predict says of its rows."""
    (folder / "penguins.csv").write_bytes((ROOT / "crates/goodfit/examples/penguins.csv").read_bytes())
    names = "bill_length_mm,bill_depth_mm,flipper_length_mm,island"
    (folder / "asked.csv").write_text(f"{names}\n39.5,17.4,186,Torgersen\n49.2,,195,Dream\n")
    unused = [word for name in ("sex", "body_mass_g", "year") for word in ("--kind", f"{name}=unused")]
    goodfit("train", "penguins.csv", "--target", "species", *unused, "--out", "asked", "--quiet")
    goodfit("export", "asked", "--onnx", "species.onnx")
    example = (ROOT / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    ran = subprocess.run([sys.executable, "-c", example], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    label, *shares = ran.stdout.translate(str.maketrans("[]", "  ")).splitlines()
    predicted = [line.split(",") for line in goodfit("predict", "asked", "asked.csv").splitlines()[1:]]
    assert label.replace("'", "").split() == [row[0] for row in predicted], (label, predicted)
    found, expected = (np.array(rows, np.float64) for rows in ([row.split() for row in shares], [row[1:] for row in predicted]))
    assert found.shape == (2, 3) and np.abs(found - expected).max() <= TOLERANCE, (found, expected)
    print("the example of the README says what predict says")


def main():
    program = str(Path(sys.argv[1]).resolve())
    rng = random.Random(SEED)
    train = [draw(rng, False, i) for i in range(N_TRAIN)]
    new = [draw(rng, True) for _ in range(N_NEW)]
    activations = ["identity", "relu", "sigmoid", "tanh", "leaky-relu", "elu", "selu", "gelu", "silu", "mish"]
    networks = {name: f'hidden = [24, 16]\nactivation = "{name}"' for name in activations}
    for i, name in enumerate(activations):
        networks[name] += "\nbatch_norm = true" if i % 2 else "\ndropout = { input = 0.1, hidden = 0.2 }"
    networks |= {
        "slope": "hidden = [24, 16]\nactivation = { leaky-relu = 0.3 }\nbatch_norm = { epsilon = 0.01 }",
        "alpha": "hidden = [24, 16]\nactivation = { elu = 0.4 }\nbias = false",
        "textbook": 'hidden = [24, 16]\nconvention = "textbook"\nbatch_norm = true\ndropout = { input = 0.1, hidden = 0.3 }',
        "linear": "hidden = []",
        "scaled": 'hidden = [32, 32]\nactivation = "selu"\ninput_scale = true\nbias_std = 1.0\nparametrization = "ntk"',
        "deep": "depth = 6\nwidth = 64\nbatch_norm = true",
        "members": 'hidden = [24, 16]\nactivation = "mish"\nmembers = 5\ndropout = { input = 0.1, hidden = 0.2 }',
        "wide members": "hidden = [48]\nbias = false\nmembers = 32",
        "seeds": "hidden = [24, 16]\n[training]\nensemble = 3",
        "members and seeds": "hidden = [16]\nmembers = 3\n[training]\nensemble = 2",
    }
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)

        def goodfit(*words):
            ran = subprocess.run([program, *words], cwd=folder, capture_output=True, encoding="utf-8")
            assert ran.returncode == 0, f"{words}: {ran.stderr}"
            return ran.stdout

        for target in TARGETS:
            # A model sees no other target.
            write(folder / "train.csv", train, [*COLUMNS, target])
            differences = {
                name: check_model(goodfit, folder, f"{target}-{name}", target, network, new)
                for name, network in networks.items()
            }
            worst = max(differences, key=differences.get)
            print(f"{target}: {len(differences)} networks, largest difference {differences[worst]:.1e} ({worst})")
            for scaling in SCALINGS:
                found = {
                    form: check_model(
                        goodfit, folder, f"{target}-{form}-{scaling}", target, network, new, scaling, limit=limit
                    )
                    for form, (network, limit) in EMBEDDED.items()
                    # Of what nothing clips members are sure, and as many of one class as of another leave no label.
                    if scaling != "standard" or "members" not in network
                }
                worst = max(found, key=found.get)
                print(f"{target}: {len(found)} embeddings, {scaling} scaling, largest difference {found[worst]:.1e} ({worst})")
            for scaling in SCALINGS:
                name = f"{target}-{scaling}"
                difference = check_model(goodfit, folder, name, target, networks["selu"], new, scaling)
                print(f"{target}: {scaling} scaling, largest difference {difference:.1e}")
        for scaling in SCALINGS:
            check_model(goodfit, folder, f"inputs-{scaling}", "price", "hidden = []", new, scaling)
            check_inputs(goodfit, folder, f"inputs-{scaling}", new, scaling)
        check_dates(onnx.load(folder / "two-relu.onnx"))
        check_penguins(goodfit, folder)
        check_example(goodfit, folder)


main()
