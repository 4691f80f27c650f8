#!/usr/bin/env python3
"""How fast tables are read and predicted, and with how much memory. Needs Linux or another Unix and 3 GB of disk.

    cargo build --release -p goodfit
    python3 benchsuite/table-speed.py [PYTHON]

A table of 1,000,000 rows and 20 columns (15 of numbers, 4 of texts, a date) is described, trained on for a step and
predicted; the same rows written again and again to 1 GB are described. A PYTHON that has pandas reads both as its peer. The
float matrix is rows x columns x 4 bytes. Peak memory above 1.5 times that, or 1,000,000 predictions in more than 5 s, end
with status 1.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOODFIT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "goodfit"
ROWS, NUMBERS, GIGABYTE = 1_000_000, 15, 1_000_000_000
PANDAS = "import sys, pandas; print(len(pandas.read_csv(sys.argv[1])))"


def write(folder):
    """The table of a million rows, and that of a gigabyte."""
    draw = random.Random(1)
    small, large = folder / "small.csv", folder / "large.csv"
    head = ",".join([*(f"x{i}" for i in range(NUMBERS)), "city", "kind", "size", "paid", "day", "y"]) + "\n"
    lines = []
    for _ in range(ROWS):
        numbers = [f"{draw.gauss(0, 1):.5f}" for _ in range(NUMBERS)]
        if draw.random() < 0.1:
            numbers[0] = ""
        texts = [f"city {draw.randrange(50)}", draw.choice("abcde"), draw.choice(["S", "M", "L"]), draw.choice(["yes", "no"])]
        day = f"20{draw.randrange(10, 25)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        lines.append(",".join([*numbers, *texts, day, f"{float(numbers[1]) * 2 + draw.gauss(0, 1):.4f}"]) + "\n")
    text = "".join(lines)
    small.write_text(head + text)
    times = -(-GIGABYTE // len(text))
    with large.open("w") as file:
        file.write(head)
        for _ in range(times):
            file.write(text)


def written(folder):
    """The same, by a process of its own: what starts with the memory of a large parent has its peak, too."""
    if os.fork() == 0:
        write(folder)
        os._exit(0)
    if os.wait()[1] != 0:
        sys.exit("the tables could not be written")
    small, large = folder / "small.csv", folder / "large.csv"
    return small, large, ROWS * round(large.stat().st_size / small.stat().st_size)


def measured(words, folder):
    """Seconds, peak resident bytes."""
    start = time.perf_counter()
    child = subprocess.Popen([str(word) for word in words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read().decode()
    _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, words))}: it ended with status {status}: {said}")
    return time.perf_counter() - start, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def reading(name, path, rows, folder, python):
    """Whether the memory stays within its bound."""
    size, matrix = path.stat().st_size, rows * (NUMBERS + 6) * 4
    plain = min(measured(["cat", path], folder)[0] for _ in range(3))
    seconds, peak = min(measured([GOODFIT, "data", "info", path], folder) for _ in range(3))
    print(f"{name}: {size / 1e6:.0f} MB, {rows} rows; cat {plain:.2f} s", flush=True)
    print(f"{name}: goodfit data info {seconds:.2f} s, {size / 1e6 / seconds:.0f} MB/s in two passes, "
          f"peak {peak / 1e6:.0f} MB, {peak / matrix:.2f} of the float matrix of {matrix / 1e6:.0f} MB", flush=True)
    if python:
        other, theirs = measured([python, "-c", PANDAS, path], folder)
        print(f"{name}: pandas.read_csv {other:.2f} s, peak {theirs / 1e6:.0f} MB", flush=True)
    return peak <= 1.5 * matrix


def main():
    python = sys.argv[1] if len(sys.argv) > 1 else None
    version = subprocess.run([GOODFIT, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        small, large, rows = written(folder)
        within = reading("1,000,000 rows", small, ROWS, folder, python)
        within &= reading("1 GB", large, rows, folder, python)
        words = ["train", small, "--target", "y", "--set", "training.epochs=1", "--set", "training.early_stopping=1"]
        seconds, peak = measured([GOODFIT, *words, "--out", "model", "--quiet"], folder)
        print(f"train, one epoch: {seconds:.2f} s, peak {peak / 1e6:.0f} MB", flush=True)
        seconds, peak = min(measured([GOODFIT, "predict", "model", small], folder) for _ in range(3))
        print(f"predict 1,000,000 rows of 20 columns: {seconds:.2f} s, peak {peak / 1e6:.0f} MB", flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")
    sys.exit(0 if within and seconds <= 5 else "beyond the bound")


if __name__ == "__main__":
    main()
