#!/usr/bin/env bash
# Sets up goodfit and its peers, runs them in alternation and prints the tables. What is recorded is not run again: where
# the time was over, the same command goes on.
#
#   bash benchsuite/training/all.sh [--seconds N] [--runs FOLDER] [--rounds N]
#
# --seconds   start nothing new after that long, 3000 where absent; building counts
# --runs      where the runs are kept, target/benchsuite/training where absent
# --rounds    3 where absent
#
# Everything that it makes lies below target/, but for the programs of Burn and Candle: rust/target beside this file. Needs Rust, a C compiler and Python 3.11 or later (PYTHON names it).
set -euo pipefail
seconds=3000 rounds=3 runs=
while [ $# -gt 0 ]; do
    case "$1" in
        -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" && exit 0 ;;
        --seconds | --runs | --rounds) [ $# -gt 1 ] || { echo "error: $1 without a value" >&2; exit 2; } ;;
        *) echo "error: there is no option $1" >&2; exit 2 ;;
    esac
    case "$1" in
        --seconds) seconds="$2" ;;
        --runs) runs="$(realpath -m "$2")" ;;
        --rounds) rounds="$2" ;;
    esac
    shift 2
done
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
own="$target/benchsuite"
runs="${runs:-$own/training}"
here=benchsuite/training
python="$own/venv/bin/python"
mkdir -p "$own" "$runs"

if ! cmp -s $here/requirements.txt "$own/venv/requirements.txt"; then
    rm -rf "$own/venv"
    "${PYTHON:-python3}" -m venv "$own/venv"
    "$python" -m pip install --quiet --disable-pip-version-check --requirement $here/requirements.txt
    cp $here/requirements.txt "$own/venv/requirements.txt"
fi
cargo build --release --locked
cargo build --release --locked -p goodfit-nn --example peak
# Burn and Candle, for this machine's processor; where native.py looks for them.
(cd $here/rust && CARGO_TARGET_DIR=target cargo build --release --locked)
cargo run --quiet --release --locked -p goodfit-mnist --example export -- "$own/mnist"

for series in run large; do
    left=$((seconds - SECONDS))
    "$python" $here/$series.py --mnist "$own/mnist" --runs "$runs" --rounds "$rounds" --seconds "$((left > 0 ? left : 0))" \
        --binary "$target/release/goodfit" --peak "$target/release/examples/peak"
done
"$python" $here/summarise.py --runs "$runs" | tee "$runs/summary.txt"
