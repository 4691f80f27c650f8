"""From the recorded runs to tables: seconds, ratios to the best peer, what was learnt.

    python summarise.py [--runs FOLDER] > ../runs/training/summary.txt

Every figure is the median over the rounds. (a) is the best of the peers that run in one process, (b) the best of those
that divide the arms over one-thread processes. "ratio" is their time over goodfit's as run; "dense" over goodfit's
when it skips no zeros; "compiled" takes the peers' second training in the same process, without their compilation.
"peak" is the time that the dense multiply-adds would take at the measured peak of all cores together. Of the larger
networks an epoch after the first counts, in which some compile; "share of peak" is by the same multiply-adds, though goodfit
skips those by zeros of the inputs.
"""

import argparse
import json
import math
from collections import Counter
from pathlib import Path
from statistics import median

from experiments import EXPERIMENTS
from networks import NETWORKS
from networks import multiply_adds as multiply_adds_of_epoch

HERE = Path(__file__).resolve().parent
# Rows that an evaluation takes besides the training rows.
HELD_OUT = {"test": 10_000, "validation": 100, None: 0}


def multiply_adds(experiment):
    """Of the dense network: forward, backward without the first layer's input gradient, evaluations."""
    sizes = [784, *experiment.hidden, 10]
    layers = [a * b for a, b in zip(sizes, sizes[1:])]
    step = experiment.batch_size * (3 * sum(layers) - layers[0])
    if experiment.loss_after_update:
        step += experiment.batch_size * sum(layers)
    n_evaluations = math.ceil(experiment.n_steps / experiment.evaluate_every) if experiment.evaluate_every else 0
    rows = experiment.train_rows + HELD_OUT[experiment.held_out]
    return len(experiment.arms) * (experiment.n_steps * step + n_evaluations * rows * sum(layers))


