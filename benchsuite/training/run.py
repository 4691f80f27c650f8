"""Times goodfit and its peers on the chapter's experiments, in alternation, one file per run.

    python run.py --mnist FOLDER                       # everything that is not recorded yet, below --runs
    python run.py --mnist FOLDER --experiments search --methods goodfit jax:vmap --rounds 5

A method is a peer of `peer.py`, in one process on all cores (`torch`, `burn`, `candle`: the better of 1 and 2 threads
is chosen by `summarise.py`), or divided over as many one-thread processes as there are cores (`torch/split`).
A round runs every method once, all with the seed of the round, so that whatever else the machine does falls on all of
them alike.
"""

import argparse
import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

from experiments import EXPERIMENTS, arm_of

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE / "peers"))
import native  # noqa: E402  a module of the folder above

ROOT = HERE.parents[1]
# What is recorded in the repository is of other machines.
OWN_RUNS = ROOT / "target" / "benchsuite" / "training"
CORES = len(os.sched_getaffinity(0))
METHODS = [
    "goodfit",
    "goodfit-dense",
    "torch@1",
    f"torch@{CORES}",
    "torch/split",
    "torch:compile/split",
    f"jax@{CORES}",
    f"jax:vmap@{CORES}",
    "jax/split",
    "jax:vmap/split",
    "burn@1",
    f"burn@{CORES}",
    "burn/split",
    "candle@1",
    f"candle@{CORES}",
    "candle/split",
    "numpy",
]
# A training's own seed is that of its round and its number.
SEEDS_A_ROUND = 1000
# A compiled step costs more than it saves on all but the longest of the others.
ONLY = {"torch:compile/split": ("weight-init", "search")}


def arguments():
    parser = parser_of(__doc__, METHODS)
    parser.add_argument("--experiments", nargs="+", default=list(EXPERIMENTS), choices=list(EXPERIMENTS))
    return checked(parser, METHODS, r"goodfit(-dense)?|numpy|(torch|torch:compile|jax|jax:vmap|burn|candle)(@\d+|/split)")


def checked(parser, methods, pattern):
    """What was said, if it can be done: with methods that match."""
    args = parser.parse_args()
    for method in args.methods:
        if not re.fullmatch(pattern, method):
            parser.error(f"there is no method {method}; those that run by themselves are {', '.join(methods)}")
    for what in (args.mnist, args.binary, args.peak):
        if not what.exists():
            parser.error(f"there is no {what}; all.sh makes it")
    return args


def parser_of(description, methods):
    """What all timed series are told."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, required=True, help="folder of the four raw IDX files")
    parser.add_argument("--methods", nargs="+", default=methods)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3000, help="start nothing new after that long")
    parser.add_argument("--runs", type=Path, default=OWN_RUNS, help="target/benchsuite/training where absent")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/goodfit")
    parser.add_argument("--peak", type=Path, default=ROOT / "target/release/examples/peak")
    return parser


def peak(program):
    """GFLOP/s of multiply-adds on all cores at once."""
    return json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout)["gflops"]


def goodfit(args, experiment, seed, dense, more=()):
    """Wall seconds of the whole process, data and report included, and of the training in it; `more`: options for it."""
    environment = os.environ | ({"GOODFIT_INPUTS": "dense"} if dense else {})
    with tempfile.TemporaryDirectory() as out:
        command = [args.binary, "reproduce", experiment, "--seeds", "1", "--seed", str(seed), "--quiet", "--out", out, *more]
        if experiment == "search":
            # Its trials are what everybody trains; the winner is not trained again.
            command += ["--set", "search.finalists=0"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        seconds = time.perf_counter() - start
        results = json.loads((Path(out) / "results.json").read_text())
        training = json.loads((Path(out) / "timing.json").read_text())["seconds"]
    return {"seconds": seconds, "training_seconds": training, "arms": last_points(results, EXPERIMENTS[experiment])}


def last_points(results, experiment):
    """The last points of every arm or trial, under the peers' names and numbers: goodfit counts arms in another order."""
    if results.get("trials"):
        # The arms of a search are its best trials only.
        trials = sorted(results["trials"], key=lambda trial: trial["trial"])
        return {
            str(trial["trial"]): {
                "held_out_accuracy": trial["value"],
                "learning_rate": trial["settings"]["training.learning_rate"],
            }
            for trial in trials
        }
    found = {experiment.arms.index(arm_of(arm["settings"])): arm["runs"][0]["final"] for arm in results["arms"]}
    return {str(i): under_peers_names(found[i]) for i in sorted(found)}


def under_peers_names(final):
    """The last points of a run of goodfit, as the peers call them."""
    names = {"late_train_loss": "late_train_loss", "train_accuracy": "train_accuracy"}
    names |= {f"{rows}_{what}": f"held_out_{what}" for rows in ("test", "validation") for what in ("loss", "accuracy")}
    return {names[k]: v for k, v in final.items() if k in names}


