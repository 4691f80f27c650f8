"""The experiments of chapter 6 of "Deep Learning from Scratch", in plain NumPy.

    python textbook.py EXPERIMENT --mnist FOLDER --seed S [--out FILE.json]

EXPERIMENT is activations, weight-init, batch-norm, weight-decay, dropout, search or search-pairs;
FOLDER holds the four raw IDX files of MNIST. A result that is already there is left alone (`--force` repeats
it). The arithmetic, its order and the order of the random draws are the book's, so that one NumPy
seed gives the curves of the book's own programs (`verify.py` checks this); the code is ours.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

from network import Network, draw_batch, fit

MNIST_FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def curve(every, values):
    """Point k of a curve was taken after step k * every, counted from 0. Not finite: null."""
    rounded = [float(f"{v:.6g}") if np.isfinite(v) else None for v in values]
    return {"every": every, "value": rounded}


def activations(data, seed):
    """Five layers of 100 without bias on normal input. Every arm starts from the same seed."""
    functions = {
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "tanh": np.tanh,
        "relu": lambda x: np.maximum(0, x),
    }
    scales = {"1": 1, "0.01": 0.01, "xavier": np.sqrt(1.0 / 100), "he": np.sqrt(2.0 / 100)}
    arms = []
    for function_name, function in functions.items():
        low, high = (-1, 1) if function_name == "tanh" else (0, 1)
        for scale_name, scale in scales.items():
            np.random.seed(seed)
            x = np.random.randn(1000, 100)
            layers = []
            for _ in range(5):
                weights = np.random.randn(100, 100) * scale
                x = function(np.dot(x, weights))
                layers.append(
                    {
                        "mean": float(f"{x.mean():.6g}"),
                        "sd": float(f"{x.std():.6g}"),
                        "zeros": float(np.mean(x == 0)),
                        "outside": float(np.mean((x < low) | (x > high))),
                        "histogram": np.histogram(x, 30, range=(low, high))[0].tolist(),
                    }
                )
            arms.append({"name": f"{function_name} {scale_name}", "layers": layers})
    return {"arms": arms}


def weight_init(data, seed, n_steps=2000):
    """784-100x4-10 on all rows, batch 128: three initial values, the same batches for all."""
    np.random.seed(seed)
    arms = {"std 0.01": 0.01, "xavier": "xavier", "he": "he"}
    networks = {name: Network([100] * 4, init) for name, init in arms.items()}
    losses = {name: [] for name in arms}
    for _ in range(n_steps):
        batch = draw_batch(data["train_images"], data["train_labels"], 128)
        for name, network in networks.items():
            network.step(*batch, 0.01)
            losses[name].append(network.loss(*batch))
    return {
        "arms": [{"name": name, "curves": {"train_loss": curve(1, losses[name])}} for name in arms]
    }


def batch_norm(data, seed):
    """784-100x5-10 on 1,000 rows: sixteen initial standard deviations, batch norm on and off."""
    np.random.seed(seed)
    train = data["train_images"][:1000], data["train_labels"][:1000]
    arms = []
    for index, sd in enumerate(np.logspace(0, -4, num=16)):
        networks = {
            "on": Network([100] * 5, sd, batch_norm=True),
            "off": Network([100] * 5, sd),
        }
        accuracies = {name: [] for name in networks}
        for s in range(191):
            batch = draw_batch(*train, 100)
            for network in networks.values():
                network.step(*batch, 0.01)
            if s % 10 == 0:
                for name, network in networks.items():
                    accuracies[name].append(network.accuracy(*train))
        for name in networks:
            arms.append(
                {
                    "name": f"{index} {name}",
                    "std": float(f"{sd:.6g}"),
                    "curves": {"train_accuracy": curve(10, accuracies[name])},
                }
            )
    return {"arms": arms}


def overfitting(data, seed, n_steps, arms, with_loss):
    """784-100x6-10 on 300 rows, accuracy on them and on the test images. Every arm starts from
    the same seed."""
    train = data["train_images"][:300], data["train_labels"][:300]
    test = data["test_images"], data["test_labels"]
    results = []
    for name, settings in arms.items():
        np.random.seed(seed)
        network = Network([100] * 6, **settings)
        train_accuracy, test_accuracy = fit(
            network, train, test, n_steps, evaluate_every=3, with_loss=with_loss
        )
        curves = {
            "train_accuracy": curve(3, train_accuracy),
            "test_accuracy": curve(3, test_accuracy),
        }
        results.append({"name": name, "curves": curves})
    return {"arms": results}


def weight_decay(data, seed):
    arms = {"0": {"weight_decay": 0.0}, "0.1": {"weight_decay": 0.1}}
    return overfitting(data, seed, 601, arms, with_loss=False)


def dropout(data, seed):
    arms = {"0": {"dropout": None}, "0.2": {"dropout": 0.2}}
    return overfitting(data, seed, 903, arms, with_loss=True)


def split_of_search(data):
    """The first 500 rows, shuffled: 400 for training, 100 for validation."""
    order = np.random.permutation(500)
    x, labels = data["train_images"][:500][order], data["train_labels"][:500][order]
    return (x[100:], labels[100:]), (x[:100], labels[:100])


def search(data, seed, n_trials=100):
    """Random search of learning rate and weight decay."""
    np.random.seed(seed)
    train, validation = split_of_search(data)
    trials = []
    for _ in range(n_trials):
        decay = 10 ** np.random.uniform(-8, -4)
        learning_rate = 10 ** np.random.uniform(-6, -2)
        network = Network([100] * 6, weight_decay=decay)
        train_accuracy, validation_accuracy = fit(
            network, train, validation, 200, 4, learning_rate, with_loss=True
        )
        curves = {
            "train_accuracy": curve(4, train_accuracy),
            "validation_accuracy": curve(4, validation_accuracy),
        }
        settings = {
            "learning_rate": float(f"{learning_rate:.6g}"),
            "weight_decay": float(f"{decay:.6g}"),
        }
        trials.append({**settings, "curves": curves})
    return {"trials": trials}


# (exponent of the learning rate, exponent of the weight decay): half decades of the learning rate
# between the ends of the weight decay, which change places; 1e-2, where networks learn, has both.
PAIRS = [(-2, -4), (-2, -8)] + [(-2 - k / 2, (-4, -8)[k % 2]) for k in range(1, 9)]


def search_pairs(data, seed):
    """What a trial of `search` gets from given values instead of drawn ones: the last point, after
    step number 196. Losses and the points between, which draw nothing, are left out."""
    np.random.seed(seed)
    train, validation = split_of_search(data)
    arms = []
    for rate, decay in PAIRS:
        network = Network([100] * 6, weight_decay=10.0**decay)
        train_accuracy, validation_accuracy = fit(
            network, train, validation, 197, 196, learning_rate=10.0**rate
        )
        curves = {
            "train_accuracy": curve(196, train_accuracy),
            "validation_accuracy": curve(196, validation_accuracy),
        }
        arms.append({"name": f"1e{rate:g} 1e{decay:g}", "curves": curves})
    return {"arms": arms}


EXPERIMENTS = {
    "activations": activations,
    "weight-init": weight_init,
    "batch-norm": batch_norm,
    "weight-decay": weight_decay,
    "dropout": dropout,
    "search": search,
    "search-pairs": search_pairs,
}


def load_mnist(folder):
    """Images as float32 rows of pixels / 255, labels as bytes."""
    data = {}
    for name, file in MNIST_FILES.items():
        content = (Path(folder) / file).read_bytes()
        if name.endswith("images"):
            pixels = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 784)
            data[name] = pixels.astype(np.float32) / np.float32(255)
        else:
            data[name] = np.frombuffer(content, np.uint8, offset=8)
    return data


def machine():
    """Processor, versions and the thread limit that a timing depends on."""
    cpu = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--mnist", required=True, help="folder of the four raw IDX files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="default: runs/EXPERIMENT-SEED.json")
    parser.add_argument("--force", action="store_true", help="run again where the result exists")
    arguments = parser.parse_args()
    runs = Path(__file__).parent / "runs"
    out = arguments.out or runs / f"{arguments.experiment}-{arguments.seed}.json"
    if out.exists() and not arguments.force:
        print(f"{out} exists", file=sys.stderr)
        return
    out.parent.mkdir(parents=True, exist_ok=True)

    data = load_mnist(arguments.mnist)
    start = time.perf_counter()
    with np.errstate(over="ignore", invalid="ignore"):  # standard deviation 1 overflows: a result
        result = EXPERIMENTS[arguments.experiment](data, arguments.seed)
    wall_seconds = round(time.perf_counter() - start, 3)

    header = {"experiment": arguments.experiment, "seed": arguments.seed}
    header |= {"wall_seconds": wall_seconds, "machine": machine()}
    part = out.with_suffix(".part")
    part.write_text(json.dumps(header | result, separators=(",", ":")) + "\n")
    part.replace(out)
    print(f"{out}: {wall_seconds} s", file=sys.stderr)


if __name__ == "__main__":
    main()
