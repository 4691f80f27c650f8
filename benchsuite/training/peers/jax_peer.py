"""JAX: a training is one compiled scan; `vmap` trains all arms of a shape side by side."""

import functools

import jax
import numpy as np
from jax import numpy as jnp

from experiments import batches, initial_weights, summary

EPSILON = 1e-6  # of batch norm, as in the book
jax.config.update("jax_default_prng_impl", "unsafe_rbg")


def initial(experiment, arm, rng):
    layers = [{"w": w, "b": np.zeros(w.shape[1], np.float32)} for w in initial_weights(experiment, arm, rng)]
    state = []
    if arm.batch_norm:
        for layer, n in zip(layers, experiment.hidden):
            layer |= {"scale": np.ones(n, np.float32), "shift": np.zeros(n, np.float32)}
            state.append({"mean": np.zeros(n, np.float32), "variance": np.zeros(n, np.float32)})
    return layers, state


def outputs(layers, state, x, dropout, key, is_inverted=False, epsilon=EPSILON):
    """Outputs and the running statistics after them; `key` is None in evaluation.

    The textbook's dropout scales in evaluation, the inverted one in training.
    """
    after = []
    for k, layer in enumerate(layers):
        x = x @ layer["w"] + layer["b"]
        if k == len(layers) - 1:
            return x, after
        if state:
            if key is None:
                mean, variance = state[k]["mean"], state[k]["variance"]
            else:
                mean, variance = x.mean(0), x.var(0)
                after.append({
                    "mean": 0.9 * state[k]["mean"] + 0.1 * mean,
                    "variance": 0.9 * state[k]["variance"] + 0.1 * variance,
                })
            x = (x - mean) * (layer["scale"] * jax.lax.rsqrt(variance + epsilon)) + layer["shift"]
        x = jax.nn.relu(x)
        if dropout is not None:
            keep = 1 - dropout
            in_training, in_evaluation = (1 / keep, 1) if is_inverted else (1, keep)
            mask = 1 if key is None else jax.random.bernoulli(jax.random.fold_in(key, k), keep, x.shape)
            x = x * (mask * (in_evaluation if key is None else in_training))


def cross_entropy(z, t):
    return (jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, t[:, None], axis=1)[:, 0]).mean()


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def trained(experiment, dropout, vmapped, layers, state, rate, decay, order, keys, train, held_out):
    """Losses of all steps and the evaluations, of one arm or (`vmapped`) of many."""
    every = experiment.evaluate_every or experiment.n_steps

    def one(layers, state, rate, decay, order, key):
        def loss_of(layers, state, x, t, key):
            z, after = outputs(layers, state, x, dropout, key)
            return cross_entropy(z, t), after

        def step(carry, now):
            layers, state = carry
            rows, number = now
            x, t = train[0][rows], train[1][rows]
            gradient_of = jax.value_and_grad(loss_of, has_aux=True)
            (loss, after), g = gradient_of(layers, state, x, t, jax.random.fold_in(key, number))
            g = [{name: v + decay * layer[name] if name == "w" else v for name, v in gl.items()}
                 for gl, layer in zip(g, layers)]
            layers = jax.tree.map(lambda p, g: p - rate * g, layers, g)
            if experiment.loss_after_update:
                loss = cross_entropy(outputs(layers, after, x, dropout, None)[0], t)
            return (layers, after), loss

        def evaluate(layers, state, part):
            z, _ = outputs(layers, state, part[0], dropout, None)
            return cross_entropy(z, part[1]), (z.argmax(1) == part[1]).mean()

        def block(carry, now):
            rows, numbers = now
            carry, first = step(carry, (rows[0], numbers[0]))
            scores = [] if experiment.evaluate_every == 0 else [
                evaluate(*carry, part) for part in (train, held_out) if part is not None
            ]
            carry, rest = jax.lax.scan(step, carry, (rows[1:], numbers[1:]))
            return carry, (jnp.concatenate([first[None], rest]), scores)

        n_blocks, n_rest = divmod(experiment.n_steps, every)
        cut = n_blocks * every
        numbers = jnp.arange(experiment.n_steps)
        shaped = (order[:cut].reshape(n_blocks, every, -1), numbers[:cut].reshape(n_blocks, every))
        carry, (losses, scores) = jax.lax.scan(block, (layers, state), shaped)
        losses = losses.reshape(-1)
        if n_rest:
            _, (last, final) = block(carry, (order[cut:], numbers[cut:]))
            losses = jnp.concatenate([losses, last])
            scores = jax.tree.map(lambda all, one: jnp.concatenate([all, one[None]]), scores, final)
        return losses, scores

    if vmapped:
        return jax.vmap(one)(layers, state, rate, decay, order, keys)
    return one(layers, state, rate, decay, order, keys)


def prepare(rows, n_threads):
    """Outside the time: arrays on the device."""
    return [None if part is None else (jnp.asarray(part[0]), jnp.asarray(part[1].astype(np.int32))) for part in rows]


def start(experiment, arm, seed):
    rng = np.random.default_rng(seed)
    layers, state = initial(experiment, arm, rng)
    return (layers, state, np.float32(arm.learning_rate), np.float32(arm.weight_decay),
            batches(experiment, rng).astype(np.int32), jax.random.key(seed))


def words(losses, scores):
    curves = [np.stack([np.asarray(v) for v in part], axis=1) for part in scores] + [[], []]
    return summary(np.asarray(losses), curves[0], curves[1])


def run(experiment, arms, rows, seed, variant):
    """The summaries of these arms."""
    if variant != "vmap":
        out = [trained(experiment, arm.dropout, False, *start(experiment, arm, seed + i), *rows) for i, arm in arms]
        return [words(*one) for one in out]
    groups = {}
    for i, arm in arms:
        groups.setdefault((arm.dropout, arm.batch_norm), []).append((i, arm))
    found = {}
    for (dropout, _), group in groups.items():
        starts = [start(experiment, arm, seed + i) for i, arm in group]
        stacked = jax.tree.map(lambda *all: jnp.stack(all), *starts)
        losses, scores = jax.block_until_ready(trained(experiment, dropout, True, *stacked, *rows))
        for k, (i, _) in enumerate(group):
            found[i] = words(losses[k], jax.tree.map(lambda v: v[k], scores))
    return [found[i] for i, _ in arms]
