"""Loads the weights that `goodfit train` wrote and predicts with them in NumPy.

    python check_weights.py FOLDER DATA

FOLDER holds weights.safetensors and results.json of a network with ReLU, batch norm in the field's form and dropout
(which does nothing when predicting); DATA the four IDX files that it was trained on.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open

EPSILON = 1e-5  # of batch norm, in the field's form
HIDDEN = [64, 32]  # as in weights.toml
CLASSES = 10


def read_idx(folder, name):
    """The array of an IDX file of unsigned bytes, gzipped or not."""
    path = folder / name
    raw = path.read_bytes() if path.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    assert raw[:3] == b"\0\0\x08", f"{name}: not an IDX file of bytes"
    n_dimensions = raw[3]
    shape = np.frombuffer(raw, ">u4", n_dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * n_dimensions).reshape(shape)


def expected_shapes(n_inputs):
    """Names and shapes that the file has to hold."""
    shapes = {}
    for i, units in enumerate([*HIDDEN, CLASSES], 1):
        shapes[f"affine{i}.weight"] = (n_inputs, units)
        shapes[f"affine{i}.bias"] = (units,)
        if i <= len(HIDDEN):
            for name in ["scale", "shift", "running_mean", "running_variance"]:
                shapes[f"batch_norm{i}.{name}"] = (units,)
        n_inputs = units
    return shapes


def forward(w, x):
    """The logits."""
    for i in range(1, len(HIDDEN) + 1):
        x = x @ w[f"affine{i}.weight"] + w[f"affine{i}.bias"]
        normal = (x - w[f"batch_norm{i}.running_mean"]) / np.sqrt(w[f"batch_norm{i}.running_variance"] + EPSILON)
        x = np.maximum(w[f"batch_norm{i}.scale"] * normal + w[f"batch_norm{i}.shift"], 0)
    last = len(HIDDEN) + 1
    return x @ w[f"affine{last}.weight"] + w[f"affine{last}.bias"]


def score(logits, labels):
    """Accuracy and mean cross-entropy."""
    logits = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(logits).sum(axis=1))
    losses = log_sums - logits[np.arange(len(labels)), labels]
    return (logits.argmax(axis=1) == labels).mean(), losses.mean()


def main():
    out, data = map(Path, sys.argv[1:])
    with safe_open(out / "weights.safetensors", framework="numpy") as file:
        weights = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}
        assert "[network]" in file.metadata()["recipe"], "the file does not hold its recipe"

    results = json.loads((out / "results.json").read_text())
    n_train = results["data"]["train_rows"]
    final = results["arms"][0]["runs"][0]["final"]
    images = {
        "train": (read_idx(data, "train-images-idx3-ubyte")[:n_train], read_idx(data, "train-labels-idx1-ubyte")[:n_train]),
        "test": (read_idx(data, "t10k-images-idx3-ubyte"), read_idx(data, "t10k-labels-idx1-ubyte")),
    }
    shapes = {name: values.shape for name, values in weights.items()}
    assert shapes == expected_shapes(images["test"][0][0].size), shapes

    for split, (pixels, labels) in images.items():
        x = pixels.reshape(len(pixels), -1).astype(np.float64) / 255
        accuracy, loss = score(forward(weights, x), labels)
        recorded = final[f"{split}_accuracy"]
        print(f"{split}: accuracy {accuracy:.4f} here, {recorded:.4f} recorded; loss {loss:.6f} here")
        # Single precision may turn the class of a row or two whose two best logits are all but equal.
        assert abs(accuracy - recorded) <= 2.5 / len(labels), f"{split} accuracy"
        assert recorded > 0.6, f"{split}: nothing was learned"
        if split == "test":
            assert abs(loss - final["test_loss"]) <= 1e-5 * loss, f"{split} loss: {final['test_loss']} recorded"
    print(f"{len(weights)} tensors have the names, shapes and values that were recorded")


main()
