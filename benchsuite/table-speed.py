#!/usr/bin/env python3
"""How fast tables are read and predicted, and with how much memory. Needs Linux or another Unix and 5 GB of disk.

    cargo build --release -p goodfit
    python3 benchsuite/table-speed.py [PYTHON] [--rows N]

A table of N rows (1,000,000) and 21 columns (16 of numbers, one of them with gaps, 4 of texts, a date) is described, trained on
for a step and predicted; the same rows seven times over are described, plain, packed by gzip and from the standard input. A
PYTHON that has pandas and pyarrow makes Parquet of both, and zstd of the first, which are described as well, and reads CSV and
Parquet as a peer. The float matrix is rows x columns x 4 bytes. Peak memory above 1.5 times that, or 1,000,000 predictions in
more than 5 s, end with status 1. Fewer rows than a million are a rehearsal, by which no bound is held.
"""

import argparse
import gzip
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOODFIT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "goodfit"
ROWS, NUMBERS, COLUMNS, TIMES = 1_000_000, 15, 21, 7
PEERS = {
    "pandas.read_csv": "import sys, pandas; print(len(pandas.read_csv(sys.argv[1])))",
    "pandas.read_parquet": "import sys, pandas; print(len(pandas.read_parquet(sys.argv[1])))",
    "pyarrow.parquet": "import sys, pyarrow.parquet as p; print(len(p.read_table(sys.argv[1])))",
}
# The rows of one table as Parquet, once and seven times, and as CSV packed by zstd.
COPIES = """
import shutil, sys
import pyarrow as pa, pyarrow.csv as pc, pyarrow.parquet as pq
source, once, often, packed, times = *sys.argv[1:5], int(sys.argv[5])
table = pc.read_csv(source)
pq.write_table(table, once)
with pq.ParquetWriter(often, table.schema) as writer:
    for _ in range(times):
        writer.write_table(table)
with open(source, "rb") as rows, pa.CompressedOutputStream(packed, "zstd") as out:
    shutil.copyfileobj(rows, out, 1 << 20)
"""


def write(folder, n_rows):
    """The table, its rows seven times over, and these packed by gzip."""
    draw = random.Random(1)
    small, large = folder / "small.csv", folder / "large.csv"
    head = ",".join([*(f"x{i}" for i in range(NUMBERS)), "city", "kind", "size", "paid", "day", "y"]) + "\n"
    lines = []
    for _ in range(n_rows):
        numbers = [f"{draw.gauss(0, 1):.5f}" for _ in range(NUMBERS)]
        if draw.random() < 0.1:
            numbers[0] = ""
        texts = [f"city {draw.randrange(50)}", draw.choice("abcde"), draw.choice(["S", "M", "L"]), draw.choice(["yes", "no"])]
        day = f"20{draw.randrange(10, 25)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        lines.append(",".join([*numbers, *texts, day, f"{float(numbers[1]) * 2 + draw.gauss(0, 1):.4f}"]) + "\n")
    text = "".join(lines)
    small.write_text(head + text)
    with large.open("w") as file:
        file.write(head)
        for _ in range(TIMES):
            file.write(text)
    with large.open("rb") as rows, gzip.open(folder / "large.csv.gz", "wb", compresslevel=1) as packed:
        shutil.copyfileobj(rows, packed, 1 << 20)


def written(folder, n_rows):
    """The same, by a process of its own: what starts with the memory of a large parent has its peak, too."""
    if os.fork() == 0:
        write(folder, n_rows)
        os._exit(0)
    if os.wait()[1] != 0:
        sys.exit("the tables could not be written")


def measured(words, folder, stdin=None):
    """Seconds, peak resident bytes."""
    start = time.perf_counter()
    with open(stdin or os.devnull, "rb") as source:
        child = subprocess.Popen(
            [str(word) for word in words], cwd=folder, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        said = child.stderr.read().decode()
        _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, words))}: it ended with status {status}: {said}")
    return time.perf_counter() - start, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def reading(name, path, rows, folder, python, peers=(), from_stdin=False):
    """Whether the memory stays within its bound."""
    size, matrix = path.stat().st_size, rows * COLUMNS * 4
    plain = min(measured(["cat", path], folder)[0] for _ in range(3))
    words = [GOODFIT, "data", "info", "-" if from_stdin else path]
    seconds, peak = min(measured(words, folder, path if from_stdin else None) for _ in range(3))
    print(f"{name}: {size / 1e6:.0f} MB, {rows} rows; cat {plain:.2f} s", flush=True)
    print(f"{name}: goodfit data info {seconds:.2f} s, {size / 1e6 / seconds:.0f} MB/s in two passes, "
          f"peak {peak / 1e6:.0f} MB, {peak / matrix:.2f} of the float matrix of {matrix / 1e6:.0f} MB", flush=True)
    for peer in peers if python else ():
        other, theirs = measured([python, "-c", PEERS[peer], path], folder)
        print(f"{name}: {peer} {other:.2f} s, peak {theirs / 1e6:.0f} MB", flush=True)
    return peak <= 1.5 * matrix


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("python", nargs="?", help="a Python that has pandas and pyarrow")
    arguments.add_argument("--rows", type=int, default=ROWS)
    asked = arguments.parse_args()
    python, n_rows = asked.python, asked.rows
    version = subprocess.run([GOODFIT, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, load {os.getloadavg()[0]:.1f}", flush=True)
    once, often = f"{n_rows:,} rows", f"{TIMES * n_rows:,} rows"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        written(folder, n_rows)
        small, large = folder / "small.csv", folder / "large.csv"
        of_csv, of_parquet = ["pandas.read_csv"], ["pandas.read_parquet", "pyarrow.parquet"]
        within = reading(once, small, n_rows, folder, python, of_csv)
        within &= reading(often, large, TIMES * n_rows, folder, python, of_csv)
        within &= reading(f"{often}, standard input", large, TIMES * n_rows, folder, python, from_stdin=True)
        within &= reading(f"{often}, gzip", folder / "large.csv.gz", TIMES * n_rows, folder, python)
        if python:
            copies = [folder / name for name in ("small.parquet", "large.parquet", "small.csv.zst")]
            measured([python, "-c", COPIES, small, *copies, TIMES], folder)
            within &= reading(f"{once}, zstd", copies[2], n_rows, folder, python)
            within &= reading(f"{once}, Parquet", copies[0], n_rows, folder, python, of_parquet)
            within &= reading(f"{often}, Parquet", copies[1], TIMES * n_rows, folder, python, of_parquet)
        words = ["train", small, "--target", "y", "--set", "training.epochs=1", "--set", "training.early_stopping=1"]
        seconds, peak = measured([GOODFIT, *words, "--out", "model", "--quiet"], folder)
        print(f"train, one epoch: {seconds:.2f} s, peak {peak / 1e6:.0f} MB", flush=True)
        seconds, peak = min(measured([GOODFIT, "predict", "model", small], folder) for _ in range(3))
        print(f"predict {once} of {COLUMNS - 1} columns: {seconds:.2f} s, peak {peak / 1e6:.0f} MB", flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")
    if n_rows < ROWS:
        sys.exit("a rehearsal: no bound is held by fewer rows than a million")
    sys.exit(0 if within and seconds <= 5 else "beyond the bound")


if __name__ == "__main__":
    main()
