"""Reads runs/, writes the figures that the tests hold goodfit against, and prints them.

    python summarise.py

Every figure is {"mean", "sd", "n"} over seeds, sd with n - 1 (null for one seed). Accuracies and
losses are those of the last recorded point, unless their name says otherwise:

- weight-init, `train_loss_100`: mean loss over the 100 steps that end at step 100, 500, 1000, 2000,
  counted from 1.
- batch-norm, `scales_reaching_half`: of the 16 scales, how many end at 0.5 or more.
- activations: per layer over all its values; sd is that of the population, zeros the share of
  values equal to 0.
- search: over the trials of one seed, quartiles with linear interpolation, the best, and the shares
  of trials that end above 0.3, 0.5 and 0.7.
- search-pairs: each arm is a pair of learning rate and weight decay.
"""

import json
import re
from pathlib import Path
from statistics import fmean, quantiles, stdev

HERE = Path(__file__).parent
TARGET = HERE.parent.parent / "crates" / "goodfit" / "tests" / "textbook.json"
EXPERIMENTS = ["activations", "weight-init", "batch-norm", "weight-decay", "dropout", "search"]
EXPERIMENTS += ["search-pairs"]
WINDOW_ENDS = [100, 500, 1000, 2000]
ABOVE = {"above_0.3": 0.3, "above_0.5": 0.5, "above_0.7": 0.7}


def round6(value):
    return float(f"{value:.6g}")


def over_seeds(values):
    sd = round6(stdev(values)) if len(values) > 1 else None
    return {"mean": round6(fmean(values)), "sd": sd, "n": len(values)}


def arms_of(runs):
    """Arm name -> that arm of every run, in order of seed."""
    names = [arm["name"] for arm in runs[0]["arms"]]
    return {
        name: [next(arm for arm in run["arms"] if arm["name"] == name) for run in runs]
        for name in names
    }


def last_points(entries):
    return {
        curve: over_seeds([entry["curves"][curve]["value"][-1] for entry in entries])
        for curve in entries[0]["curves"]
    }


def activations(runs):
    def layer(entries, k):
        measures = ["mean", "sd", "zeros"]
        return {m: over_seeds([entry["layers"][k][m] for entry in entries]) for m in measures}

    return {
        "arms": {
            name: {"layers": [layer(entries, k) for k in range(len(entries[0]["layers"]))]}
            for name, entries in arms_of(runs).items()
        }
    }


def weight_init(runs):
    def windows(entries):
        losses = [entry["curves"]["train_loss"]["value"] for entry in entries]
        return {
            str(end): over_seeds([fmean(values[end - 100 : end]) for values in losses])
            for end in WINDOW_ENDS
        }

    return {
        "arms": {
            name: last_points(entries) | {"train_loss_100": windows(entries)}
            for name, entries in arms_of(runs).items()
        }
    }


def batch_norm(runs):
    arms = arms_of(runs)

    def reaching_half(side):
        finals = [
            [entry["curves"]["train_accuracy"]["value"][-1] for entry in entries]
            for name, entries in arms.items()
            if name.endswith(f" {side}")
        ]
        by_seed = zip(*finals, strict=True)
        return over_seeds([sum(value >= 0.5 for value in of_seed) for of_seed in by_seed])

    return {
        "scales_reaching_half": {side: reaching_half(side) for side in ["on", "off"]},
        "arms": {
            name: {"std": entries[0]["std"]} | last_points(entries)
            for name, entries in arms.items()
        },
    }


def overfitting(runs):
    return {"arms": {name: last_points(entries) for name, entries in arms_of(runs).items()}}


def search(runs):
    def final_accuracy(run):
        finals = [t["curves"]["validation_accuracy"]["value"][-1] for t in run["trials"]]
        lower, median, upper = quantiles(finals, n=4, method="inclusive")
        return {
            "lower_quartile": round6(lower),
            "median": round6(median),
            "upper_quartile": round6(upper),
            "best": max(finals),
            **{name: fmean(value > least for value in finals) for name, least in ABOVE.items()},
        }

    per_seed = [final_accuracy(run) for run in runs]
    return {
        "trials": len(runs[0]["trials"]),
        "validation_accuracy": {
            measure: over_seeds([figures[measure] for figures in per_seed])
            for measure in per_seed[0]
        },
        "per_seed": per_seed,
    }


SUMMARIES = {
    "activations": activations,
    "weight-init": weight_init,
    "batch-norm": batch_norm,
    "weight-decay": overfitting,
    "dropout": overfitting,
    "search": search,
    "search-pairs": overfitting,
}


def print_figures(figures, path=""):
    """One line for each figure under `figures`."""
    if isinstance(figures, list):
        figures = {str(k + 1): entry for k, entry in enumerate(figures)}
    if not isinstance(figures, dict):
        return
    if set(figures) == {"mean", "sd", "n"} and not isinstance(figures["mean"], dict):
        sd = "-" if figures["sd"] is None else f"{figures['sd']:.4f}"
        print(f"{path:<62}{figures['mean']:>9.4f}  sd {sd:>7}  n {figures['n']}")
        return
    for name, entry in figures.items():
        if name not in ("arms", "per_seed"):
            print_figures(entry, f"{path} / {name}" if path else name)
        elif name == "arms":
            print_figures(entry, path)


def main():
    summary = {}
    for experiment in EXPERIMENTS:
        files = (HERE / "runs").glob(f"{experiment}-[0-9]*.json")
        runs = sorted((json.loads(file.read_text()) for file in files), key=lambda run: run["seed"])
        if not runs:
            continue
        seeds = [run["seed"] for run in runs]
        seconds = fmean(run["wall_seconds"] for run in runs)
        print(f"{experiment}: seeds {seeds}, {seconds:.1f} s a seed")
        figures = SUMMARIES[experiment](runs)
        print_figures(figures, experiment)
        summary[experiment] = {"seeds": seeds} | figures
    written_by = "benchsuite/textbook/summarise.py from benchsuite/textbook/runs"
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"written_by": written_by} | summary, indent=1)
    # A figure and a list of seeds take one line each.
    for one_line in [r'\{\s+"mean": [^{}]+\}', r"\[[\s\d,]+\]"]:
        text = re.sub(one_line, lambda found: " ".join(found[0].split()), text)
    TARGET.write_text(text + "\n")


if __name__ == "__main__":
    main()
