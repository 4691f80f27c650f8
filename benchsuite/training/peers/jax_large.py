"""JAX on the larger networks: an epoch is one compiled scan."""

import functools
import time

import jax
import numpy as np
from jax import numpy as jnp

from experiments import Arm, Experiment
from jax_peer import cross_entropy, initial, outputs, prepare  # noqa: F401  prepare: what peer.py calls
from networks import N_ROWS, summary

EPSILON = 1e-5


def adam(rate, count, p, g, m, v):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return p - rate * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8), m, v


def momentum(rate, count, p, g, m, v):
    m = 0.9 * m + g
    return p - rate * m, m, v


def forward(network, layers, state, x, key):
    return outputs(layers, state, x, network.dropout or None, key, is_inverted=True, epsilon=EPSILON)


@functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
def epoch(network, carry, order, key, x, t):
    """Parameters and state after it, and the losses of its steps."""
    update = {"adam": adam, "momentum": momentum}[network.optimizer]

    def loss_of(layers, state, x, t, key):
        z, after = forward(network, layers, state, x, key)
        return cross_entropy(z, t), after

    def step(carry, rows):
        layers, state, first, second, count = carry
        count = count + 1
        gradient_of = jax.value_and_grad(loss_of, has_aux=True)
        (loss, state), g = gradient_of(layers, state, x[rows], t[rows], jax.random.fold_in(key, count))
        moved = jax.tree.map(functools.partial(update, network.learning_rate, count), layers, g, first, second)
        layers, first, second = (
            jax.tree.map(lambda _, three: three[i], layers, moved) for i in range(3)
        )
        return (layers, state, first, second, count), loss

    n_whole = len(order) // network.batch_size * network.batch_size
    carry, losses = jax.lax.scan(step, carry, order[:n_whole].reshape(-1, network.batch_size))
    if n_whole < len(order):
        carry, last = step(carry, order[n_whole:])
        losses = jnp.append(losses, last)
    return carry, losses


@functools.partial(jax.jit, static_argnums=0)
def evaluate(network, layers, state, x, t):
    z, _ = forward(network, layers, state, x, None)
    return cross_entropy(z, t), (z.argmax(1) == t).mean()


def run(network, rows, seed, variant):
    rng = np.random.default_rng(seed)
    layers, state = initial(Experiment((), network.hidden, N_ROWS, 0), Arm(batch_norm=network.batch_norm), rng)
    zeros = lambda: jax.tree.map(jnp.zeros_like, layers)
    carry = jax.tree.map(jnp.asarray, (layers, state, zeros(), zeros(), 0))
    (x, t), test = rows
    seconds = []
    for number in range(network.n_epochs):
        start = time.perf_counter()
        order, key = rng.permutation(N_ROWS).astype(np.int32), jax.random.key(seed + number)
        carry, losses = jax.block_until_ready(epoch(network, carry, order, key, x, t))
        seconds.append(time.perf_counter() - start)
    return summary(seconds, np.asarray(losses), evaluate(network, *carry[:2], *test))
