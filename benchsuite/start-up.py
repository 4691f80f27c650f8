"""How long goodfit takes to begin: `goodfit --help` and `goodfit --version`, whole processes, in milliseconds.

    cargo build --release --locked
    python3 benchsuite/start-up.py > benchsuite/runs/start-up.txt

The same loop starts `true`, which is what starting any process takes. What start, data and report take of a training is
in `runs/training/summary.txt`.
"""

import argparse
import subprocess
import time
from pathlib import Path
from statistics import median, quantiles

BINARY = Path(__file__).resolve().parents[1] / "target/release/goodfit"
N_RUNS = 200


def milliseconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=BINARY)
    binary = parser.parse_args().binary
    commands = {"true": ["true"], "goodfit --help": [binary, "--help"], "goodfit --version": [binary, "--version"]}
    found = {name: [] for name in commands}
    for _ in range(N_RUNS):
        for name, command in commands.items():
            found[name].append(milliseconds(command))
    print(f"milliseconds of {N_RUNS} runs in turn  median  90 of 100 below")
    for name, times in found.items():
        print(f"{name:35}{median(times):6.2f}{quantiles(times, n=10)[-1]:17.2f}")


if __name__ == "__main__":
    main()
