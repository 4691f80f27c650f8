"""Writes fingerprints.json: the fingerprints of CSV files by the xxhash library, over bytes laid out as the documentation of
`goodfit::data::table::DataFile` says.

    pip install xxhash==3.5.0
    python make.py
"""

import csv
import json
import pathlib

import xxhash

HERE = pathlib.Path(__file__).parent
FILES = ["../../examples/penguins.csv", "../tables/table.csv"]


def length(n):
    return n.to_bytes(8, "little")


def fingerprint(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    hasher = xxhash.xxh3_128()
    hasher.update(length(len(rows[0])))
    for cell in (cell.encode() for row in rows for cell in row):
        hasher.update(length(len(cell)) + cell)
    return {"rows": len(rows) - 1, "columns": len(rows[0]), "fingerprint": hasher.hexdigest()}


prints = {name.rsplit("/")[-1]: fingerprint(HERE / name) for name in FILES}
(HERE / "fingerprints.json").write_text(json.dumps(prints, indent=2) + "\n")
