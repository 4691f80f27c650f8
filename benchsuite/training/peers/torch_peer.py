"""PyTorch: eager, or with the whole step compiled by torch.compile."""

import numpy as np
import torch
from torch.nn import functional as F

from experiments import batches, evaluates, initial_weights, summary

EPSILON = 1e-6  # of batch norm, as in the book


class Network:
    """Affine maps with ReLU between them; parameters in flat lists so that one call updates them all."""

    def __init__(self, experiment, arm, rng):
        self.arm = arm
        self.weights = [torch.from_numpy(w).requires_grad_() for w in initial_weights(experiment, arm, rng)]
        self.biases = [torch.zeros(w.shape[1], requires_grad=True) for w in self.weights]
        self.scales, self.shifts, self.running = [], [], []
        if arm.batch_norm:
            self.scales = [torch.ones(n, requires_grad=True) for n in experiment.hidden]
            self.shifts = [torch.zeros(n, requires_grad=True) for n in experiment.hidden]
            self.running = [(torch.zeros(n), torch.zeros(n)) for n in experiment.hidden]
        self.parameters = [*self.weights, *self.biases, *self.scales, *self.shifts]

    def outputs(self, x, training):
        last = len(self.weights) - 1
        for k, (w, b) in enumerate(zip(self.weights, self.biases)):
            x = torch.addmm(b, x, w)
            if k == last:
                return x
            if self.arm.batch_norm:
                mean, variance = self.running[k]
                x = F.batch_norm(x, mean, variance, self.scales[k], self.shifts[k], training, 0.1, EPSILON)
            x = torch.relu(x)
            if self.arm.dropout is not None:
                keep = 1 - self.arm.dropout
                x = x * (torch.empty_like(x).bernoulli_(keep) if training else keep)

    def step(self, x, t):
        """One update; the loss before it."""
        loss = F.cross_entropy(self.outputs(x, True), t)
        gradients = list(torch.autograd.grad(loss, self.parameters))
        with torch.no_grad():
            if self.arm.weight_decay > 0:
                n = len(self.weights)
                torch._foreach_add_(gradients[:n], self.weights, alpha=self.arm.weight_decay)
            torch._foreach_add_(self.parameters, gradients, alpha=-self.arm.learning_rate)
        return loss.detach()

    @torch.no_grad()
    def loss(self, x, t):
        return F.cross_entropy(self.outputs(x, False), t)

    @torch.no_grad()
    def evaluate(self, x, t):
        outputs = self.outputs(x, False)
        return F.cross_entropy(outputs, t), (outputs.argmax(1) == t).float().mean()


def train(experiment, arm, rows, seed, compiled):
    rng = np.random.default_rng(seed)
    network = Network(experiment, arm, rng)
    order = torch.from_numpy(batches(experiment, rng))
    (x, t), held_out = rows
    step, loss_after, evaluate = network.step, network.loss, network.evaluate
    if compiled:
        step, loss_after, evaluate = (torch.compile(f) for f in (step, loss_after, evaluate))
    losses, on_train, on_held_out = [], [], []
    for s in range(experiment.n_steps):
        batch = x[order[s]], t[order[s]]
        loss = step(*batch)
        losses.append(loss_after(*batch) if experiment.loss_after_update else loss)
        if evaluates(experiment, s):
            on_train.append(evaluate(x, t))
            if held_out is not None:
                on_held_out.append(evaluate(*held_out))
    return summary(torch.stack(losses).numpy(), on_train, on_held_out)


def prepare(rows, n_threads):
    """Outside the time: threads, denormals, tensors."""
    torch.set_num_threads(n_threads)
    torch.set_flush_denormal(True)
    return [None if part is None else tuple(torch.from_numpy(np.ascontiguousarray(a)) for a in part) for part in rows]


def run(experiment, arms, rows, seed, variant):
    """The summaries of these arms, one after the other."""
    return [train(experiment, arm, rows, seed + i, variant == "compile") for i, arm in arms]
