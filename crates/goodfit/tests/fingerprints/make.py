"""Writes fingerprints.json: the fingerprints of CSV files by the xxhash library, over bytes laid out as the documentation of
`goodfit::data::table::DataFile` says.

    pip install xxhash==3.5.0
    python make.py
"""

import csv
import datetime
import json
import pathlib
import re
import struct

import xxhash

HERE = pathlib.Path(__file__).parent
MISSING = ["", "na", "n/a", "nan", "null", "none", "?"]
FILES = ["../../examples/penguins.csv", "../tables/table.csv"]


def length(n):
    return n.to_bytes(8, "little")


def number(x):
    """As 64 bits, -0 as 0."""
    return struct.pack("<d", x + 0.0)


def rounded(x):
    """To 32 bits where it is not whole."""
    return x if x.is_integer() else struct.unpack("<f", struct.pack("<f", x))[0]


def text(cell):
    return length(len(cell.encode())) + cell.encode()


def days(cell):
    """Since 1970-01-01 in UTC; none where it is no date with the year first."""
    try:
        moment = datetime.datetime.fromisoformat(cell)
    except ValueError:
        return None
    since = moment.replace(tzinfo=moment.tzinfo or datetime.UTC) - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return since.total_seconds() / 86_400


def is_number(cell):
    try:
        return re.match(r"[+-]*[0-9.iI]", cell) is not None and float(cell) is not None
    except ValueError:
        return False


def column(cells):
    """The bytes of the cells of a column."""
    is_missing = [cell.lower() in MISSING for cell in cells]
    texts = [cell for cell, missing in zip(cells, is_missing) if not missing and not is_number(cell)]
    are_dates = bool(texts) and all(days(cell) is not None for cell in texts)
    for cell, missing in zip(cells, is_missing):
        if missing:
            yield b"\0"
        elif is_number(cell):
            yield b"\1" + number(rounded(float(cell)))
        elif are_dates:
            yield b"\2" + number(days(cell))
        else:
            yield b"\3" + text(cell)


def fingerprint(path):
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    columns = [list(column(cells)) for cells in zip(*rows)]
    hasher = xxhash.xxh3_128()
    hasher.update(length(len(names)) + b"".join(map(text, names)))
    for row in zip(*columns):
        hasher.update(b"".join(row))
    return {"rows": len(rows), "columns": len(names), "fingerprint": hasher.hexdigest()}


prints = {name.rsplit("/")[-1]: fingerprint(HERE / name) for name in FILES}
(HERE / "fingerprints.json").write_text(json.dumps(prints, indent=2) + "\n")
