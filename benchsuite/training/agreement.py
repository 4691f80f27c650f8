"""Whether a peer learns what goodfit learns: many seeds of the chapter's experiments and of the larger networks, without their
times.

    python agreement.py --mnist FOLDER                                # what is not recorded yet, then the summary
    python agreement.py --mnist FOLDER --peers torch burn --seeds 40 --processes 1
    python agreement.py --runs ../runs/agreement                      # the summary alone

One thread a process, `--processes` of them at a time: whatever else the machine does, the figures are the same. Evaluations
draw no random numbers, so that those between the first and the last are left out. One file per run,
`EXPERIMENT/METHOD.SEED.json` below `--runs`; a run that is there is not run again.

Held against each other are the last points of every arm, a value a seed: the seeds are the sample. The arms of a search
are drawn by the seed, so that its trials are taken together by their learning rates, half a decade each; what a seed gives
is the mean of its trials there. Printed are both means, the difference (goodfit less the peer) with its 95 % interval, and
Welch's p, which Holm corrects over all arms and quantities of an experiment. Peers whose seeds give the same weights and
batches (PyTorch and JAX) are one sample, not two.
"""

import argparse
import datetime
import itertools
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from statistics import mean, variance

from scipy import stats

from experiments import EXPERIMENTS, experiment_of, last_evaluation
from large import evaluated
from networks import NETWORKS
from run import OWN_RUNS, ROOT, SEEDS_A_ROUND, goodfit, machine, peer, processes, program_of, write

TRAININGS = [*EXPERIMENTS, *NETWORKS]
LEVEL = 0.05
QUANTITIES = ("late_train_loss", "train_accuracy", "held_out_loss", "held_out_accuracy")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, help="folder of the four raw IDX files; without it nothing is trained")
    parser.add_argument("--experiments", nargs="+", default=TRAININGS, choices=TRAININGS)
    parser.add_argument("--peers", nargs="+", default=["torch"], help="torch, jax:vmap, burn, ..: of peer.py")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=math.inf, help="start nothing new after that long")
    parser.add_argument("--runs", type=Path, default=OWN_RUNS / "agreement", help="target/benchsuite/training/agreement where absent")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/goodfit")
    return parser.parse_args()


def path_of(args, experiment, method, seed):
    return args.runs / experiment / f"{method.replace(':', '-')}.{seed}.json"


def record(args, experiment, method, seed):
    """One run; its seed is far from the next, because the peers count on from it by arm."""
    path, of_peer = path_of(args, experiment, method, seed), SEEDS_A_ROUND * seed
    if experiment in NETWORKS:
        is_ours = method == "goodfit"
        arms = {"0": evaluated(args, experiment, seed) if is_ours else network_of(args, experiment, method, of_peer)}
        about = {"seed": seed, "program": program_of(args.binary)} if is_ours else {"seed": of_peer}
    elif method == "goodfit":
        every = f"training.evaluate_every={last_evaluation(EXPERIMENTS[experiment])}"
        arms = goodfit(args, experiment, seed, dense=False, more=["--set", every])["arms"]
        about = {"seed": seed, "program": program_of(args.binary)}
    else:
        arms = peer(args, experiment, f"{method}@1", of_peer, more=["--ends"])["arms"]
        about = {"seed": of_peer}
        if experiment == "search":
            trials = experiment_of(experiment, of_peer).arms
            arms = {i: points | {"learning_rate": trials[int(i)].learning_rate} for i, points in arms.items()}
    found = about | {"date": datetime.date.today().isoformat(), "machine": machine(), "arms": rounded(arms)}
    write(path, json.dumps(found, separators=(",", ":")))
    print(f"{experiment:14}{method:10}{seed:4}", flush=True)
    return path


def network_of(args, network, method, seed):
    """The last points of a larger network that a peer trains."""
    (found,), _ = processes(args, network, f"{method}@1", seed)
    names = {"late_train_loss": "late_train_loss", "test_loss": "held_out_loss", "test_accuracy": "held_out_accuracy"}
    return {name: found[key] for key, name in names.items()}


def rounded(arms):
    """To six significant digits, so that an accuracy in single precision is that in double; null where not finite."""
    digits = lambda value: float(f"{value:.6g}") if value is not None and math.isfinite(value) else None
    return {i: {name: digits(value) for name, value in points.items()} for i, points in arms.items()}


def train(args):
    """Everything that is not recorded yet; seeds turn slowest. A worker thread, and what it starts, keeps to one core."""
    cores = SimpleQueue()
    for _, core in zip(range(args.processes), itertools.cycle(sorted(os.sched_getaffinity(0)))):
        cores.put(core)
    missing = [
        (experiment, method, seed)
        for seed in range(args.seeds)
        for experiment in args.experiments
        for method in ("goodfit", *args.peers)
        if not path_of(args, experiment, method, seed).exists()
    ]
    end = time.monotonic() + args.seconds
    keep_to = lambda: os.sched_setaffinity(0, {cores.get()})
    with ThreadPoolExecutor(args.processes, initializer=keep_to) as pool:
        # None for one that was not begun.
        done = pool.map(lambda run: record(args, *run) if time.monotonic() < end else None, missing)
        if None in list(done):
            print("the time is over; the same command goes on")


def recorded(args, experiment, method):
    """The runs of a method."""
    paths = sorted((args.runs / experiment).glob(f"{method.replace(':', '-')}.*.json"))
    return [json.loads(path.read_text()) for path in paths]


