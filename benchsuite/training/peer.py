"""Trains one experiment with one peer and prints a line of JSON: seconds and the last points of every arm.

    python peer.py torch weight-init --mnist FOLDER --threads 2
    python peer.py jax:vmap search --mnist FOLDER --threads 1 --part 0/2 --core 0

The time is that of training with everything it needs (compilation too); imports and the loading of data are left
out. Then the same is trained once more, for the time without what is compiled only once. `--part i/n` trains every n-th arm from the i-th on; the time then starts when all n processes say so, by a line
on standard input after each has written "ready".
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", help="torch, torch:compile, jax, jax:vmap")
    parser.add_argument("experiment")
    parser.add_argument("--mnist", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    args = arguments()
    index, n_parts = (int(n) for n in args.part.split("/"))
    cores = sorted(os.sched_getaffinity(0))
    if args.threads == 1:
        os.sched_setaffinity(0, {cores[index % len(cores)]})
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(args.threads)

    from experiments import EXPERIMENTS, rows_of

    name, _, variant = args.peer.partition(":")
    peer = __import__(f"{name}_peer")
    experiment = EXPERIMENTS[args.experiment]
    arms = list(enumerate(experiment.arms))[index::n_parts]
    rows = peer.prepare(rows_of(experiment, args.mnist, args.seed), args.threads)
    print("ready", flush=True)
    sys.stdin.readline()
    start = time.perf_counter()
    found = peer.run(experiment, arms, rows, args.seed, variant)
    seconds = time.perf_counter() - start
    again = seconds
    if name == "jax" or variant:
        start = time.perf_counter()
        peer.run(experiment, arms, rows, args.seed, variant)
        again = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "seconds_again": again, "arms": {str(i): words for (i, _), words in zip(arms, found)}}))


if __name__ == "__main__":
    main()
