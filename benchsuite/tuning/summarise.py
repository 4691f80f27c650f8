"""Reads the runs of two methods, pairs them by problem and seed, and prints who is better and how surely.

    python summarise.py goodfit-tpe optuna-tpe

The normalised regret of a run after n trials is

    r = (best loss so far - optimum) / (loss of the median random draw - optimum), at most 1

so 0 is the optimum and 1 no better than a single random draw. It was fixed before any result was looked at. A
linear scale counts what a user would notice: on most functions both methods get below 1 % of the random loss, and
which of 1e-4 and 1e-6 it is matters to nobody who tunes by 200 trials. The second measure tells these apart all the
same: log10 r, not below -4, divided by 4, so that 0 is a random draw and -1 a ten-thousandth of it.

The difference of a pair is ours minus theirs: negative is better. Its mean is over problems of the mean over
seeds, as every problem counts once; the upper bound of 95 % is the quantile 0.95 over 10,000 bootstrap samples of
problems, each with its seeds drawn again. `not inferior` means: that bound is at most 0.02.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import problems

HERE = Path(__file__).resolve().parent
MARGIN = 0.02
N_BOOTSTRAP = 10_000
LEAST = 1e-4


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("theirs")
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs" / "tuning")
    parser.add_argument("--dimensions", nargs="+", type=int, default=list(problems.DIMENSIONS))
    parser.add_argument("--per-problem", action="store_true")
    return parser.parse_args()


def results(folder):
    """Best losses by problem and seed."""
    paths = sorted(folder.glob("*/*.json"))
    return {(path.parent.name, int(path.stem)): json.loads(path.read_text()) for path in paths}


def regret(best, reference):
    """Normalised regret."""
    r = (best - reference["optimum"]) / (reference["random"] - reference["optimum"])
    return min(max(r, 0.0), 1.0)


def upper_bound(differences, stream):
    """The quantile 0.95 of the mean over problems, of a list of differences by seed for each problem."""
    means = np.empty((len(differences), N_BOOTSTRAP))
    for row, values in zip(means, differences):
        row[:] = values[stream.integers(len(values), size=(N_BOOTSTRAP, len(values)))].mean(axis=1)
    picked = stream.integers(len(differences), size=(N_BOOTSTRAP, len(differences)))
    return float(np.quantile(means[picked, np.arange(N_BOOTSTRAP)[:, None]].mean(axis=1), 0.95))


def compare(title, pairs, references, n):
    """One line of the table."""
    by_problem = {}
    for (name, seed), (ours, theirs) in pairs.items():
        if n in ours and n in theirs:
            reference = references[f"{name}/{seed}"]
            by_problem.setdefault(name, []).append((regret(ours[n], reference), regret(theirs[n], reference)))
    if not by_problem:
        return
    stream = np.random.default_rng(20260101)
    regrets = [np.array(values) for values in by_problem.values()]
    logs = [np.log10(np.maximum(values, LEAST)) / 4.0 for values in regrets]
    cells = [f"{title:12} {n:>4} {sum(map(len, regrets)):>5}"]
    for values in (regrets, logs):
        ours, theirs = (np.mean([rows[:, i].mean() for rows in values]) for i in (0, 1))
        bound = upper_bound([rows[:, 0] - rows[:, 1] for rows in values], stream)
        verdict = "not inferior" if bound <= MARGIN else "open" if ours - theirs <= MARGIN else "worse"
        cells.append(f"{ours:8.4f} {theirs:8.4f} {ours - theirs:+8.4f} {bound:+8.4f} {verdict:12}")
    wins = np.mean([((rows[:, 0] < rows[:, 1]) + 0.5 * (rows[:, 0] == rows[:, 1])).mean() for rows in regrets])
    print(" | ".join(cells) + f" | {wins:5.1%}")
    return {name: values for name, values in zip(by_problem, logs)}


def main():
    args = arguments()
    ours, theirs = results(args.runs / args.ours), results(args.runs / args.theirs)
    wanted = set(problems.names(dimensions=args.dimensions))
    pairs = {key: (ours[key], theirs[key]) for key in sorted(ours.keys() & theirs.keys()) if key[0] in wanted}
    references = problems.references(args.runs, pairs)
    print(f"{args.ours} against {args.theirs}: {len(pairs)} pairs")
    head = f"{'ours':>8} {'theirs':>8} {'mean':>8} {'95 %':>8} {'':12}"
    print(f"{'problems':12} {'n':>4} {'pairs':>5} | {'regret':^48} | {'log10 regret / 4':^48} | wins")
    print(f"{'':23} | {head} | {head} |")
    for n in ("30", "100", "200"):
        groups = [("all", "")] + [(f"bbob {d}D", f"-d{d:02}") for d in args.dimensions] + [("tables", "hpo-")]
        for title, part in groups:
            chosen = {key: pair for key, pair in pairs.items() if part in key[0]}
            logs = compare(title, chosen, references, n)
            if args.per_problem and title == "all" and logs:
                for name, values in logs.items():
                    print(f"  {name:32} {4 * values[:, 0].mean():+7.3f} {4 * values[:, 1].mean():+7.3f}")


if __name__ == "__main__":
    main()
