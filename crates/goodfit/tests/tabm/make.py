"""Writes golden.json: small TabM networks as their authors' repository yandex-research/tabm defines them, trained by PyTorch
2.15.0 in float64. `python make.py`.

Scales do not decay here, and there is no dropout, whose draws are goodfit's own. The norm of the gradient is bounded as low as
to be so in most steps."""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

SEED, ROWS, BATCH, EPOCHS, MEMBERS, WIDTHS = 20261129, 12, 6, 10, 3, (5, 4, 4)
RATE, DECAY, CLIP = 2e-2, 3e-2, 0.15


class TabM(nn.Module):
    def __init__(self, outputs, generator):
        super().__init__()
        uniform = lambda *shape: nn.Parameter((2 * torch.rand(*shape, generator=generator) - 1) / shape[-2] ** 0.5)
        sizes = list(zip(WIDTHS, WIDTHS[1:]))
        self.weights = nn.ParameterList([uniform(i, o) for i, o in sizes])
        self.r = nn.ParameterList([nn.Parameter(torch.ones(MEMBERS, i)) for i, _ in sizes])
        self.s = nn.ParameterList([nn.Parameter(torch.ones(MEMBERS, o)) for _, o in sizes])
        with torch.no_grad():
            self.r[0].copy_(2 * torch.randint(0, 2, self.r[0].shape, generator=generator) - 1)
        # One start for all members.
        self.biases = nn.ParameterList([nn.Parameter(uniform(i, o)[:1].repeat(MEMBERS, 1).detach()) for i, o in sizes])
        self.heads = uniform(MEMBERS, WIDTHS[-1], outputs)
        self.head_biases = nn.Parameter(torch.zeros(MEMBERS, outputs))

    def forward(self, x):
        """N x I to N x M x K"""
        x = x[:, None].expand(-1, MEMBERS, -1)
        for w, r, s, b in zip(self.weights, self.r, self.s, self.biases):
            x = F.relu(((x * r) @ w) * s + b)
        return torch.einsum("nmi,mik->nmk", x, self.heads) + self.head_biases

    def named(self):
        """Parameters under goodfit's names."""
        values = {}
        for i, (w, r, s, b) in enumerate(zip(self.weights, self.r, self.s, self.biases), start=1):
            parts = {"weight": w, "scale_in": r, "scale_out": s, "bias": b}
            values |= {f"affine{i}.{part}": value.tolist() for part, value in parts.items()}
        last = len(self.weights) + 1
        return values | {f"affine{last}.weight": self.heads.tolist(), f"affine{last}.bias": self.head_biases.tolist()}


def golden(kind, generator):
    outputs = 3 if kind == "classes" else 1
    x = torch.randn(ROWS, WIDTHS[0], generator=generator)
    if kind == "classes":
        targets = torch.randint(0, outputs, (ROWS,), generator=generator)
    else:
        targets = torch.randn(ROWS, generator=generator)
    net = TabM(outputs, generator)

    def loss_of(rows):
        y, t = net(x[rows]).flatten(0, 1), targets[rows].repeat_interleave(MEMBERS)
        return F.cross_entropy(y, t) if kind == "classes" else F.mse_loss(y.squeeze(1), t)

    start = net.named()
    decaying = [*net.weights, net.heads]
    others = [*net.r, *net.s, *net.biases, net.head_biases]
    groups = [{"params": decaying, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, lr=RATE)
    losses, norms = [], []
    for step in range(EPOCHS * ROWS // BATCH):
        adam.zero_grad()
        at = step * BATCH % ROWS
        loss = loss_of(slice(at, at + BATCH))
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(net.parameters(), CLIP).item())
        adam.step()
        losses.append(loss.item())
    assert sum(norm > CLIP for norm in norms) > len(norms) / 2, norms
    with torch.no_grad():
        y = net(x)
        mean = y.softmax(-1).mean(1) if kind == "classes" else y.mean(1)
    values = {"x": x.tolist(), "targets": targets.tolist(), "start": start, "losses": losses, "end": net.named()}
    return {"kind": kind} | values | {"predicted": mean.tolist()}


def main():
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(SEED)
    networks = [golden(kind, generator) for kind in ("classes", "numbers")]
    text = json.dumps({"seed": SEED, "torch": torch.__version__.split("+")[0], "networks": networks})
    Path(__file__).with_name("golden.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
