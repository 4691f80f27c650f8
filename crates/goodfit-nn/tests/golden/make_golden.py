"""Writes the golden files that the tests of goodfit-nn compare with: PyTorch in float64, and NumPy
for what only the textbook computes (textbook.py) and for the random draws (chacha.py).

In a virtual environment:

    pip install -r requirements.txt
    python make_golden.py
"""

import json
import pathlib
import platform

import numpy as np
import torch
from torch.nn import functional as F

import chacha
import embeddings
import networks
import textbook

SEED = 20260101
HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def write(name, content):
    """One line for each value of `content`, or for each item where it is a list of objects."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
    lines = []
    for key, value in {"written_by": "make_golden.py", "versions": versions, "seed": SEED, **content}.items():
        is_table = isinstance(value, list) and value and isinstance(value[0], dict)
        text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]" if is_table else json.dumps(value)
        lines.append(f' "{key}": {text}')
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def activations():
    grid = [k / 2 for k in range(-16, 17)] + [s * x for s in (-1, 1) for x in (1e-9, 1e-5, 1e-3, 20.25, 40.0, 100.0)]
    functions = {
        "identity": lambda z: z * 1.0,
        "relu": F.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "leaky-relu": lambda z: F.leaky_relu(z, 0.02),
        "elu": lambda z: F.elu(z, 1.5),
        "selu": F.selu,
        "gelu": F.gelu,
        "silu": F.silu,
        "mish": F.mish,
    }
    cases = []
    for name, function in functions.items():
        z = torch.tensor(grid, requires_grad=True)
        y = function(z)
        y.sum().backward()
        cases.append({"name": name, "y": y.tolist(), "derivative": z.grad.tolist()})
    write("activations", {"slope": 0.02, "alpha": 1.5, "z": grid, "cases": cases})


def batch_norm(generator):
    n, d = 5, 3
    scale, shift = torch.tensor([1.0, 0.5, -2.0]), torch.tensor([0.0, 0.3, 1.0])
    batches = [(torch.randn(n, d, generator=generator) * torch.tensor([1.0, 10.0, 1e-3]) + 3.0,
                torch.randn(n, d, generator=generator)) for _ in range(4)]
    cases = []
    for convention in ("field", "textbook"):
        ours = torch.nn.BatchNorm1d(d) if convention == "field" else textbook.BatchNorm(d)
        steps = []
        for x, dy in batches:
            if convention == "field":
                with torch.no_grad():
                    ours.weight.copy_(scale)
                    ours.bias.copy_(shift)
                leaf = x.clone().requires_grad_()
                ours.zero_grad()
                y = ours(leaf)
                y.backward(dy)
                dx, dscale, dshift = leaf.grad, ours.weight.grad, ours.bias.grad
                mean, variance = ours.running_mean, ours.running_var
            else:
                y, dx, dscale, dshift = ours.train(x.numpy(), dy.numpy(), scale.numpy(), shift.numpy())
                mean, variance = ours.mean, ours.variance
            values = {"x": x, "dy": dy, "y": y, "dx": dx, "dscale": dscale, "dshift": dshift,
                      "running_mean": mean, "running_variance": variance}
            steps.append({name: value.tolist() for name, value in values.items()})
        x = batches[0][0]
        y = ours.eval()(x) if convention == "field" else ours.evaluate(x.numpy(), scale.numpy(), shift.numpy())
        cases.append({"convention": convention, "steps": steps, "evaluation": y.tolist()})
    write("batch_norm", {"scale": scale.tolist(), "shift": shift.tolist(), "cases": cases})


def dropout(generator):
    x = torch.randn(12, generator=generator).numpy()
    draws = torch.randint(0, 65536, (12,), generator=generator).numpy()
    cases = [{"ratio": ratio, **textbook.dropout(x, draws, ratio)} for ratio in (0.0, 0.2, 0.5)]
    write("dropout", {"x": x.tolist(), "draws": draws.tolist(), "cases": cases})


def losses(generator):
    n, k = 6, 4
    classes = torch.tensor([0, 3, 1, 1, 2, 0])
    values = torch.randn(n, k, generator=generator)
    weights = torch.tensor([1.0, 0.0, 2.5, 0.25, 1.0, 3.0])
    cases = []
    for size in (1.0, 1000.0):
        outputs = torch.randn(n, k, generator=generator) * size
        for weighted in (False, True):
            for loss, smoothing in (("cross-entropy", 0.0), ("cross-entropy", 0.1), ("mean-squared-error", 0.0)):
                z = outputs.clone().requires_grad_()
                if loss == "cross-entropy":
                    rows = F.cross_entropy(z, classes, reduction="none", label_smoothing=smoothing)
                else:
                    rows = F.mse_loss(z, values, reduction="none").mean(1)
                w = weights if weighted else torch.ones(n)
                value = (w * rows).sum() / w.sum()
                value.backward()
                cases.append({"loss": loss, "label_smoothing": smoothing, "weighted": weighted,
                              "outputs": outputs.tolist(), "value": value.item(), "d": z.grad.tolist()})
    write("losses", {"classes": classes.tolist(), "values": values.tolist(), "weights": weights.tolist(), "cases": cases})


def optimizers(generator):
    start = torch.randn(6, generator=generator)
    start[2] = 0.0  # where the sign of l1 is 0
    gradients = torch.randn(10, 6, generator=generator)
    gradients[:, 5] *= 1e-6  # where epsilon counts
    o = torch.optim
    field = {
        "sgd": (o.SGD, {}, {}, 0.1),
        "momentum": (o.SGD, {"momentum": 0.9}, {"momentum": 0.9}, 0.05),
        "nesterov": (o.SGD, {"momentum": 0.8, "nesterov": True}, {"momentum": 0.8}, 0.05),
        "adagrad": (o.Adagrad, {"eps": 1e-10}, {"epsilon": 1e-10}, 0.1),
        "rmsprop": (o.RMSprop, {"alpha": 0.99, "eps": 1e-8}, {"decay": 0.99, "epsilon": 1e-8}, 0.01),
        "adam": (o.Adam, {"betas": (0.9, 0.999), "eps": 1e-8}, {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}, 0.02),
    }
    cases = []
    for name, (make, settings, constants, lr) in field.items():
        for decay, amount in (("none", 0.0), ("l2", 0.3), ("l1", 0.2), ("decoupled", 0.4)):
            w = start.clone().requires_grad_()
            if decay == "decoupled" and name == "adam":
                optimizer = o.AdamW([w], lr=lr, weight_decay=amount, **settings)
            else:
                optimizer = make([w], lr=lr, weight_decay=amount if decay == "l2" else 0.0, **settings)
            values = []
            for gradient in gradients:
                w.grad = gradient.clone()
                if decay == "l1":
                    w.grad += amount * torch.sign(w.detach())
                if decay == "decoupled" and name != "adam":
                    with torch.no_grad():
                        w.mul_(1 - lr * amount)
                optimizer.step()
                values.append(w.tolist())
            cases.append({"optimizer": name, "convention": "field", "constants": constants, "learning_rate": lr,
                          "decay": decay, "lambda": amount, "values": values})
    book = {
        "momentum": ({"momentum": 0.9}, 0.05),
        "nesterov": ({"momentum": 0.8}, 0.05),
        "adagrad": ({"epsilon": 1e-7}, 0.1),
        "rmsprop": ({"decay": 0.99, "epsilon": 1e-7}, 0.01),
        "adam": ({"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}, 0.02),
    }
    for name, (constants, lr) in book.items():
        for decay, amount in (("none", 0.0), ("l2", 0.3)):
            values = textbook.trajectory(name, start.numpy(), gradients.numpy(), lr, constants, amount)
            cases.append({"optimizer": name, "convention": "textbook", "constants": constants, "learning_rate": lr,
                          "decay": decay, "lambda": amount, "values": [v.tolist() for v in values]})
    clips = []
    for limit in (0.5, 1e3):
        parts = [torch.zeros(6, requires_grad=True), torch.zeros(3, requires_grad=True)]
        for part, gradient in zip(parts, (gradients[0], gradients[1, :3])):
            part.grad = gradient.clone()
        norm = torch.nn.utils.clip_grad_norm_(parts, limit)
        clips.append({"max_norm": limit, "norm": norm.item(), "clipped": [part.grad.tolist() for part in parts]})
    write("optimizers", {"start": start.tolist(), "gradients": gradients.tolist(), "cases": cases, "clips": clips})


def schedules():
    lr = torch.optim.lr_scheduler
    cases = []
    for n_steps in (1, 2, 10, 50):
        made = {
            "step": lambda o: lr.StepLR(o, 7, 0.3),
            "cosine": lambda o: lr.CosineAnnealingLR(o, n_steps, eta_min=0.1),
            "one-cycle": lambda o: lr.OneCycleLR(o, 1.0, total_steps=n_steps),
            "one-cycle-other": lambda o: lr.OneCycleLR(o, 1.0, total_steps=n_steps, pct_start=0.5, div_factor=4.0,
                                                       final_div_factor=10.0),
        }
        for name, make in made.items():
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
            if name == "one-cycle-other" and n_steps == 2:
                continue  # PyTorch divides by 0 where the rise ends at step 0
            schedule, factors = make(optimizer), []
            for step in range(n_steps):
                factors.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                if step + 1 < n_steps:
                    schedule.step()
            cases.append({"schedule": name, "n_steps": n_steps, "factors": factors})
        t = np.arange(n_steps) / n_steps
        cases.append({"schedule": "cos-log-4", "n_steps": n_steps,
                      "factors": (0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t)))).tolist()})
    write("schedules", {"cases": cases})


def main():
    generator = torch.Generator().manual_seed(SEED)
    activations()
    batch_norm(generator)
    dropout(generator)
    losses(generator)
    optimizers(generator)
    schedules()
    write("networks", networks.golden(generator))
    write("embeddings", embeddings.golden(SEED))
    write("random", chacha.golden())


main()
