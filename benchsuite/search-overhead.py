#!/usr/bin/env python3
"""What a search costs beside its trainings, what the live view of a terminal adds, and how much memory the chapter's
search takes. Needs Linux or another Unix, and a machine with little else to do.

    cargo build --release -p goodfit && cargo build --release -p goodfit --example search_overhead
    python3 benchsuite/search-overhead.py

Trials take about 20 ms. The example trains them as a study in a file and alone, in turns, in one process; here the
program searches with its output in a pipe and on a terminal, in turns. Of each trial, and of what a study does outside of
its trials, the least of all rounds counts, since other programs can only add time. A share above 2 % or a peak above 64 MB
ends with status 1.
"""

import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
GOODFIT = RELEASE / "goodfit"
EXAMPLE = RELEASE / "examples" / "search_overhead"
RECIPE = ROOT / "crates" / "goodfit" / "examples" / "search_overhead.toml"
TRIALS, ROUNDS, PERCENT, MEGABYTES = 200, 10, 2.0, 64.0


def measured(words, folder, terminal):
    """Peak resident bytes of a program whose output goes to a terminal, or to a pipe."""
    master, output = pty.openpty() if terminal else os.pipe()
    reader = threading.Thread(target=drain, args=(master,))
    child = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    os.close(output)
    reader.start()
    _, status, used = os.wait4(child.pid, 0)
    reader.join()
    if status != 0:
        sys.exit(f"{' '.join(map(str, words))}: it ended with status {status}")
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def drain(master):
    """Reads until nobody writes any more; a terminal says so with an error."""
    try:
        while os.read(master, 1 << 16):
            pass
    except OSError:
        pass
    os.close(master)


def search(folder, terminal, rows):
    """The seconds of each trial, and those of the study outside of its trials."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    words = [GOODFIT, "search", RECIPE, "--jobs", "1", "--out", "out", "--trials", str(TRIALS)]
    measured([*words, "--set", "search.finalists=0", "--set", f"data.train_rows={rows}"], folder, terminal)
    timing = json.loads((folder / "out" / "timing.json").read_text())
    trials = [run["seconds"] for arm in timing["arms"] for run in arm["runs"]]
    return [*trials, timing["seconds"] - sum(trials)]


def live_view(folder, rows):
    """What a terminal adds, in percent."""
    found = {False: [], True: []}
    for _ in range(ROUNDS):
        for terminal, rounds in found.items():
            rounds.append(search(folder, terminal, rows))
    piped, shown = (sum(map(min, zip(*rounds))) / TRIALS for rounds in found.values())
    percent = 100 * (shown / piped - 1)
    print(f"goodfit search: {1e3 * piped:.3f} ms a trial with a pipe, {1e3 * shown:.3f} ms on a terminal, {percent:+.2f} %")
    return percent


def main():
    version = subprocess.run([GOODFIT, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, load {os.getloadavg()[0]:.1f}; {ROUNDS} rounds", flush=True)
    above = False
    for sampler in ["random", "tpe"]:
        words = [EXAMPLE, sampler, str(TRIALS), str(ROUNDS)]
        printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        print(printed, end="", flush=True)
        rows = int(printed.split(" rows")[0].split()[-1])
        above |= float(printed.split()[-2]) > PERCENT
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        above |= live_view(folder, rows) > PERCENT
        for jobs in ["1", "2"]:
            words = [GOODFIT, "reproduce", "search", "--out", "chapter", "--jobs", jobs]
            peak = measured(words, folder, False) / 1e6
            above |= peak > MEGABYTES
            print(f"goodfit reproduce search --jobs {jobs}: peak resident memory {peak:.1f} MB", flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")
    sys.exit("above the bar" if above else 0)


if __name__ == "__main__":
    main()
