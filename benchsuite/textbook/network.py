"""Layers, network and training as the book has them: float64, one array operation at a time.

Shapes: n rows of a batch, i inputs of a layer, o outputs of a layer. `forward` keeps what
`backward` needs; `training` matters to batch norm and dropout only.
"""

import numpy as np


def initial_sd(init, fan_in):
    """Standard deviation of the initial weights: "xavier", "he", or the number given."""
    if init == "xavier":
        return np.sqrt(1.0 / fan_in)
    if init == "he":
        return np.sqrt(2.0 / fan_in)
    return init


class Network:
    """Affine maps with ReLU between them; if wanted, batch norm before and dropout after it."""

    def __init__(self, hidden, init="he", weight_decay=0.0, batch_norm=False, dropout=None):
        sizes = [784, *hidden, 10]
        self.weight_decay = weight_decay
        self.parameters = {}
        self.layers = {}
        self.loss_layer = SoftmaxCrossEntropy()
        self.n_affine = len(sizes) - 1
        for k in range(1, self.n_affine + 1):
            fan_in, fan_out = sizes[k - 1], sizes[k]
            weights = initial_sd(init, fan_in) * np.random.randn(fan_in, fan_out)
            self.parameters[f"weights{k}"] = weights
            self.parameters[f"bias{k}"] = np.zeros(fan_out)
            self.layers[f"affine{k}"] = Affine(weights, self.parameters[f"bias{k}"])
            if k == self.n_affine:
                break
            if batch_norm:
                self.parameters[f"scale{k}"] = np.ones(fan_out)
                self.parameters[f"shift{k}"] = np.zeros(fan_out)
                self.layers[f"norm{k}"] = BatchNorm(
                    self.parameters[f"scale{k}"], self.parameters[f"shift{k}"]
                )
            self.layers[f"relu{k}"] = Relu()
            if dropout is not None:
                self.layers[f"dropout{k}"] = Dropout(dropout)

    def logits(self, x, training=False):
        for layer in self.layers.values():
            x = layer.forward(x, training)
        return x

    def loss(self, x, labels, training=False):
        """Data loss plus weight_decay/2 times the sum of the squared weights."""
        logits = self.logits(x, training)
        penalty = 0
        for k in range(1, self.n_affine + 1):
            penalty += 0.5 * self.weight_decay * np.sum(self.parameters[f"weights{k}"] ** 2)
        return self.loss_layer.forward(logits, labels) + penalty

    def accuracy(self, x, labels):
        return np.sum(np.argmax(self.logits(x), axis=1) == labels) / x.shape[0]

    def gradients(self, x, labels):
        self.loss(x, labels, training=True)
        d_x = self.loss_layer.backward()
        for layer in reversed(list(self.layers.values())):
            d_x = layer.backward(d_x)
        gradients = {}
        for k in range(1, self.n_affine + 1):
            affine = self.layers[f"affine{k}"]
            gradients[f"weights{k}"] = affine.d_weights + self.weight_decay * affine.weights
            gradients[f"bias{k}"] = affine.d_bias
            norm = self.layers.get(f"norm{k}")
            if norm is not None:
                gradients[f"scale{k}"] = norm.d_scale
                gradients[f"shift{k}"] = norm.d_shift
        return gradients

    def step(self, x, labels, learning_rate):
        """One step of gradient descent on a mini-batch, in place."""
        gradients = self.gradients(x, labels)
        for name, parameter in self.parameters.items():
            parameter -= learning_rate * gradients[name]


def draw_batch(x, labels, batch_size):
    """Rows drawn with replacement."""
    rows = np.random.choice(x.shape[0], batch_size)
    return x[rows], labels[rows]


