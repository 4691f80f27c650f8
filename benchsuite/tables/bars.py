"""What the default and the search have to reach, each judged on what was run."""

from dataclasses import dataclass
from statistics import mean, median

import standing

LEVEL = 0.05
SHOWN = 4  # sets that are farthest behind
# Who trains the same network: of the methods of a tuple the fastest counts.
BARE = ("realmlp-torch", "realmlp-torch@1")
FRAMEWORK = ("realmlp-td-s", "realmlp-td-s@1")
SLEEPING = ("realmlp-td-s passive",)


@dataclass
class Bar:
    """One requirement: None is not run."""

    says: str
    met: bool | None
    found: str
    n_sets: int
    n_splits: int  # the fewest shared splits of a set
    splits: int  # how many there have to be


def coverage(scores: dict, a: str, b: str) -> tuple[int, int]:
    """Sets that both methods have, and the fewest splits that they share on one."""
    counts = [n for of_set in scores.values() if (n := len(standing.shared(of_set, a, b)))]
    return len(counts), min(counts, default=0)


def tuned_mlp(scores: dict, mine: str) -> Bar:
    says = "better than scikit-learn's tuned MLP on at least 80 % of the sets"
    found = [mean(d) > 0 for s in scores.values() if (d := standing.differences(s, mine, "mlp-tuned"))]
    text = f"better on {sum(found)} of {len(found)}"
    return Bar(says, sum(found) >= 0.8 * len(found) if found else None, text, *coverage(scores, mine, "mlp-tuned"), 2)


def realmlp(scores: dict, mine: str) -> Bar:
    says = "within 0.01 of RealMLP-TD-S in the mean, worse on none after Holm's correction"
    ahead = standing.advantages(scores, mine, "realmlp-td-s")
    tests = {n: p for n, s in scores.items() if (p := standing.worse(standing.differences(s, mine, "realmlp-td-s"))) is not None}
    worse = sorted(n for n, p in standing.holm(tests).items() if p < LEVEL)
    n_sets, n_splits = coverage(scores, mine, "realmlp-td-s")
    if not ahead:
        return Bar(says, None, "", 0, 0, 5)
    text = f"{mean(ahead.values()):+.4f} in the mean; worse on {len(worse)} of {len(tests)} tested {' '.join(worse)}".rstrip()
    text += f"; {lower(scores, mine, 'realmlp-td-s', n_sets)}"
    met = mean(ahead.values()) >= -0.01 and not worse
    # The second half of the requirement needs splits to test.
    return Bar(says, met if len(tests) == n_sets or not met else None, text, n_sets, n_splits, 5)


def lower(scores: dict, mine: str, other: str, n_sets: int) -> str:
    """On how many sets the mean is lower, and where most: few splits leave a test little power to say so."""
    found = standing.behind(scores, mine, other)
    text = f"lower on {len(found)} of {n_sets}"
    farthest = [f"{n} {d:+.3f}{f' +- {e:.3f}' if e is not None else ''}" for d, e, n in found[:SHOWN]]
    return f"{text}, most on {', '.join(farthest)}" if farthest else text


def gradient_boosting(scores: dict, mine: str) -> Bar:
    says = "with search, at least HistGradientBoosting - 0.02 in the mean (goal: ahead)"
    ahead = standing.advantages(scores, mine, "hist-gradient-boosting")
    if not ahead:
        return Bar(says, None, "", 0, 0, 2)
    value = mean(ahead.values())
    return Bar(says, value >= -0.02, f"{value:+.4f} in the mean", *coverage(scores, mine, "hist-gradient-boosting"), 2)


def linear(scores: dict, mine: str) -> Bar:
    says = "below the linear model by more than 2 paired standard errors on at most 1 set in 20"
    tests = {n: b for n, s in scores.items() if (b := standing.below_by_two_errors(standing.differences(s, mine, "linear"))) is not None}
    below = sorted(n for n, b in tests.items() if b)
    text = f"below on {len(below)} of {len(tests)} {' '.join(below)}".rstrip()
    return Bar(says, 20 * len(below) <= len(tests) if tests else None, text, *coverage(scores, mine, "linear"), 5)


def time(seconds: dict, mine: str) -> Bar:
    """`seconds[set][method][split, machine]`; only the preset that is the same network can be judged.

    Judged is one training of that network on as many rows (`-once`) beside the same in PyTorch alone; by default goodfit
    trains it a second time, on all rows. That, and the same beside pytabkit with its whole framework, are said too, and beside
    pytabkit on two threads that slept while they waited, which is how its older pieces were recorded.
    """
    says = "default training at least 5 times as fast as the same network in PyTorch"
    if mine != "goodfit-realmlp":
        return Bar(says, None, "not the same network", 0, 0, 5)
    parts = []
    for peers, words in ((BARE, "PyTorch alone"), (FRAMEWORK, "pytabkit"), (SLEEPING, "pytabkit with sleeping threads")):
        for method, of in ((f"{mine}-once", "one training"), (mine, "with the second one on all rows that is the default")):
            if found := ratios(seconds, method, peers)[0]:
                text = f"{median(found):.1f} times in the median of {len(found)} sets, {min(found):.1f} at least"
                parts.append(f"{of}, {words}: {text}")
    once, counts = ratios(seconds, f"{mine}-once", BARE)
    return Bar(says, median(once) >= 5 if once else None, "; ".join(parts), len(once), min(counts, default=0), 5)


def ratios(seconds: dict, mine: str, peers: tuple[str, ...]) -> tuple[list[float], list[int]]:
    """Seconds of the fastest of the peers over ours, the median of the splits of each set, and how many splits there are.

    Taken are splits that all of them have on the same machine as ours.
    """
    found, counts = [], []
    for of_set in seconds.values():
        ours, theirs = of_set.get(mine, {}), [of_set.get(m, {}) for m in peers]
        if both := set(ours).intersection(*theirs):
            counts.append(len(both))
            found.append(median(min(t[s] for t in theirs) / ours[s] for s in both))
    return found, counts
