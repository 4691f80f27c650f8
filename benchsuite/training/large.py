"""Times epochs of the larger networks, in alternation, one file per run.

    python large.py --mnist FOLDER                       # everything that is not recorded yet
    python large.py --mnist FOLDER --networks mlp-512 --methods goodfit torch@2 --rounds 5

Methods and rounds are those of `run.py`. A peer says itself what each epoch took. goodfit's epochs are equal parts of what
it says that its run took; the first has the rest of the process, too: start, data and report.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path

from networks import N_ROWS, NETWORKS
from run import CORES, HERE, checked, parser_of, processes, series, under_peers_names

METHODS = [
    "goodfit",
    "torch@1",
    f"torch@{CORES}",
    f"torch:compile@{CORES}",
    f"jax@{CORES}",
    f"burn@{CORES}",
    f"candle@{CORES}",
]


def arguments():
    parser = parser_of(__doc__, METHODS)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    args = checked(parser, METHODS, r"goodfit|(torch|torch:compile|jax|burn|candle)@\d+")
    args.runs /= "large"
    return args


def train(args, network, seed, n_epochs, evaluate_every):
    """Wall seconds of goodfit's process, those of the training in it, and the last points of its curves."""
    with tempfile.TemporaryDirectory() as out:
        command = [args.binary, "train", HERE / "large" / f"{network}.toml", "--seed", str(seed)]
        command += ["--jobs", str(CORES), "--quiet", "--out", out]
        for field, value in (("epochs", n_epochs), ("evaluate_every", evaluate_every)):
            command += ["--set", f"training.{field}={value}"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        (arm,) = json.loads((Path(out) / "results.json").read_text())["arms"]
        ((run,),) = (arm["runs"] for arm in json.loads((Path(out) / "timing.json").read_text())["arms"])
        return seconds, run["seconds"], under_peers_names(arm["runs"][0]["final"])


def goodfit(args, network, seed):
    plan = NETWORKS[network]
    seconds, training, points = train(args, network, seed, plan.n_epochs, 0)
    each = training / plan.n_epochs
    # Evaluated out of the time; the same seed trains the same network.
    return {
        "epochs": [seconds - training + each] + [each] * (plan.n_epochs - 1),
        "late_train_loss": points["late_train_loss"],
        "test_accuracy": evaluated(args, network, seed)["held_out_accuracy"],
    }


def evaluated(args, network, seed):
    """The last points of a training that is evaluated after its last step."""
    plan = NETWORKS[network]
    last_step = plan.n_epochs * -(-N_ROWS // plan.batch_size) - 1
    return train(args, network, seed, plan.n_epochs, last_step)[-1]


def time_one(args, network, method, seed):
    if method == "goodfit":
        return goodfit(args, network, seed)
    (found,), _ = processes(args, network, method, seed)
    return found


def main():
    args = arguments()
    words = lambda found: " ".join(f"{seconds:7.2f}" for seconds in found["epochs"]) + f" s  {found['test_accuracy']:.4f}"
    series(args, args.networks, lambda network, method: True, time_one, words)


if __name__ == "__main__":
    main()
