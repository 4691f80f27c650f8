"""What the runs under `runs` say: `python summarise.py > ../runs/tables.txt`; `python summarise.py --check` tests itself.

The score of a method on a set is its mean accuracy, or R2, over the splits that all compared methods have. Normalised, the
constant prediction has 0 and the best method of the set 1; what is worse than the constant has 0."""

import json
import math
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

from methods import METHODS

HERE = Path(__file__).parent


def read():
    """Scores and seconds by set, method and split."""
    found, seconds = defaultdict(lambda: defaultdict(dict)), defaultdict(lambda: defaultdict(dict))
    for path in sorted((HERE / "runs").glob("*.json")):
        one = json.loads(path.read_text())
        measure = "accuracy" if one["task"] == "classes" else "r2"
        found[one["set"]][one["method"]][one["split"]] = one["scores"][measure]
        seconds[one["set"]][one["method"]][one["split"]] = one["seconds"]
    return found, seconds


def common(of_set, methods):
    """Scores of these methods on the splits that all of them have, methods x splits; `None` without such."""
    if not all(method in of_set for method in methods):
        return None
    splits = set.intersection(*(set(of_set[method]) for method in methods))
    return np.array([[of_set[method][split] for split in sorted(splits)] for method in methods]) if splits else None


def normalised(means, worst):
    """Means of methods on one set, from 0 (the constant prediction, and what is worse) to 1 (the best of them)."""
    best = max(means)
    return [min(max((mean - worst) / (best - worst), 0.0), 1.0) if best > worst else 1.0 for mean in means]


def holm(p_values):
    """Holm's adjusted p-values."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted


def compared(found, first, second):
    """By set, the scores of two methods on the splits that both have."""
    pairs = {name: common(of_set, [first, second, "constant"]) for name, of_set in found.items()}
    return {name: scores for name, scores in pairs.items() if scores is not None}


def table(found, methods):
    """Mean rank and mean normalised score of methods, over the sets that have all of them."""
    ranks, scores = [], []
    for of_set in found.values():
        all_scores = common(of_set, [*methods, "constant"])
        if all_scores is None:
            continue
        means = all_scores.mean(axis=1)
        scores.append(normalised(means[:-1], means[-1]))
        ranks.append(stats.rankdata(-means[:-1]))
    return np.array(ranks), np.array(scores)


def line(text=""):
    print(text)


def bars(found):
    rows = compared(found, "goodfit", "mlp-tuned")
    if rows:
        better = sum(scores[0].mean() > scores[1].mean() for scores in rows.values())
        verdict(f"better than the tuned MLP on {better} of {len(rows)} sets (80 %)", better >= 0.8 * len(rows))
    rows = compared(found, "goodfit", "realmlp-td-s")
    if rows:
        differences = [np.subtract(*normalised(scores[:2].mean(axis=1), scores[2].mean())) for scores in rows.values()]
        verdict(f"normalised score less that of RealMLP-TD-S: {np.mean(differences):+.4f} in the mean of {len(rows)} sets "
                "(-0.01)", np.mean(differences) >= -0.01)
        tested = {name: scores for name, scores in rows.items() if scores.shape[1] > 1}
        if tested:
            p = [one_sided(scores[0] - scores[1]) for scores in tested.values()]
            worse = [name for name, adjusted in zip(tested, holm(p)) if adjusted < 0.05]
            verdict(f"worse than RealMLP-TD-S after Holm's correction on {worse or 'none'} of {len(tested)} sets", not worse)
    rows = compared(found, "goodfit-search", "hist-gradient-boosting")
    if rows:
        differences = [np.subtract(*normalised(scores[:2].mean(axis=1), scores[2].mean())) for scores in rows.values()]
        verdict(f"search less histogram gradient boosting: {np.mean(differences):+.4f} in the mean of {len(rows)} sets "
                "(-0.02)", np.mean(differences) >= -0.02)
    rows = {name: scores for name, scores in compared(found, "goodfit", "linear").items() if scores.shape[1] > 1}
    if rows:
        below = [name for name, scores in rows.items() if is_below(scores[0] - scores[1])]
        verdict(f"below the linear model by more than 2 paired standard errors on {below or 'none'} of {len(rows)} sets "
                "(1 in 20)", 20 * len(below) <= len(rows))


def one_sided(differences):
    """How likely a paired t-test finds so much below 0 by chance."""
    if np.ptp(differences) == 0:
        return 0.0 if differences[0] < 0 else 1.0
    return float(stats.ttest_1samp(differences, 0.0, alternative="less").pvalue)


def is_below(differences):
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    return differences.mean() < -2 * error and differences.mean() < 0


def verdict(text, met):
    line(f"{'met    ' if met else 'NOT met'}  {text}")


def main():
    found, seconds = read()
    for title, methods in [
        ("default settings", [m for m in METHODS if m not in ("goodfit-search", "mlp-tuned")]),
        ("with those that search", list(METHODS)),
    ]:
        methods = [m for m in methods if m != "constant" and any(m in of_set for of_set in found.values())]
        ranks, scores = table(found, methods)
        if not len(ranks):
            continue
        line(f"{title}, {len(ranks)} sets: mean rank, mean normalised score, median seconds")
        for i in np.argsort(ranks.mean(axis=0)):
            spent = [s for of_set in seconds.values() for s in of_set.get(methods[i], {}).values()]
            line(f"  {methods[i]:<24} {ranks[:, i].mean():5.2f}  {scores[:, i].mean():.4f}  {np.median(spent):8.1f}")
        line()
    bars(found)
    line()
    line("set: mean accuracy or R2 by method, and the number of splits")
    for name, of_set in sorted(found.items()):
        shown = [f"{m} {np.mean(list(s.values())):.4f} ({len(s)})" for m, s in sorted(of_set.items())]
        line(f"  {name}: {', '.join(shown)}")


def check():
    """Against what was worked out by hand."""
    assert np.allclose(normalised([0.9, 0.7, 0.4], 0.5), [1.0, 0.5, 0.0])
    assert np.allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    found = {"a": {"x": {0: 0.9, 1: 0.8}, "y": {0: 0.7}, "constant": {0: 0.5, 1: 0.5}}}
    ranks, scores = table(found, ["x", "y"])
    assert ranks.tolist() == [[1.0, 2.0]] and np.allclose(scores, [[1.0, 0.5]])
    assert is_below(np.array([-0.2, -0.1, -0.15])) and not is_below(np.array([-0.2, 0.1, 0.0]))
    assert one_sided(np.array([-0.1, -0.1])) == 0.0


if __name__ == "__main__":
    check() if "--check" in sys.argv else main()
