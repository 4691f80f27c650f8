"""Settings of goodfit on the sets of development.toml, by none of which it is judged: what its defaults are chosen by.

    python development.py --splits 0 1 > ../runs/tables-development.txt

Each line compares a setting with the first one of its part: normalised scores as in the summary, their differences, and on how
many sets it is better, by the mean over the splits. Splits are drawn as those of sets.toml, by other seeds.
"""

import argparse
import datetime
import hashlib
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
FEW_ROWS = 2000


def setting(*settings: str) -> list[str]:
    return [word for one in settings for word in ("--set", one)]


# Part -> most rows of a table, and setting -> preset, options of a search or None, options of a training.
PARTS = {
    "train": (
        None,
        {
            "realmlp": ("realmlp", None, []),
            "realmlp, ensemble of 4": ("realmlp", None, setting("training.ensemble=4")),
        },
    ),
    "train --preset plain": (
        None,
        {
            "plain": ("plain", None, []),
            "plain, ensemble of 4": ("plain", None, setting("training.ensemble=4")),
        },
    ),
    f"search, 50 trials, of fewer than {FEW_ROWS} rows": (
        FEW_ROWS,
        {
            "one network": ("realmlp", setting("data.validation=0.2", "training.ensemble=1"), []),
            "ensemble of 4": ("realmlp", setting("data.validation=0.2", "training.ensemble=4"), []),
            "ensemble of 4, 5 folds": ("realmlp", setting("search.folds=5", "training.ensemble=4"), []),
        },
    ),
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


def gains(name: str, spec: dict, most: int | None, variants: dict, args: argparse.Namespace) -> dict[str, float] | None:
    """Of each variant the mean gain over the baseline; `None` for a table of more rows."""
    table = data.load(spec)
    if most and len(data.split(len(table), SEEDS[0])[0]) >= most:
        return None
    found = {variant: [] for variant in variants}
    for split in args.splits:
        rows = task(spec, table, split, args.program)
        least = score(spec, table, split, methods.method("baseline")(rows), rows.classes)
        for variant, (preset, search, more) in variants.items():
            predicted = goodfit.run(task(spec, table, split, args.program), preset=preset, search=search, more=more)
            found[variant].append(score(spec, table, split, predicted, rows.classes) - least)
    print(name, file=sys.stderr, flush=True)
    return {variant: float(np.mean(own)) for variant, own in found.items()}


def part(name: str, of_sets: list[dict[str, float]]) -> list[str]:
    """A line for each setting."""
    lines = ["", f"{name}: {len(of_sets)} sets", f"{'setting':26}{'normalised':>10}{'better on':>12}  differences, least to greatest"]
    scale = [max(own.values()) for own in of_sets]
    normalised = {v: np.array([own[v] / top for own, top in zip(of_sets, scale, strict=True)]) for v in of_sets[0]}
    first = next(iter(normalised.values()))
    for variant, own in normalised.items():
        line = f"{variant:26}{own.mean():10.4f}"
        if own is not first:
            differences = np.sort(own - first)
            line += f"{(differences > 0).sum():6} of {len(own):2}  {' '.join(f'{d:+.3f}' for d in differences)}"
        lines.append(line)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", nargs="+", type=int, default=[0], choices=range(len(SEEDS)))
    parser.add_argument("--program", default=str(HERE.parents[1] / "target/release/goodfit"))
    args = parser.parse_args()
    sets = tomllib.loads((HERE / "development.toml").read_text(encoding="utf-8"))
    judged = data.sets()
    shared = set(sets) & set(judged) or {s["source"] for s in sets.values()} & {s["source"] for s in judged.values()}
    if shared:
        raise ValueError(f"{sorted(shared)} are sets that goodfit is judged on")
    lines = [f"Settings of goodfit on sets of development.toml, {len(args.splits)} splits of each;"]
    lines.append(f"`python development.py --splits {' '.join(map(str, args.splits))}` in benchsuite/tables.")
    program = hashlib.sha256(Path(args.program).read_bytes()).hexdigest()[:12]
    lines.append(f"goodfit program {program}, {datetime.date.today()}")
    with ThreadPool(os.cpu_count()) as pool:
        for name, (most, variants) in PARTS.items():
            found = pool.starmap(gains, [(n, spec, most, variants, args) for n, spec in sets.items()], chunksize=1)
            lines += part(name, [own for own in found if own])
    print("\n".join(lines))


if __name__ == "__main__":
    main()
