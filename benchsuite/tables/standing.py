"""The mathematics of the summary; knows no files.

Notation: `scores[set][method][split]` is the deciding score, greater is better. The gain of a method on a split is its
score less that of the baseline on the same split. Methods are compared over splits that all of them have, never over
splits of one's own. Over given splits the scale of a set is the greatest mean gain there among the methods that have them
all, those that are not compared as well; the normalised score of a method is its mean gain there over that scale, below 0
taken for 0: 0 is the baseline, 1 the best method. A set on which no method gains over these splits has no scale and is left
out.
"""

import math
from statistics import mean, stdev

from scipy import stats

BASELINE = "baseline"


def gains(of_set: dict, method: str) -> dict:
    """Split -> gain, where the baseline has that split, too."""
    base = of_set.get(BASELINE, {})
    return {split: score - base[split] for split, score in of_set.get(method, {}).items() if split in base}


def shared(of_set: dict, *methods: str) -> list:
    """Splits that all these methods have."""
    return sorted(set.intersection(*(set(gains(of_set, m)) for m in methods)))


def mean_gain(of_set: dict, method: str, splits: list) -> float | None:
    """Mean gain over these splits; None where the method lacks one, or there is none."""
    found = gains(of_set, method)
    return mean(found[s] for s in splits) if splits and set(splits) <= set(found) else None


def scale(of_set: dict, splits: list) -> float | None:
    """The greatest mean gain over these splits, among the methods that have them all; None where none of them gains."""
    best = max((g for m in of_set if (g := mean_gain(of_set, m, splits)) is not None), default=0.0)
    return best if best > 0 else None


def normalised(of_set: dict, method: str, splits: list) -> float | None:
    """Normalised score over these splits; None where the method lacks one, or without a scale."""
    gain, unit = mean_gain(of_set, method, splits), scale(of_set, splits)
    return max(gain / unit, 0.0) if gain is not None and unit else None


def differences(of_set: dict, a: str, b: str) -> list[float]:
    """Score of `a` less that of `b` on each shared split."""
    return [of_set[a][s] - of_set[b][s] for s in shared(of_set, a, b)]


def advantages(scores: dict, a: str, b: str) -> dict:
    """Set -> normalised score of `a` less that of `b`, both over their shared splits."""
    out = {}
    for name, of_set in scores.items():
        splits = shared(of_set, a, b)
        if scale(of_set, splits):
            out[name] = normalised(of_set, a, splits) - normalised(of_set, b, splits)
    return out


def behind(scores: dict, a: str, b: str) -> list[tuple[float, float | None, str]]:
    """Sets on which the mean score of `a` is below that of `b` over their shared splits, farthest first: the mean difference
    and its standard error in the set's scale over these splits, and the set's name. With one split there is no error.
    """
    out = []
    for name, of_set in scores.items():
        diffs, unit = differences(of_set, a, b), scale(of_set, shared(of_set, a, b))
        if diffs and unit and mean(diffs) < 0:
            error = stdev(diffs) / math.sqrt(len(diffs)) / unit if len(diffs) > 1 else None
            out.append((mean(diffs) / unit, error, name))
    return sorted(out, key=lambda found: found[0])


def win_rate(scores: dict, a: str, b: str) -> float | None:
    """Share of the sets on which the mean score of `a` is greater over the shared splits; a tie is half a win."""
    means = [mean(d) for of_set in scores.values() if (d := differences(of_set, a, b))]
    return mean(1.0 if m > 0 else 0.5 if m == 0 else 0.0 for m in means) if means else None


def ranks(of_set: dict, methods: list) -> dict:
    """Method -> rank by mean gain over the splits that all have, 1 is best, ties share their mean rank."""
    splits = shared(of_set, *methods)
    found = [mean_gain(of_set, m, splits) for m in methods]
    return dict(zip(methods, stats.rankdata([-g for g in found]).tolist(), strict=True))


def worse(diffs: list[float]) -> float | None:
    """p of the one-sided paired t-test that the mean difference is below 0; None with fewer than two splits."""
    if len(diffs) < 2:
        return None
    middle, spread = mean(diffs), stdev(diffs)
    if spread == 0:
        return 0.0 if middle < 0 else 1.0
    return float(stats.t.cdf(middle / (spread / math.sqrt(len(diffs))), len(diffs) - 1))


def below_by_two_errors(diffs: list[float]) -> bool | None:
    """Whether the mean difference is below 0 by more than two standard errors; None with fewer than two splits."""
    if len(diffs) < 2:
        return None
    return mean(diffs) < -2 * stdev(diffs) / math.sqrt(len(diffs))


def holm(p: dict) -> dict:
    """Holm's corrected p: the i-th smallest of m times (m - i), i from 0, never below the one before, at most 1."""
    out, least = {}, 0.0
    for i, key in enumerate(sorted(p, key=p.get)):
        least = max(least, min(1.0, p[key] * (len(p) - i)))
        out[key] = least
    return out


def across(advantage: dict) -> float | None:
    """p of Wilcoxon's two-sided signed-rank test over sets; None where fewer than six sets differ."""
    values = [v for v in advantage.values() if v != 0]
    return float(stats.wilcoxon(values).pvalue) if len(values) >= 6 else None