def numpy(args, experiment, seed):
    """The book's programs in NumPy."""
    script = HERE.parent / "textbook" / "textbook.py"
    with tempfile.TemporaryDirectory() as out:
        environment = os.environ | {"OMP_NUM_THREADS": str(CORES)}
        command = [sys.executable, script, experiment, "--mnist", args.mnist, "--seed", str(seed)]
        recorded = Path(out) / "numpy.json"
        subprocess.run([*command, "--out", recorded], check=True, capture_output=True, env=environment)
        return {"seconds": json.loads(recorded.read_text())["wall_seconds"]}


def processes(args, training, method, seed, more=()):
    """What a peer's process printed, or one a core; and the time from the common start to the end of the last. `more`: options
    for it.
    """
    name, is_split, threads = method, method.endswith("/split"), 1
    n = CORES if is_split else 1
    if is_split:
        name = method.removesuffix("/split")
    else:
        name, threads = method.split("@")
    command = [sys.executable, HERE / "peer.py", name, training, "--mnist", args.mnist, "--threads", str(threads)]
    command += ["--seed", str(seed), *more]
    with tempfile.TemporaryDirectory() as compiled:
        # What a compiler keeps on disk would spare the next round its work.
        environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": compiled}
        parts = [
            subprocess.Popen(
                [*command, "--part", f"{i}/{n}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, env=environment,
            )
            for i in range(n)
        ]
        for part in parts:
            if part.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{method} did not start; run it by hand: {' '.join(map(str, command))}")
        start = time.perf_counter()
        for part in parts:
            part.stdin.write("go\n")
            part.stdin.flush()
        found = [json.loads(part.stdout.readline()) for part in parts]
        seconds = time.perf_counter() - start
        for part in parts:
            part.communicate()
    return found, seconds


def peer(args, experiment, method, seed, more=()):
    found, seconds = processes(args, experiment, method, seed, more)
    again = max(words["seconds_again"] for words in found)
    arms = {i: words for part in found for i, words in part["arms"].items()}
    return {"seconds": seconds, "seconds_compiled": again, "arms": dict(sorted(arms.items(), key=lambda a: int(a[0])))}


def time_one(args, experiment, method, seed):
    if method.startswith("goodfit"):
        return goodfit(args, experiment, seed, method == "goodfit-dense")
    if method == "numpy":
        return numpy(args, experiment, seed)
    return peer(args, experiment, method, seed)


def machine():
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in open("/proc/cpuinfo"))}
    # Several processors bear one name.
    cpu = f"{told.get('model name', '')} (family {told.get('cpu family')} model {told.get('model')})"
    installed = {package.metadata["Name"]: package.version for package in metadata.distributions()}
    versions = {package: installed[package] for package in ("numpy", "torch", "jax", "jaxlib") if package in installed}
    return {"cpu": cpu, "cores": CORES, "python": platform.python_version(), "versions": versions | native.versions()}


def program_of(binary):
    """What the program says of itself, and which it is."""
    version = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
    return {"version": version, "sha256": hashlib.sha256(Path(binary).read_bytes()).hexdigest()}


def series(args, trainings, is_timed, time_one, words):
    """A round after the other, every method of every training that is not recorded yet; `words` of a run are printed."""
    for peer in {method.split("@")[0].split("/")[0] for method in args.methods} & set(native.CRATES):
        native.program(peer)
    end = time.monotonic() + args.seconds
    for round_ in range(args.rounds):
        for training in trainings:
            for method in args.methods:
                path = args.runs / training / f"{method.replace('/', '-').replace(':', '-')}.{round_}.json"
                if path.exists() or not is_timed(training, method):
                    continue
                if time.monotonic() > end:
                    print("the time is over; the same command goes on")
                    return
                before = peak(args.peak)
                seed = SEEDS_A_ROUND * round_
                found = {"seed": seed} | time_one(args, training, method, seed)
                found |= {"program": program_of(args.binary)} if method.startswith("goodfit") else {}
                found |= {"peak_gflops": [before, peak(args.peak)], "date": datetime.date.today().isoformat()}
                write(path, json.dumps(found | {"machine": machine()}, indent=1))
                print(f"{training:14}{method:22}{words(found)}", flush=True)


def write(path, text):
    """All of it or nothing: a file that is there counts as recorded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text + "\n")
    part.replace(path)


def main():
    args = arguments()
    is_timed = lambda experiment, method: experiment in ONLY.get(method, (experiment,))
    series(args, args.experiments, is_timed, time_one, lambda found: f"{found['seconds']:8.2f} s")


if __name__ == "__main__":
    main()
