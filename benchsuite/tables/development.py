"""Settings of goodfit on the sets of development.toml, by none of which it is judged: what its defaults are chosen by.

    python development.py --splits 0 1 > ../runs/tables-development.txt

Each line compares a setting with the same preset without it: the difference of the scores in the shares of the gain over
the baseline, and on how many sets it is better, by the mean over the splits. Splits are drawn as those of sets.toml, by
other seeds.
"""

import argparse
import os
import sys
import tomllib
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np

import data
import goodfit
import methods
from scores import scores

HERE = Path(__file__).resolve().parent
SEEDS = [201, 202, 203]
ENSEMBLE = ["--set", "training.ensemble=4"]
# Name -> preset, options.
VARIANTS = {
    "realmlp": ("realmlp", []),
    "realmlp, ensemble of 4": ("realmlp", ENSEMBLE),
    "plain": ("plain", []),
    "plain, ensemble of 4": ("plain", ENSEMBLE),
}


def task(spec: dict, table, split: int, program: str) -> methods.Task:
    """The rows of a split; each command gets one core, so that as many run at a time as there are."""
    train, test = data.split(len(table), SEEDS[split])
    target = spec["target"]
    features = table.drop(columns=target)
    classes = sorted(table[target].unique()) if spec["task"] != "regression" else []
    rows = [part.reset_index(drop=True) for part in (features.iloc[train], table[target].iloc[train], features.iloc[test])]
    return methods.Task(spec["task"], *rows, classes, split, program, 1)


def score(spec: dict, table, split: int, predicted: np.ndarray, classes: list[str]) -> float:
    """The score that decides."""
    _, test = data.split(len(table), SEEDS[split])
    return scores(spec["task"], table[spec["target"]].iloc[test], predicted, classes)[data.METRIC[spec["task"]]]


def gains(name: str, spec: dict, splits: list[int], program: str) -> dict[str, float]:
    """Of each variant the mean gain over the baseline."""
    table = data.load(spec)
    found = {variant: [] for variant in VARIANTS}
    for split in splits:
        rows = task(spec, table, split, program)
        least = score(spec, table, split, methods.method("baseline")(rows), rows.classes)
        for variant, (preset, more) in VARIANTS.items():
            predicted = goodfit.run(task(spec, table, split, program), preset=preset, search=False, more=more)
            found[variant].append(score(spec, table, split, predicted, rows.classes) - least)
    print(name, file=sys.stderr, flush=True)
    return {variant: float(np.mean(own)) for variant, own in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", nargs="+", type=int, default=[0])
    parser.add_argument("--program", default=str(HERE.parents[1] / "target/release/goodfit"))
    args = parser.parse_args()
    sets = tomllib.loads((HERE / "development.toml").read_text(encoding="utf-8"))
    shared = set(sets) & set(data.sets()) | {s["source"] for s in sets.values()} & {s["source"] for s in data.sets().values()}
    if shared:
        raise ValueError(f"{sorted(shared)} are sets that goodfit is judged on")
    with ThreadPool(os.cpu_count()) as pool:
        of_sets = pool.starmap(gains, [(name, spec, args.splits, args.program) for name, spec in sets.items()], chunksize=1)
    scale = [max(own.values()) for own in of_sets]
    print(f"Settings of goodfit on the {len(sets)} sets of development.toml, {len(args.splits)} splits each;")
    print("`python development.py --splits", *args.splits, "` in benchsuite/tables.\n")
    print(f"{'setting':26}{'normalised':>10}{'better on':>12}  difference on each set, least to greatest")
    for variant, (preset, _) in VARIANTS.items():
        normalised = np.array([own[variant] / top for own, top in zip(of_sets, scale, strict=True)])
        without = np.array([own[preset] / top for own, top in zip(of_sets, scale, strict=True)])
        print(f"{variant:26}{normalised.mean():10.4f}", end="")
        if variant != preset:
            differences = np.sort(normalised - without)
            print(f"{(differences > 0).sum():9} of {len(sets):2}  {' '.join(f'{d:+.3f}' for d in differences)}", end="")
        print()


if __name__ == "__main__":
    main()
