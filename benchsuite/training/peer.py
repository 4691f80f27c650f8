"""Trains one experiment with one peer and prints a line of JSON: seconds and the last points of every arm.

    python peer.py torch weight-init --mnist FOLDER --threads 2
    python peer.py jax:vmap search --mnist FOLDER --threads 1 --part 0/2
    python peer.py burn mlp-512 --mnist FOLDER --threads 2

The time is that of training with everything it needs (compilation too); imports and the loading of data are left
out. Then the same is trained once more, for the time without what is compiled only once. `--part i/n` trains every
n-th arm from the i-th on; the time then starts when all n processes say so, by a line on standard input after each has
written "ready". Of a larger network the seconds of each epoch are printed.
"""

import argparse
import dataclasses
import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", help="torch, torch:compile, jax, jax:vmap, burn, candle")
    parser.add_argument("training", help="of experiments.py or networks.py")
    parser.add_argument("--mnist", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ends", action="store_true", help="evaluate after the first step and the last that is evaluated")
    return parser.parse_args()


def main():
    args = arguments()
    index, n_parts = (int(n) for n in args.part.split("/"))
    cores = sorted(os.sched_getaffinity(0))
    if args.threads == 1:
        os.sched_setaffinity(0, {cores[index % len(cores)]})
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = str(args.threads)

    import native
    from experiments import experiment_of, last_evaluation
    from networks import NETWORKS

    network, experiment = NETWORKS.get(args.training), experiment_of(args.training, args.seed)
    if args.ends:
        experiment = dataclasses.replace(experiment, evaluate_every=last_evaluation(experiment))
    arms = list(enumerate(experiment.arms))[index::n_parts] if experiment else []
    if args.peer in native.CRATES:
        training = {"network": network} if network else {"arms": [experiment, [i for i, _ in arms]]}
        native.become(args.peer, args.mnist, args.seed, training)
    name, _, variant = args.peer.partition(":")
    peer = __import__(f"{name}_{'large' if network else 'peer'}")
    if network:
        found = train_network(peer, network, args, variant)
    else:
        found = train_arms(peer, experiment, arms, args, variant)
    print(json.dumps(found))


def train_arms(peer, experiment, arms, args, variant):
    """Seconds of the first and of a second training, and the last points of these arms."""
    from experiments import rows_of

    rows = peer.prepare(rows_of(experiment, args.mnist, args.seed), args.threads)
    wait()
    start = time.perf_counter()
    found = peer.run(experiment, arms, rows, args.seed, variant)
    seconds = again = time.perf_counter() - start
    if args.peer != "torch":
        start = time.perf_counter()
        peer.run(experiment, arms, rows, args.seed, variant)
        again = time.perf_counter() - start
    return {"seconds": seconds, "seconds_again": again, "arms": {str(i): words for (i, _), words in zip(arms, found)}}


def train_network(peer, network, args, variant):
    """Seconds of each epoch and what was learnt."""
    from networks import rows_of_network

    rows = peer.prepare(rows_of_network(args.mnist), args.threads)
    wait()
    return peer.run(network, rows, args.seed, variant)


def wait():
    """Until all processes of a measurement are ready."""
    print("ready", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