def fit(network, train, held_out, n_steps, evaluate_every, learning_rate=0.01, with_loss=False):
    """Trains with batches of 100; accuracies after step s (from 0) where s % evaluate_every == 0.

    `with_loss`: the loss of each step's batch is computed after its update, as the book's trainer
    does, and dropped.
    """
    train_accuracy, held_out_accuracy = [], []
    for s in range(n_steps):
        batch = draw_batch(*train, 100)
        network.step(*batch, learning_rate)
        if with_loss:
            network.loss(*batch)
        if s % evaluate_every == 0:
            train_accuracy.append(network.accuracy(*train))
            held_out_accuracy.append(network.accuracy(*held_out))
    return train_accuracy, held_out_accuracy


class Affine:
    """y = x W + b."""

    def __init__(self, weights, bias):
        self.weights = weights  # i x o
        self.bias = bias  # o

    def forward(self, x, training):
        self.x = x  # n x i
        return np.dot(x, self.weights) + self.bias

    def backward(self, d_y):
        self.d_weights = np.dot(self.x.T, d_y)
        self.d_bias = np.sum(d_y, axis=0)
        return np.dot(d_y, self.weights.T)


class Relu:
    """y = max(x, 0); NaN passes."""

    def forward(self, x, training):
        self.off = x <= 0
        y = x.copy()
        y[self.off] = 0
        return y

    def backward(self, d_y):
        d_y[self.off] = 0
        return d_y


class BatchNorm:
    """y = scale (x - mean) / sqrt(variance + 1e-6) + shift, with the population variance.

    The running mean and variance start at 0 and keep 0.9 of their value at each step.
    """

    EPSILON = 1e-6
    KEPT = 0.9

    def __init__(self, scale, shift):
        self.scale = scale
        self.shift = shift
        self.running_mean = np.zeros_like(scale)
        self.running_variance = np.zeros_like(scale)

    def forward(self, x, training):
        if not training:
            centred = x - self.running_mean
            normalised = centred / np.sqrt(self.running_variance + self.EPSILON)
            return self.scale * normalised + self.shift
        mean = x.mean(axis=0)
        self.centred = x - mean
        variance = np.mean(self.centred**2, axis=0)
        self.sd = np.sqrt(variance + self.EPSILON)
        self.normalised = self.centred / self.sd
        self.running_mean = self.KEPT * self.running_mean + (1 - self.KEPT) * mean
        self.running_variance = self.KEPT * self.running_variance + (1 - self.KEPT) * variance
        return self.scale * self.normalised + self.shift

    def backward(self, d_y):
        n = d_y.shape[0]
        self.d_shift = d_y.sum(axis=0)
        self.d_scale = np.sum(self.normalised * d_y, axis=0)
        d_normalised = self.scale * d_y
        d_centred = d_normalised / self.sd
        d_sd = -np.sum((d_normalised * self.centred) / (self.sd * self.sd), axis=0)
        d_variance = 0.5 * d_sd / self.sd
        d_centred += (2.0 / n) * self.centred * d_variance
        return d_centred - np.sum(d_centred, axis=0) / n


class Dropout:
    """Textbook form: training multiplies by a 0/1 mask, evaluation by the share that is kept."""

    def __init__(self, ratio):
        self.ratio = ratio

    def forward(self, x, training):
        if not training:
            return x * (1.0 - self.ratio)
        self.mask = np.random.rand(*x.shape) > self.ratio
        return x * self.mask

    def backward(self, d_y):
        return d_y * self.mask


class SoftmaxCrossEntropy:
    """Mean over the batch of -log(softmax(logits)[label] + 1e-7)."""

    def forward(self, logits, labels):
        self.labels = labels
        shifted = logits - np.max(logits, axis=-1, keepdims=True)
        self.probabilities = np.exp(shifted) / np.sum(np.exp(shifted), axis=-1, keepdims=True)
        n = labels.shape[0]
        return -np.sum(np.log(self.probabilities[np.arange(n), labels] + 1e-7)) / n

    def backward(self):
        n = self.labels.shape[0]
        d_logits = self.probabilities.copy()
        d_logits[np.arange(n), self.labels] -= 1
        return d_logits / n