def name_of(experiment, number):
    """An arm as the table calls it."""
    if experiment in NETWORKS:
        return "the network"
    arm = EXPERIMENTS[experiment].arms[number]
    std = arm.init if isinstance(arm.init, str) else f"std {arm.init:.3g}"
    return {
        "weight-init": std,
        "batch-norm": f"{std}, {'with' if arm.batch_norm else 'without'}",
        "weight-decay": f"decay {arm.weight_decay:g}",
        "dropout": f"dropout {arm.dropout or 0:g}",
    }[experiment]


def samples(experiment, runs):
    """(arm, quantity) -> a value a seed, in the order of arms and quantities; None where it is not finite."""
    out = {}
    for run in runs:
        of_run = by_rate(run) if experiment == "search" else {name_of(experiment, int(i)): v for i, v in run["arms"].items()}
        for arm, points in of_run.items():
            for quantity in QUANTITIES:
                if quantity in points:
                    out.setdefault((arm, quantity), []).append(points[quantity])
    return out


def by_rate(run):
    """The trials of a search by half decades of their learning rates: the mean held-out accuracy of each."""
    groups = {}
    for trial in run["arms"].values():
        groups.setdefault(math.floor(2 * math.log10(trial["learning_rate"])), []).append(trial["held_out_accuracy"])
    return {f"rate from 1e{k / 2:g}": {"held_out_accuracy": mean(groups[k])} for k in sorted(groups)}


def welch(ours, theirs):
    """Difference of the means, half its 95 % interval, and p of Welch's test of equal means.

    Two samples that do not vary are the same (p = 1) or are not (p = 0).
    """
    difference = mean(ours) - mean(theirs)
    of_ours, of_theirs = variance(ours) / len(ours), variance(theirs) / len(theirs)
    both = of_ours + of_theirs
    if both == 0:
        return difference, 0.0, float(difference == 0)
    freedom = both**2 / (of_ours**2 / (len(ours) - 1) + of_theirs**2 / (len(theirs) - 1))
    half = float(stats.t.ppf(0.975, freedom)) * both**0.5
    return difference, half, float(2 * stats.t.sf(abs(difference) / both**0.5, freedom))


def holm(p):
    """Holm's corrected p: the i-th smallest of m times (m - i), i from 0, never below the one before, at most 1."""
    out, least = {}, 0.0
    for i, key in enumerate(sorted(p, key=p.get)):
        least = max(least, min(1.0, p[key] * (len(p) - i)))
        out[key] = least
    return out


def compared(experiment, peer, ours, theirs):
    """The lines of one experiment."""
    mine, other = samples(experiment, ours), samples(experiment, theirs)
    finite = lambda values: [value for value in values if value is not None]
    places = [place for place in mine if place in other]
    tests = {
        place: welch(finite(mine[place]), finite(other[place]))
        for place in places
        if min(len(finite(mine[place])), len(finite(other[place]))) > 1
    }
    corrected = holm({place: p for place, (_, _, p) in tests.items()})
    differ = [place for place in places if corrected.get(place, 1) < LEVEL]
    lines = [f"{experiment}: {len(ours)} seeds of goodfit, {len(theirs)} of {peer}; {len(tests)} comparisons, {len(differ)} differ"]
    lines.append(f"  {'arm':22}{'last point of':20}{'goodfit':>9}{peer:>9}{'difference':>12}{'+-':>9}{'p':>8}{'Holm':>8}")
    for place in places:
        said = f"  {place[0]:22}{place[1].replace('_', ' '):20}"
        if place not in tests:
            counts = " and ".join(f"{len(finite(of[place]))} of {len(of[place])}" for of in (mine, other))
            lines.append(f"{said}finite in {counts}")
            continue
        difference, half, p = tests[place]
        means = f"{mean(finite(mine[place])):9.4f}{mean(finite(other[place])):9.4f}"
        star = " *" if place in differ else ""
        lines.append(f"{said}{means}{difference:+12.4f}{half:9.4f}{p:8.4f}{corrected[place]:8.4f}{star}")
    return lines + [""]


def summary(args):
    lines = ["Last points of goodfit and of its peers; `python agreement.py` in benchsuite/training. +-: half the 95 % interval"]
    lines.append("of the difference; p: Welch's; Holm: corrected over the arms and quantities of the experiment; * below 0.05.")
    runs = {(e, m): recorded(args, e, m) for e in args.experiments for m in ("goodfit", *args.peers)}
    every = [run for of in runs.values() for run in of]
    if not every and args.mnist:
        return
    if not every:
        raise SystemExit(f"error: there are no runs in {args.runs}")
    lines += sorted({
        f"{cpu}, {' to '.join(sorted({dates[0], dates[-1]}))}"
        for cpu in {run["machine"]["cpu"] for run in every}
        if (dates := sorted(run["date"] for run in every if run["machine"]["cpu"] == cpu))
    })
    lines += sorted({f"goodfit {p['version']}, SHA-256 {p['sha256']}" for run in every if (p := run.get("program"))})
    lines += sorted({", ".join(f"{k} {v}" for k, v in run["machine"]["versions"].items()) for run in every})
    lines.append("")
    for peer in args.peers:
        for experiment in args.experiments:
            ours, theirs = runs[experiment, "goodfit"], runs[experiment, peer]
            if min(len(ours), len(theirs)) > 1:
                lines += compared(experiment, peer, ours, theirs)
    text = "\n".join(line.rstrip() for line in lines)
    (args.runs / "summary.txt").write_text(text)
    print(text, end="")


def main():
    args = arguments()
    if args.mnist:
        train(args)
    summary(args)


if __name__ == "__main__":
    main()
