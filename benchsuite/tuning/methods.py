"""The methods: each draws values and is told their losses.

A method is made for a space and a seed and has `ask() -> values by name` and `tell(loss)`, one after the other.
"""

import atexit
import json
import subprocess
import warnings

PEERS = {
    # Optuna 5: multivariate, with a constant liar.
    "optuna-tpe": lambda optuna, seed: optuna.samplers.TPESampler(seed=seed),
    "optuna-tpe-independent": lambda optuna, seed: optuna.samplers.TPESampler(seed=seed, multivariate=False),
    "optuna-gp": lambda optuna, seed: optuna.samplers.GPSampler(seed=seed),
    "optuna-qmc": lambda optuna, seed: optuna.samplers.QMCSampler(seed=seed, scramble=True),
    "optuna-random": lambda optuna, seed: optuna.samplers.RandomSampler(seed=seed),
}


def make(method, space, seed, bridge):
    """A method by its name: one of the peers, or `goodfit-SAMPLER`, or `goodfit-SAMPLER-by-8`: in generations of 8."""
    if method.startswith("goodfit-"):
        sampler, _, generation = method.removeprefix("goodfit-").partition("-by-")
        return Goodfit(sampler, int(generation or 1), space, seed, bridge)
    return Optuna(method, space, seed)


class Optuna:
    """A sampler of Optuna, by define-and-run."""

    def __init__(self, method, space, seed):
        import optuna

        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        if method == "optuna-gp":
            import torch

            torch.set_num_threads(1)
        of = optuna.distributions
        self.space = {
            parameter["name"]: {
                "float": lambda p: of.FloatDistribution(p["low"], p["high"]),
                "int": lambda p: of.IntDistribution(p["low"], p["high"]),
                "categorical": lambda p: of.CategoricalDistribution(p["choices"]),
            }[parameter["type"]](parameter)
            for parameter in space
        }
        self.study = optuna.create_study(sampler=PEERS[method](optuna, seed))

    def ask(self):
        self.trial = self.study.ask(self.space)
        return self.trial.params

    def tell(self, loss):
        self.study.tell(self.trial, loss)


class Goodfit:
    """A sampler of goodfit, through the lines of `examples/ask_tell_stdio.rs`; one process serves all studies."""

    process = None

    def __init__(self, sampler, generation, space, seed, bridge):
        if Goodfit.process is None:
            pipe = subprocess.PIPE
            Goodfit.process = subprocess.Popen([bridge], stdin=pipe, stdout=pipe, text=True, bufsize=1)
            atexit.register(Goodfit.process.kill)
        self.say({"study": {"space": space, "sampler": sampler, "generation": generation, "seed": seed}})

    def say(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the bridge has ended"}
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def ask(self):
        answer = self.say({"ask": 1})
        self.number = answer["number"]
        return answer["parameters"]

    def tell(self, loss):
        self.say({"tell": {"number": self.number, "loss": loss}})