def load(folder):
    """By method the recorded runs."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        found.setdefault(path.name.rsplit(".", 2)[0], []).append(json.loads(path.read_text()))
    return found


def last(runs, key):
    """Mean over the arms that stay finite, of all rounds."""
    values = [arm.get(key) for run in runs for arm in run.get("arms", {}).values()]
    values = [value for value in values if value is not None and math.isfinite(value)]
    return sum(values) / len(values) if values else math.nan


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip())
    print()


def larger_networks(folder):
    """Seconds of an epoch, of whatever is recorded."""
    rows = [["larger networks", "method", "s an epoch", "the first", "ratio", "share of peak", "late train loss", "test accuracy"]]
    for name, network in NETWORKS.items():
        methods = load(folder / name)
        epoch = {m: median(s for r in rs for s in r["epochs"][1:]) for m, rs in methods.items()}
        for method, runs in sorted(methods.items(), key=lambda item: epoch[item[0]]):
            first = median(run["epochs"][0] for run in runs)
            peak = median(p for run in runs for p in run["peak_gflops"])
            share = 2e-9 * multiply_adds_of_epoch(network) / epoch[method] / peak
            ratio = epoch[method] / epoch.get("goodfit", math.nan)
            learnt = (median(run[key] for run in runs) for key in ("late_train_loss", "test_accuracy"))
            rows.append([name, method, *(f"{v:.2f}" for v in (epoch[method], first, ratio)), f"{share:.0%}",
                         *(f"{v:.4f}" for v in learnt)])
    if len(rows) > 1:
        table(rows)


def head(every):
    """Machines, dates, rounds and versions of the recorded runs."""
    print("The chapter's trainings and two larger networks; `python summarise.py` in benchsuite/training.")
    by_machine = {}
    for method, run in every:
        of = run["machine"]
        versions = ", ".join(f"{name} {version}" for name, version in of["versions"].items())
        said = f"{of['cpu']}, {of['cores']} cores, Python {of['python']}, {versions}"
        by_machine.setdefault(said, []).append(run["date"])
    for said, dates in sorted(by_machine.items()):
        days = sorted({min(dates), max(dates)})
        print(f"{said}: {len(dates)} runs, {' to '.join(days)}")
    programs = Counter(program_of(run) for method, run in every if method.startswith("goodfit"))
    for program, n in sorted(programs.items()):
        print(f"goodfit {program}: {n} runs")
    print()


def program_of(run):
    """Which program a run of goodfit is of, where it tells."""
    told = run.get("program")
    return f"{told['version']}, SHA-256 {told['sha256'][:12]}" if told else "of which the runs do not tell more"


def chapter(folder):
    """Seconds, ratios and last points of the experiments that goodfit has been timed on."""
    runs = {name: load(folder / name) for name in EXPERIMENTS}
    runs = {name: methods for name, methods in runs.items() if "goodfit" in methods}
    if not runs:
        return
    seconds = {n: {m: median(r["seconds"] for r in rs) for m, rs in methods.items()} for n, methods in runs.items()}
    compiled = {
        n: {m: median(r.get("seconds_compiled", r["seconds"]) for r in rs) for m, rs in methods.items()}
        for n, methods in runs.items()
    }
    methods = sorted({method for found in seconds.values() for method in found})
    rows = [["seconds", *methods, "peak"]]
    for name, found in seconds.items():
        peaks = [p for rs in runs[name].values() for r in rs for p in r["peak_gflops"]]
        at_peak = 2e-9 * multiply_adds(EXPERIMENTS[name]) / median(peaks)
        rows.append([name, *(f"{found[m]:.2f}" if m in found else "" for m in methods), f"{at_peak:.2f}"])
    table(rows)

    rows = [["", "(a) best", "ratio", "dense", "compiled", "(b) best", "ratio", "dense", "compiled"]]
    for name, found in seconds.items():
        row = [name]
        ours, dense = found["goodfit"], found.get("goodfit-dense", math.nan)
        for group in (lambda m: not m.endswith("-split"), lambda m: m.endswith("-split")):
            peers = [m for m in found if not m.startswith("goodfit") and group(m)]
            if not peers:
                row += [""] * 4
                continue
            best, fast = min(found[m] for m in peers), min(compiled[name][m] for m in peers)
            row += [min(peers, key=found.get), f"{best / ours:.2f}", f"{best / dense:.2f}", f"{fast / ours:.2f}"]
        rows.append(row)
    table(rows)
    for words, is_split in (("one process, (a)", False), ("one-thread processes, (b)", True)):
        peers = lambda found: [found[m] for m in found if not m.startswith("goodfit") and m.endswith("-split") == is_split]
        names = [name for name, found in seconds.items() if peers(found)]
        if not names:
            continue
        best, fast = (sum(min(peers(of[name])) for name in names) for of in (seconds, compiled))
        ours, dense = (sum(seconds[name].get(m, math.nan) for name in names) for m in ("goodfit", "goodfit-dense"))
        which = "all together" if len(names) == len(EXPERIMENTS) else ", ".join(names)
        print(f"{which}, {words}: the best peers {best:.1f} s, goodfit {ours:.1f} s, ratio {best / ours:.2f}, "
              f"dense {best / dense:.2f}, compiled {fast / ours:.2f}")
    print()

    outside_of_training(runs)
    last_points(runs)


def outside_of_training(runs):
    """What of goodfit's processes is not training: start, decoding of the data, report."""
    rows = [["goodfit", "s", "of them start, data, report", "share"]]
    for name, methods in runs.items():
        whole = median(run["seconds"] for run in methods["goodfit"])
        other = median(run["seconds"] - run["training_seconds"] for run in methods["goodfit"])
        rows.append([name, f"{whole:.2f}", f"{other:.3f}", f"{other / whole:.1%}"])
    table(rows)


def last_points(runs):
    """What was learnt, one number a method; agreement.py tests it, with more seeds."""
    print("last points, mean over arms and rounds; agreement.py tests them by arm, with more seeds")
    rows = [["", "method", "rounds", "late train loss", "train accuracy", "held-out accuracy"]]
    for name, methods in runs.items():
        for method, recorded in sorted(methods.items()):
            values = [last(recorded, key) for key in ("late_train_loss", "train_accuracy", "held_out_accuracy")]
            cells = ("" if math.isnan(value) else f"{value:.4f}" for value in values)
            rows.append([name, method, str(len(recorded)), *cells])
    table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs" / "training")
    folder = parser.parse_args().runs
    folders = [folder / name for name in EXPERIMENTS] + [folder / "large" / name for name in NETWORKS]
    every = [(method, run) for of in folders for method, runs in load(of).items() for run in runs]
    if not every:
        parser.error(f"there are no runs in {folder}")
    head(every)
    chapter(folder)
    larger_networks(folder / "large")


if __name__ == "__main__":
    main()
