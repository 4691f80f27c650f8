"""Networks with embeddings in front, trained by PyTorch in float64. README.md describes the layout.

Numbers are encoded as Gorishniy et al. (2022) and Holzmueller et al. (2024) define it, whatever goodfit does for speed."""

import math

import torch
from torch import nn
from torch.nn import functional as F

import training

N_ROWS, N_STEPS, OUTPUTS, HIDDEN = 6, 10, 3, 4
NUMBERS, PASSED, LEVELS = [0, 3, 5], [1], [(2, 3, 2), (4, 5, 3)]  # levels: input, number of them, size
BINS, FREQUENCIES = 4, 3
SIZES = {"piecewise-linear": 3, "periodic": 5, "periodic-with-phases": 3}


class Embedded(nn.Module):
    def __init__(self, form, edges, draw):
        super().__init__()
        self.form, self.edges = form, edges
        count, size = len(NUMBERS), SIZES[form]
        if form == "piecewise-linear":
            encoded = BINS
        else:
            self.frequencies = nn.Parameter(draw(count, FREQUENCIES) * 0.5)
            encoded = 2 * FREQUENCIES
        if form == "periodic-with-phases":
            self.phases = nn.Parameter(draw(count, FREQUENCIES))
            encoded, size = FREQUENCIES, size - 1
        self.weight = nn.Parameter(draw(count, encoded, size) * 0.5)
        self.bias = nn.Parameter(draw(count, size) * 0.5)
        self.levels = nn.ParameterList([nn.Parameter(draw(n, own)) for _, n, own in LEVELS])
        width = len(PASSED) + count * SIZES[form] + sum(own for *_, own in LEVELS)
        self.affine1 = nn.Parameter(draw(width, HIDDEN) * 0.5)
        self.bias1 = nn.Parameter(draw(HIDDEN) * 0.5)
        self.affine2 = nn.Parameter(draw(HIDDEN, OUTPUTS) * 0.5)
        self.bias2 = nn.Parameter(draw(OUTPUTS) * 0.5)

    def encode(self, x, i):
        """N numbers of column i as N x K."""
        if self.form == "piecewise-linear":
            edges = torch.unique(self.edges[i])
            parts = (x[:, None] - edges[:-1]) / (edges[1:] - edges[:-1])
            bins = [
                part.clamp(0.0 if b > 0 else None, 1.0 if b + 1 < parts.shape[1] else None)
                if parts.shape[1] > 1 else part
                for b, part in enumerate(parts.T)
            ]
            return F.pad(torch.stack(bins, 1), (0, BINS - len(bins)))
        angles = 2 * math.pi * x[:, None] * self.frequencies[i]
        if self.form == "periodic-with-phases":
            return torch.cos(angles + self.phases[i])
        return torch.cat([torch.cos(angles), torch.sin(angles)], 1)

    def forward(self, x):
        parts = [x[:, PASSED]]
        for i, column in enumerate(NUMBERS):
            number = x[:, column]
            mapped = self.encode(number, i) @ self.weight[i] + self.bias[i]
            parts += [number[:, None], mapped] if self.form == "periodic-with-phases" else [torch.relu(mapped)]
        for (column, _, size), table in zip(LEVELS, self.levels):
            known = torch.cat([table, torch.zeros(1, size)])
            parts.append(known[x[:, column].long()])  # -1 is the last row
        hidden = torch.tanh(torch.cat(parts, 1) @ self.affine1 + self.bias1)
        return hidden @ self.affine2 + self.bias2

    def named(self, of=lambda p: p.detach()):
        names = {"affine1": "affine1.weight", "bias1": "affine1.bias", "affine2": "affine2.weight", "bias2": "affine2.bias"}
        names |= {name: f"numeric_embedding.{name}" for name in ("frequencies", "phases", "weight", "bias")}
        names |= {f"levels.{i}": f"level_embedding{i + 1}.weight" for i in range(len(LEVELS))}
        return {names[name]: of(p).tolist() for name, p in self.named_parameters()}


def weights(net):
    """What decays: no bias, frequency or phase."""
    is_weight = lambda name: name in ("weight", "affine1", "affine2") or name.startswith("levels")
    return [p for name, p in net.named_parameters() if is_weight(name)]


def golden(seed):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator)
    xs = [draw(N_ROWS, 6) for _ in range(N_STEPS)]
    for x in xs:
        for column, count, _ in LEVELS:
            x[:, column] = torch.randint(-1, count, (N_ROWS,), generator=generator).double()
    classes = [torch.randint(0, OUTPUTS, (N_ROWS,), generator=generator) for _ in range(N_STEPS)]
    edges = draw(len(NUMBERS), BINS + 1).sort(1).values
    edges[1, 2:] = edges[1, 2]  # two bins
    cases = []
    for form in SIZES:
        first = Embedded(form, edges, draw)
        start = {name: value.clone() for name, value in first.state_dict().items()}
        case = {
            "form": form,
            "size": SIZES[form],
            "parameters": first.named(),
            "first_step": training.first_step(first, xs[0], classes[0], lambda net: net.named(lambda p: p.grad)),
            "runs": [],
        }
        for settings in (
            ("sgd", 0.3, "none", 0.0),
            ("sgd", 0.3, "l2", 0.05),
            ("adam", 0.05, "l2", 0.05),
            ("adamw", 0.05, "decoupled", 0.2),
        ):
            net = Embedded(form, edges, draw)
            net.load_state_dict(start)
            run = training.run(net, weights(net), zip(xs, classes), *settings)
            case["runs"].append(run | {"parameters": net.named()})
        cases.append(case)
    return {
        "numbers": NUMBERS,
        "levels": LEVELS,
        "edges": edges.tolist(),
        "x": [x.tolist() for x in xs],
        "classes": [t.tolist() for t in classes],
        "cases": cases,
    }
