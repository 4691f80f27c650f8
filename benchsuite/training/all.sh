#!/usr/bin/env bash
# Sets up goodfit and its peers, runs them in alternation, prints the tables, and tests whether goodfit and PyTorch learn the
# same. What is recorded is not run again: where the time was over, the same command goes on.
#
#   bash benchsuite/training/all.sh [--seconds N] [--runs FOLDER] [--rounds N] [--seeds N]
#
# --seconds   start nothing new after that long, 3000 where absent; building counts
# --runs      where the runs are kept, target/benchsuite/training where absent
# --rounds    3 where absent
# --seeds     of that test, 5 where absent; 0 leaves it out
#
# Everything that it makes lies below target/, but for the programs of Burn and Candle: rust/target beside this file. Needs Rust, a C compiler and Python 3.11 or later (PYTHON names it).
set -euo pipefail
seconds=3000 rounds=3 seeds=5 runs=
while [ $# -gt 0 ]; do
    case "$1" in
        -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" && exit 0 ;;
        --seconds | --runs | --rounds | --seeds) [ $# -gt 1 ] || { echo "error: $1 without a value" >&2; exit 2; } ;;
        *) echo "error: there is no option $1" >&2; exit 2 ;;
    esac
    [ "$1" = --runs ] || [[ "$2" =~ ^[0-9]+$ ]] || { echo "error: $1 $2: expected a whole number" >&2; exit 2; }
    case "$1" in
        --seconds) seconds="$2" ;;
        --runs) runs="$(realpath -m "$2")" ;;
        --rounds) rounds="$2" ;;
        --seeds) seeds="$2" ;;
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

left() {
    echo $((seconds > SECONDS ? seconds - SECONDS : 0))
}
for series in run large; do
    "$python" $here/$series.py --mnist "$own/mnist" --runs "$runs" --rounds "$rounds" --seconds "$(left)" \
        --binary "$target/release/goodfit" --peak "$target/release/examples/peak"
done
"$python" $here/summarise.py --runs "$runs" | tee "$runs/summary.txt"
if [ "$seeds" -gt 0 ]; then
    "$python" $here/agreement.py --mnist "$own/mnist" --runs "$runs/agreement" --seeds "$seeds" --seconds "$(left)" \
        --binary "$target/release/goodfit"
fi
