"""The textbook's conventions written out in NumPy float64, from their formulas: what no framework
computes in this form."""

import numpy as np


def update(name, w, state, g, lr, t, c):
    """One step of an optimiser in the textbook's form; returns the new w and changes the state."""
    if name == "momentum":
        state["v"] = c["momentum"] * state["v"] - lr * g
        return w + state["v"]
    if name == "nesterov":
        mu = c["momentum"]
        state["v"] = mu * state["v"] - lr * g
        return w + mu**2 * state["v"] - (1 + mu) * lr * g
    if name == "adagrad":
        state["v"] = state["v"] + g**2
        return w - lr * g / (np.sqrt(state["v"]) + c["epsilon"])
    if name == "rmsprop":
        state["v"] = c["decay"] * state["v"] + (1 - c["decay"]) * g**2
        return w - lr * g / (np.sqrt(state["v"]) + c["epsilon"])
    if name == "adam":
        b1, b2 = c["beta1"], c["beta2"]
        state["m"] = b1 * state["m"] + (1 - b1) * g
        state["v"] = b2 * state["v"] + (1 - b2) * g**2
        rate = lr * np.sqrt(1 - b2**t) / (1 - b1**t)
        return w - rate * state["m"] / (np.sqrt(state["v"]) + c["epsilon"])
    raise ValueError(name)


def trajectory(name, start, gradients, lr, constants, l2):
    w, state, values = start.copy(), {"m": np.zeros_like(start), "v": np.zeros_like(start)}, []
    for t, gradient in enumerate(gradients, 1):
        w = update(name, w, state, gradient + l2 * w, lr, t, constants)
        values.append(w)
    return values


class BatchNorm:
    """Population variance, epsilon 1e-6, running = 0.9 running + 0.1 batch, both from 0."""

    epsilon = 1e-6

    def __init__(self, n_units):
        self.mean, self.variance = np.zeros(n_units), np.zeros(n_units)

    def train(self, x, dy, scale, shift):
        n = len(x)
        mean = x.sum(0) / n
        centred = x - mean
        variance = (centred**2).sum(0) / n
        std = np.sqrt(variance + self.epsilon)
        h = centred / std
        self.mean = 0.9 * self.mean + 0.1 * mean
        self.variance = 0.9 * self.variance + 0.1 * variance
        # The chain rule one quantity at a time, as in the paper, not the closed form.
        dh = dy * scale
        dvariance = (dh * centred * -0.5 * std**-3).sum(0)
        dmean = (dh * -1 / std).sum(0) + dvariance * (-2 * centred).sum(0) / n
        dx = dh / std + dvariance * 2 * centred / n + dmean / n
        return scale * h + shift, dx, (dy * h).sum(0), dy.sum(0)

    def evaluate(self, x, scale, shift):
        return scale * (x - self.mean) / np.sqrt(self.variance + self.epsilon) + shift


def dropout(x, draws, ratio):
    """Both forms, in training and in evaluation, for draws of 16 bits."""
    mask = (draws >= round(ratio * 65536)).astype(float)
    return {
        "textbook": {"training": (x * mask).tolist(), "evaluation": (x * (1 - ratio)).tolist()},
        "inverted": {"training": (x * mask / (1 - ratio)).tolist(), "evaluation": x.tolist()},
    }
