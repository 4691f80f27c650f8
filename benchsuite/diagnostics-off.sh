#!/usr/bin/env bash
# What diagnostics cost when they are off: instructions of the same short comparison by this commit and by this
# commit without the code of diagnostics (diagnostics-off.patch), counted by valgrind. Needs valgrind.
#
#   bash benchsuite/diagnostics-off.sh
#
# CARGO_TARGET_DIR names where both are built; a folder that is removed afterwards when it is not set.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
scratch="$(mktemp -d)"
trap 'git -C "$here" worktree remove --force "$scratch/tree"; rm -rf "$scratch"' EXIT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$scratch/target}"
export CARGO_PROFILE_RELEASE_STRIP=none # the functions are told apart by their names

git -C "$here" worktree add --quiet --detach "$scratch/tree"
cd "$scratch/tree"
commit="$(git rev-parse --short HEAD)"
cargo build --release --quiet --locked -p goodfit
cp "$CARGO_TARGET_DIR/release/goodfit" "$scratch/with"
git apply "$here/diagnostics-off.patch"
# What only diagnostics called is now called by nothing, of which the compiler warns.
cargo build --release --quiet --locked -p goodfit 2>/dev/null
cp "$CARGO_TARGET_DIR/release/goodfit" "$scratch/without"

cat >"$scratch/short.toml" <<'TOML'
[data]
source = "mnist"
train_rows = 1000
validation = 0.2
[network]
hidden = [100, 100, 100]
[training]
batch_size = 20
epochs = 5
[compare]
seeds = 1
TOML

cd "$scratch"
echo "commit $commit, $(rustc --version), $(valgrind --version), $(uname -m)"
echo "200 steps of 784-100x3-10 in batches of 20, 5 epochs; the processor that valgrind shows has AVX2"
echo "instructions within goodfit::run::train"
for program in with without with without; do
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no --toggle-collect='*run*train' \
        "./$program" compare short.toml --jobs 1 --quiet --out "out-$program" 2>&1 >/dev/null |
        sed -n "s/.*Collected : /$program the code of diagnostics: /p"
done
cmp out-with/results.json out-without/results.json && echo "results.json: the same bytes"
