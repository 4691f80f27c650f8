"""Holds realmlp.py against pytabkit: the losses of small networks of make.py, and the inputs that a table becomes.

    python check_realmlp.py
"""

import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import data
import methods
import realmlp

GOLDEN = Path(__file__).resolve().parents[2] / "crates/goodfit/tests/realmlp/golden.json"
BATCH = 6


def losses(golden: dict) -> list[float]:
    """The losses of a golden network's steps by our network, groups and schedule, in float64."""
    x, y = torch.tensor(golden["x"]), torch.tensor(golden["targets"])
    classifies = golden["kind"] == "classes"
    start = golden["start"]
    realmlp.WIDTHS = tuple(len(start[f"affine{i}.bias"]) for i in (1, 2))
    network = realmlp.Network(x.shape[1], len(start["affine3.bias"]), classifies)
    with torch.no_grad():
        network.scale.copy_(torch.tensor(start["affine1.scale"]))
        for i, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True), start=1):
            weight.copy_(torch.tensor(start[f"affine{i}.weight"]))
            bias.copy_(torch.tensor(start[f"affine{i}.bias"]))
    adam = torch.optim.Adam(network.groups(), betas=realmlp.BETAS, eps=realmlp.EPSILON, fused=True)
    out, n_steps = [], len(golden["losses"])
    for step in range(n_steps):
        for group in adam.param_groups:
            group["lr"] = realmlp.RATES[classifies] * group["factor"] * realmlp.coslog4(step / n_steps)
        rows = slice(step * BATCH % len(x), step * BATCH % len(x) + BATCH)
        outputs = network(x[rows])
        loss = F.cross_entropy(outputs, y[rows], label_smoothing=realmlp.SMOOTHING) if classifies else F.mse_loss(outputs, y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        out.append(loss.item())
    return out


def inputs(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The test rows of split 0 as our network and as pytabkit's get them, columns sorted: it puts words first."""
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

    spec = data.sets()[name]
    table = data.load(spec)
    train, test = data.split(len(table), data.SEEDS[0])
    features, truth = table.drop(columns=spec["target"]), table[spec["target"]]
    task = methods.Task(spec["task"], features.iloc[train], truth.iloc[train], features.iloc[test], sorted(truth.unique()), 0, "")
    ours, theirs = methods.without_gaps(task)
    held = np.arange(0, len(train), 5)
    kept = np.setdiff1d(np.arange(len(train)), held)
    prepared = realmlp.Preparation(realmlp.encoded(ours)[torch.from_numpy(kept)])(realmlp.encoded(theirs))
    kind = RealMLP_TD_S_Classifier if task.classifies else RealMLP_TD_S_Regressor
    model = kind(random_state=0, device="cpu", n_epochs=1).fit(ours, task.truth.to_numpy(), val_idxs=held)
    prepares = model.cv_alg_interface_.model.creator.static_model
    said = prepares.forward_ds(model.x_converter_.transform(theirs)).tensors["x_cont"]
    by_columns = lambda x: x.numpy()[:, np.lexsort(x.numpy().round(3))]
    return by_columns(prepared), by_columns(said.squeeze(0))


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.set_default_dtype(torch.float64)
    for golden in json.loads(GOLDEN.read_text(encoding="utf-8"))["networks"]:
        farthest = max(abs(a - b) for a, b in zip(losses(golden), golden["losses"], strict=True))
        print(f"losses of {golden['kind']}: {farthest:.1e} apart at most")
        assert farthest < 1e-6
    torch.set_default_dtype(torch.float32)
    for name in ("concrete", "titanic", "attrition"):
        ours, theirs = inputs(name)
        print(f"inputs of {name}: {ours.shape[1]} columns, {np.abs(ours - theirs).max():.1e} apart at most")
        assert np.allclose(ours, theirs, atol=1e-5)


if __name__ == "__main__":
    main()
