"""What arithmetic one training of RealMLP-TD-S is, and at what rate it was done: how much faster any program could be.

A weight of a matrix takes a multiplication and an addition for each row in the forward pass, and two of each in the
backward pass, the gradient of the inputs among them, since their scales are learned; rows that validate or choose the epoch
take the forward pass. Activations, the update of the weights, preparation and report are left out.
"""

import json
from pathlib import Path
from statistics import median

from bars import BARE

EPOCHS = 256
ONCE = "goodfit-realmlp-once"


def weights(folder: Path) -> int:
    """How many weights the matrices of a model of goodfit have."""
    with open(folder / "weights.safetensors", "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    shapes = [entry["shape"] for name, entry in header.items() if name != "__metadata__"]
    return sum(shape[0] * shape[1] for shape in shapes if len(shape) == 2 and min(shape) > 1)


def rows(folder: Path) -> dict:
    """Rows that trained and rows that were only looked at, of a model of goodfit."""
    said = json.loads((folder / "results.json").read_text(encoding="utf-8"))["data"]
    return {"trained": said["train_rows"], "scored": said["validation_rows"] + said["stopping_rows"]}


def gflop(piece: dict) -> float:
    """Of one training, in 1e9 operations."""
    return EPOCHS * piece["weights"] * (6 * piece["rows"]["trained"] + 2 * piece["rows"]["scored"]) / 1e9


def section(found: list[dict], seconds: dict) -> list[str]:
    """A line for each set whose training was timed beside PyTorch's on one machine; `seconds` as for the bars."""
    lines = []
    ratios, rates = [], []
    for piece in (p for p in found if p["method"] == ONCE and "weights" in p):
        at = piece["split"], piece["cpu"]
        of_set = seconds.get(piece["set"], {})
        both = [of_set.get(method, {}).get(at) for method in (ONCE, *BARE)]
        if None in both:
            continue
        own, peer, work = both[0], min(both[1:]), gflop(piece)
        ratios.append(peer / own)
        rates.append((work / own, work / peer))
        lines.append(
            f"{piece['set']:16} {piece['rows']['trained']:6} {piece['weights']:8} {work:8.0f} {own:10.2f} {peer:10.2f}"
            f" {peer / own:6.2f} {work / own:10.0f} {work / peer:10.0f}"
        )
    if not lines:
        return []
    head = f"{'set':16} {'rows':>6} {'weights':>8} {'GFLOP':>8} {'goodfit s':>10} {'PyTorch s':>10} {'ratio':>6}"
    own, peer = (median(rate[i] for rate in rates) for i in range(2))
    return [
        "",
        "one training of RealMLP-TD-S, arithmetic of its matrices; PyTorch alone, the better of one thread and two",
        f"{head} {'GFLOP/s':>10} {'PyTorch':>10}",
        *lines,
        f"{'median':16} {'':>6} {'':>8} {'':>8} {'':>10} {'':>10} {median(ratios):6.2f} {own:10.0f} {peer:10.0f}",
    ]
