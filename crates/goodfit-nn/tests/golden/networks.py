"""Small networks trained by PyTorch in float64: first gradients, first ten losses, and what stands
at the end. README.md describes the layout."""

import torch
from torch import nn

import training

N_ROWS, WIDTHS, N_STEPS = 6, (5, 4, 3), 10


def build(kind):
    if kind == "batch-norm-relu":
        # No bias before batch normalisation: its gradient is a rounding error, out of which Adam
        # would make steps of full length that nothing can be compared with.
        return nn.Sequential(nn.Linear(5, 4, bias=False), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3))
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))


def named(net, gradient=False):
    """Parameters (or gradients) under our names, weights as inputs x outputs."""
    values = {}
    affine = 0
    for layer in net:
        take = lambda p: (p.grad if gradient else p).detach()
        if isinstance(layer, nn.Linear):
            affine += 1
            values[f"affine{affine}.weight"] = take(layer.weight).T.tolist()
            if layer.bias is not None:
                values[f"affine{affine}.bias"] = take(layer.bias).tolist()
        elif isinstance(layer, nn.BatchNorm1d):
            values[f"batch_norm{affine}.scale"] = take(layer.weight).tolist()
            values[f"batch_norm{affine}.shift"] = take(layer.bias).tolist()
    return values


def running(net):
    for layer in net:
        if isinstance(layer, nn.BatchNorm1d):
            return {"batch_norm1.mean": layer.running_mean.tolist(), "batch_norm1.variance": layer.running_var.tolist()}
    return {}


def weights(net):
    """What decays: no bias, scale or shift."""
    return [layer.weight for layer in net if isinstance(layer, nn.Linear)]


def golden(generator):
    draw = lambda *shape: torch.randn(*shape, generator=generator)
    xs = [draw(N_ROWS, WIDTHS[0]) for _ in range(N_STEPS)]
    classes = [torch.randint(0, WIDTHS[-1], (N_ROWS,), generator=generator) for _ in range(N_STEPS)]
    networks = []
    for kind in ("batch-norm-relu", "tanh"):
        first = build(kind)
        with torch.no_grad():
            for p in first.parameters():
                p.copy_(draw(*p.shape) * 0.5)
        start = {name: value.clone() for name, value in first.state_dict().items()}
        network = {
            "name": kind,
            "widths": WIDTHS,
            "parameters": named(first),
            "first_step": training.first_step(first, xs[0], classes[0], lambda net: named(net, gradient=True)),
            "runs": [],
        }
        for settings in (
            ("sgd", 0.5, "none", 0.0),
            ("sgd", 0.5, "l2", 0.05),
            ("adam", 0.05, "none", 0.0),
            ("adam", 0.05, "l2", 0.05),
            ("adamw", 0.05, "decoupled", 0.2),
        ):
            net = build(kind)
            net.load_state_dict(start)
            network["runs"].append({
                **training.run(net, weights(net), zip(xs, classes), *settings),
                "parameters": named(net),
                "running": running(net),
                "evaluation_outputs": net.eval()(xs[0]).tolist(),
            })
        networks.append(network)
    return {"x": [x.tolist() for x in xs], "classes": [t.tolist() for t in classes], "networks": networks}
