#!/usr/bin/env bash
# Runs every check of the repository and installs what they need: on Debian the packages named below,
# Python packages into .venv. Stops at the first failure.
#
#   bash scripts/test.sh [PART]...      all parts in order, or only those named
#
# Environment: GOODFIT_CHROMIUM names the browser, GOODFIT_FASHION_MNIST the folder of Fashion-MNIST, where they are
# not those of Debian; PYTHON the interpreter that makes .venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PARTS=(tools lint docs test build interop package reproduce browser)
EXPERIMENTS=(activations weight-init batch-norm weight-decay dropout search claims)
MAX_PACKAGE_BYTES=$((10 * 1024 * 1024)) # what the registry takes

export GOODFIT_FULL=1 # the tests that take longer, too
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
goodfit="$target/release/goodfit"
scratch="$(mktemp -d)"
ended=()
part=start

main() {
    trap finish EXIT
    local known=" ${PARTS[*]} "
    for part in "$@"; do
        [[ "$known" == *" $part "* ]] || stop "there is no part $part; the parts are ${PARTS[*]}"
    done
    [ $# -gt 0 ] || set -- "${PARTS[@]}"
    for part in "$@"; do
        printf '\n==> %s\n' "$part"
        SECONDS=0
        "part_$part"
        ended+=("$part $SECONDS s")
    done
    part=
}

# What every part but the pure Cargo ones relies on; a part that is run alone calls for it itself.
part_tools() {
    command -v cargo >/dev/null || stop "cargo is missing: install Rust from https://rustup.rs"
    command -v cc >/dev/null || debian gcc libc6-dev
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        run rustup component add rustfmt clippy
    fi
    need_browser
    need_fashion_mnist
    need_python
    echo "$(rustc --version), $(.venv/bin/python --version)"
    echo "browser: $GOODFIT_CHROMIUM"
    echo "Fashion-MNIST: $GOODFIT_FASHION_MNIST"
}

part_lint() {
    run cargo fmt --all --check
    run cargo clippy --locked --workspace --all-targets -- -D warnings
    # The library alone; with the command line, but without MNIST.
    run cargo clippy --locked -p goodfit --no-default-features -- -D warnings
    run cargo clippy --locked -p goodfit --no-default-features --features cli -- -D warnings
}

part_docs() {
    RUSTDOCFLAGS="-D warnings" run cargo doc --locked --workspace --no-deps
}

part_test() {
    need_browser
    need_fashion_mnist
    run cargo test --locked --workspace
}

part_build() {
    run cargo build --locked --release
    ls -l "$goodfit"
    # A vector instruction that was not compiled into its kernel is a call of its own, and no result shows it.
    local symbols called
    run cargo rustc --locked --release -p goodfit --bin goodfit -- -C strip=none
    symbols=$(nm --demangle "$goodfit")
    run cargo build --locked --release
    if [ "$(uname -m)" = x86_64 ]; then
        for called in Avx2 Avx512; do
            [[ "$symbols" == *"goodfit_nn::kernels::x86::$called"* ]] || stop "there are no kernels for $called in the program"
        done
    fi
    # Those that kernels are written in; other crates may call others.
    called=$(awk '/core_arch::x86(_64)?::(avx|fma)/' <<<"$symbols")
    [ -z "$called" ] || stop "vector instructions that are called, not compiled into what uses them: $called"
}

# The weights that `goodfit train` writes, loaded by the reference implementation of their format; the studies that
# goodfit-tune keeps, opened and continued by Optuna; models of tables, exported and predicted with by onnxruntime. And what
# benchsuite's summaries compute.
part_interop() {
    need_fashion_mnist
    need_python
    need_release
    sed "s|FASHION_MNIST|$GOODFIT_FASHION_MNIST|" interop/weights.toml >"$scratch/weights.toml"
    run "$goodfit" train "$scratch/weights.toml" --quiet --out "$scratch/weights"
    run .venv/bin/python interop/check_weights.py "$scratch/weights" "$GOODFIT_FASHION_MNIST"
    run cargo build --locked --quiet -p goodfit-tune --features sqlite --example storage_verbs
    run .venv/bin/python interop/check_study.py "$target/debug/examples/storage_verbs"
    run .venv/bin/python interop/check_journal.py "$goodfit"
    run .venv/bin/python interop/check_onnx.py "$goodfit"
    run .venv/bin/python -m unittest discover --start-directory benchsuite/tables --pattern 'test_*.py'
    run .venv/bin/python -m unittest discover --start-directory benchsuite/training --pattern 'test_*.py'
}

part_package() {
    local dirty=() crate bytes
    if [ -n "$(git status --porcelain 2>/dev/null)" ]; then
        echo "there are uncommitted changes: packaging them as they are"
        dirty=(--allow-dirty)
    fi
    rm -f "$target"/package/*.crate
    run cargo package --locked --workspace "${dirty[@]}"
    for crate in "$target"/package/*.crate; do
        bytes=$(stat -c %s "$crate")
        echo "$bytes bytes: $(basename "$crate")"
        [ "$bytes" -lt "$MAX_PACKAGE_BYTES" ] || stop "$crate is too large for the registry"
    done
}

# The main job with one seed, from an empty folder.
part_reproduce() {
    local name file
    need_release
    mkdir "$scratch/empty"
    cd "$scratch/empty"
    if [ -x /usr/bin/time ]; then
        run /usr/bin/time -f '%e s, peak memory %M kB' -o ../time "$goodfit" reproduce --seeds 1 --quiet
        cat ../time
    else
        run "$goodfit" reproduce --seeds 1 --quiet
    fi
    for name in "${EXPERIMENTS[@]}"; do
        for file in results.json timing.json curves.csv report.html plots; do
            [ -s "goodfit-out/$name/$file" ] || stop "goodfit-out/$name/$file is missing or empty"
        done
        for file in goodfit-out/"$name"/plots/*.svg goodfit-out/"$name"/plots/*.png; do
            [ -s "$file" ] || stop "$file is missing or empty"
        done
        echo "$name: $(grep -m 1 '"seconds"' "goodfit-out/$name/timing.json" | tr -dc '0-9.') s"
    done
    cd - >/dev/null
}

# The reports of the main job in a browser: the page says itself, on its root element, how it fared.
part_browser() {
    local name root
    need_browser
    [ -d "$scratch/empty/goodfit-out" ] || part_reproduce
    for name in "${EXPERIMENTS[@]}"; do
        root=$("$GOODFIT_CHROMIUM" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
            --disable-background-networking --disable-component-update --disable-sync \
            --user-data-dir="$scratch/profile" --virtual-time-budget=10000 \
            --dump-dom "file://$scratch/empty/goodfit-out/$name/report.html" 2>/dev/null |
            grep -o '<html[^>]*>' | head -n 1 || true)
        echo "$name: $root"
        [[ "$root" == *'data-ready="true"'* && "$root" == *'data-errors="0"'* ]] || stop "the report of $name fails"
    done
}

need_browser() {
    if [ -z "${GOODFIT_CHROMIUM:-}" ]; then
        command -v chromium >/dev/null || debian chromium
        GOODFIT_CHROMIUM="$(command -v chromium)" || stop "there is no chromium: name one by GOODFIT_CHROMIUM"
    fi
    export GOODFIT_CHROMIUM
}

need_fashion_mnist() {
    if [ -z "${GOODFIT_FASHION_MNIST:-}" ]; then
        GOODFIT_FASHION_MNIST=/usr/share/datasets/fashion-mnist
        [ -d "$GOODFIT_FASHION_MNIST" ] || debian dataset-fashion-mnist
    fi
    [ -d "$GOODFIT_FASHION_MNIST" ] || stop "there is no folder $GOODFIT_FASHION_MNIST"
    export GOODFIT_FASHION_MNIST
}

# The Python environment, made once and kept while its requirements stay the same.
need_python() {
    local python="${PYTHON:-python3}" stamp=.venv/requirements.txt
    cmp -s interop/requirements.txt "$stamp" && [ -x .venv/bin/python ] && return
    command -v "$python" >/dev/null || debian python3 python3-venv
    "$python" -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv
    rm -rf .venv
    run "$python" -m venv .venv
    run .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement interop/requirements.txt
    cp interop/requirements.txt "$stamp"
}

# Cargo builds nothing when the program is up to date; an old one would be tested in silence.
need_release() {
    run cargo build --locked --release --quiet
}

# Installs Debian packages.
debian() {
    local sudo=()
    command -v apt-get >/dev/null || stop "missing: $*; this is not Debian, so install them by hand"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || stop "missing: $*; as root: apt-get install $*"
        sudo=(sudo)
    fi
    run "${sudo[@]}" apt-get update -qq
    run "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

run() {
    printf '$ %s\n' "$*"
    "$@"
}

stop() {
    echo "error: $*" >&2
    exit 1
}

finish() {
    local status=$?
    rm -rf "$scratch"
    echo
    if [ "$status" -eq 0 ] && [ -z "$part" ]; then
        local IFS=,
        echo "all passed: ${ended[*]}" | sed 's/,/, /g'
    else
        echo "FAILED in $part, after: ${ended[*]:-nothing}"
        exit $((status == 0 ? 1 : status))
    fi
}

main "$@"
