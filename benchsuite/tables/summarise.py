"""The pieces of run.py -> tables and bars, printed and written to ../runs/tables.txt.

    python summarise.py
"""

import json
from collections import Counter
from pathlib import Path
from statistics import mean, median

import bars
import data
import standing

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "runs" / "tables.txt"


def pieces() -> list[dict]:
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted((HERE / "runs").glob("*/*/*.json"))]


def is_quiet(piece: dict) -> bool:
    """Whether the seconds of a piece are its own: others had at most 5 % of the cores meanwhile. Pieces that do not tell that
    yet tell the load average before and after; that of their own two threads, and one more, is taken for quiet.
    """
    return piece["others"] <= 0.05 if "others" in piece else max(piece["load"]) <= 3


def tables(found: list[dict]) -> tuple[dict, dict]:
    """`scores[set][method][split]`, where a failed piece scores like the baseline, and `seconds[set][method][split, machine]`,
    where it has none: seconds of different machines are not compared, and those of a busy one not taken.
    """
    scores, seconds = {}, {}
    for piece in sorted(found, key=lambda p: p["method"] != standing.BASELINE):
        name, method, split = piece["set"], piece["method"], piece["split"]
        of_set = scores.setdefault(name, {})
        if "error" in piece:
            if split in of_set.get(standing.BASELINE, {}):
                of_set.setdefault(method, {})[split] = of_set[standing.BASELINE][split]
            continue
        of_set.setdefault(method, {})[split] = piece["scores"][data.METRIC[piece["task"]]]
        if is_quiet(piece):
            seconds.setdefault(name, {}).setdefault(method, {})[split, piece["cpu"]] = piece["seconds_train"]
    return scores, seconds


def head(found: list[dict]) -> list[str]:
    """Machine, dates, versions, load."""
    lines = ["Methods on the real tables of sets.toml; `python summarise.py` in benchsuite/tables."]
    on = {}
    for p in found:
        on.setdefault(f"{p['cpu']}, {p['cores']} cores, {p['threads']} threads a method", []).append(p)
    for machine, of in on.items():
        lines.append(f"{machine}: {len(of)} pieces; seconds of the {sum(map(is_quiet, of))} are taken that had the machine to themselves")
    days = sorted(p["date"] for p in found)
    lines.append(f"from {days[0]} to {days[-1]}")
    for method in sorted({p["method"] for p in found}):
        said = [p for p in found if p["method"] == method]
        own = ("goodfit", "commit") if method.startswith("goodfit-") else ("python", "scikit-learn", "pytabkit", "torch", "numpy")
        for text, n in Counter(" ".join(f"{k} {p['versions'].get(k, '?')}" for k in own) for p in said).items():
            lines.append(f"  {method}: {text}, {n} pieces")
    return lines


def overall(scores: dict, seconds: dict, found: list[dict], methods: list[str]) -> list[str]:
    """A row for each method."""
    lines = ["", "method                   sets  pieces  failed  mean rank  normalised  median s to train"]
    common = [s for s in scores.values() if all(standing.gains(s, m) for m in methods)]
    ranks = [standing.ranks(s, methods) for s in common]
    for method in methods:
        values = [v for s in scores.values() if (v := standing.normalised(s, method)) is not None]
        mine = [p for p in found if p["method"] == method]
        took = [median(t.values()) for s in seconds.values() if (t := s.get(method))]
        rank = f"{mean(r[method] for r in ranks):9.2f}" if ranks else "        -"
        value = f"{mean(values):10.4f}" if values else "         -"
        lines.append(
            f"{method:24} {len(values):4} {len(mine):7} {sum('error' in p for p in mine):7}  {rank}  {value}"
            f"  {f'{median(took):.1f}' if took else '-':>17}"
        )
    lines.append(f"(ranks on the {len(common)} sets that all these methods have)")
    return lines


def versus(scores: dict, mine: str, methods: list[str]) -> list[str]:
    """Win rates and tests of one method of goodfit against the others."""
    others = [m for m in methods if m != mine]
    lines = ["", f"{mine} against           win rate  normalised difference  p over sets, Holm"]
    ahead = {m: standing.advantages(scores, mine, m) for m in others}
    p = standing.holm({m: v for m in others if (v := standing.across(ahead[m])) is not None})
    for m in others:
        if ahead[m]:
            test = f"{p[m]:.4f}" if m in p else "too few sets"
            lines.append(f"  {m:24} {standing.win_rate(scores, mine, m):14.2f}  {mean(ahead[m].values()):+21.4f}  {test}")
    return lines


def verdict(bar: bars.Bar, n_sets: int) -> str:
    """The bar with met, not met or not run; provisional where sets or splits are missing."""
    if bar.met is None:
        return f"  not judged: {bar.says}{f' ({bar.found})' if bar.found else ''}"
    word = "met" if bar.met else "not met"
    if bar.n_sets < n_sets or bar.n_splits < bar.splits:
        word += f", provisional: {bar.n_sets} of {n_sets} sets, {bar.n_splits} of {bar.splits} splits at least"
    return f"  {word}: {bar.says} ({bar.found})"


def judged(scores: dict, seconds: dict, mine: str) -> list[str]:
    """The bars that apply to one method of goodfit."""
    n_sets = len(data.sets())
    if mine.endswith("-search"):
        found = [bars.gradient_boosting(scores, mine)]
    else:
        found = [bars.tuned_mlp(scores, mine), bars.realmlp(scores, mine), bars.linear(scores, mine), bars.time(seconds, mine)]
    return ["", f"bars of {mine}", *(verdict(b, n_sets) for b in found)]


def by_set(scores: dict, methods: list[str]) -> list[str]:
    """Mean deciding score of each method on each set."""
    kinds = {n: s["task"] for n, s in data.sets().items()}
    lines = ["", "mean score over the splits that were run (AUC, accuracy or R2)"]
    lines.append(f"{'set':16} {'score':8} " + " ".join(f"{m[:14]:>14}" for m in methods))
    for name in [n for n in kinds if n in scores]:
        cells = [f"{mean(v.values()):14.4f}" if (v := scores[name].get(m)) else " " * 13 + "-" for m in methods]
        lines.append(f"{name:16} {data.METRIC[kinds[name]]:8} " + " ".join(cells))
    return lines


def main() -> None:
    found = pieces()
    if not found:
        raise SystemExit("nothing was run yet: see run.py")
    scores, seconds = tables(found)
    # One training is there for its seconds.
    methods = sorted({p["method"] for p in found if not p["method"].endswith("-once")} - {standing.BASELINE})
    lines = head(found) + overall(scores, seconds, found, methods)
    for mine in [m for m in methods if m.startswith("goodfit-")]:
        lines += versus(scores, mine, methods) + judged(scores, seconds, mine)
    lines += by_set(scores, [standing.BASELINE, *methods])
    failed = [f"  {p['set']} {p['method']} {p['split']}: {p['error']}" for p in found if "error" in p]
    lines += ["", "failed", *failed] if failed else []
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    OUT.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
