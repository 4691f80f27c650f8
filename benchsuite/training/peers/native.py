"""The Rust peers: programs of `rust/` that take a task as JSON and keep to the protocol of `peer.py` themselves."""

import dataclasses
import json
import os
import sys
import tomllib
from pathlib import Path

RUST = Path(__file__).resolve().parents[1] / "rust"
# By peer the crate whose version is recorded.
CRATES = {"burn": "burn", "candle": "candle-core"}


def program(peer):
    """Path of a peer's program, which has to be built."""
    path = RUST / "target/release" / f"{peer}-peer"
    if not path.exists():
        sys.exit(f"{path} is not built: cd {RUST} && cargo build --release --locked")
    return path


def become(peer, mnist, seed, training):
    """Replaces this process by the peer's program."""
    path = program(peer)
    os.execv(path, [path, json.dumps({"mnist": mnist, "seed": seed} | training, default=dataclasses.asdict)])


def versions():
    """Of the frameworks, from the lock file that the programs are built by."""
    locked = tomllib.loads((RUST / "Cargo.lock").read_text())["package"]
    return {p["name"]: p["version"] for p in locked if p["name"] in CRATES.values()}
