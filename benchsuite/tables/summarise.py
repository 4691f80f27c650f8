"""The pieces of run.py -> tables and bars, printed and written to ../runs/tables.txt.

    python summarise.py
"""

import json
from collections import Counter
from pathlib import Path
from statistics import mean, median

import arithmetic
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


def is_slowed(piece: dict) -> bool:
    """Whether PyTorch's threads had to sleep while they waited, which costs small steps time; pieces that do not tell were
    recorded so.
    """
    return piece["method"].startswith("realmlp-") and piece.get("omp_wait_policy", "passive") is not None


def tables(found: list[dict]) -> tuple[dict, dict]:
    """`scores[set][method][split]`, where a failed piece scores like the baseline, and `seconds[set][method][split, machine]`,
    where it has none: seconds of different machines are not compared, and those of a busy one not taken, and those of
    PyTorch with threads that sleep while they wait have a name of their own.
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
            of = f"{method} passive" if is_slowed(piece) else method
            seconds.setdefault(name, {}).setdefault(of, {})[split, piece["cpu"]] = piece["seconds_train"]
    return scores, seconds


def head(found: list[dict]) -> list[str]:
    """Machine, dates, versions, load."""
    lines = ["Methods on the real tables of sets.toml; `python summarise.py` in benchsuite/tables."]
    on = {}
    for p in found:
        on.setdefault(f"{p['cpu']}, {p['cores']} cores", []).append(p)
    for machine, of in on.items():
        lines.append(f"{machine}: {len(of)} pieces; seconds of the {sum(map(is_quiet, of))} are taken that had the machine to themselves")
    days = sorted(p["date"] for p in found)
    lines.append(f"from {days[0]} to {days[-1]}")
    for method in sorted({p["method"] for p in found}):
        said = [p for p in found if p["method"] == method]
        for text, n in Counter(by_what(p) for p in said).items():
            lines.append(f"  {method}: {text}, {n} pieces")
    return lines


def by_what(piece: dict) -> str:
    """The program or the packages of a piece. goodfit is told by what its program hashes to; pieces without that tell what was
    checked out when they were recorded.
    """
    told = piece["versions"]
    if not piece["method"].startswith("goodfit-"):
        return " ".join(f"{k} {told.get(k, '?')}" for k in ("python", "scikit-learn", "pytabkit", "torch", "numpy"))
    of = f"program {told['program_sha256'][:12]}" if "program_sha256" in told else f"checkout of {told['commit']}"
    return f"goodfit {told['goodfit']} {of}"


def is_tuned(method: str) -> bool:
    """Whether a method tries settings; such methods are run on two of the splits only."""
    return method == "mlp-tuned" or method.endswith("-search")


def overall(scores: dict, seconds: dict, found: list[dict], methods: list[str]) -> list[str]:
    """A row for each method; all on the sets that all of them have, over the splits that all of them have there."""
    common = {n: s for n, of_set in scores.items() if (s := standing.shared(of_set, *methods))}
    ranks = [standing.ranks(scores[n], methods) for n in common]
    counts = [len(s) for s in common.values()]
    of = "-".join(str(n) for n in sorted({min(counts, default=0), max(counts, default=0)}))
    lines = ["", f"sets that all these methods have: {len(common)}; splits of a set that all of them have: {of}"]
    lines.append("method                   pieces  failed  mean rank  normalised  median s to train")
    for method in methods:
        values = [v for n, splits in common.items() if (v := standing.normalised(scores[n], method, splits)) is not None]
        mine = [p for p in found if p["method"] == method]
        took = [median(t.values()) for s in seconds.values() if (t := s.get(method))]
        rank = f"{mean(r[method] for r in ranks):9.2f}" if ranks else "        -"
        value = f"{mean(values):10.4f}" if values else "         -"
        lines.append(
            f"{method:24} {len(mine):6} {sum('error' in p for p in mine):7}  {rank}  {value}"
            f"  {f'{median(took):.1f}' if took else '-':>17}"
        )
    return lines


def versus(scores: dict, mine: str, methods: list[str]) -> list[str]:
    """Win rates and tests of one method against the others; nothing where they share nothing."""
    others = [m for m in methods if m != mine]
    lines = ["", f"{f'{mine} against':30} sets  splits  win rate  normalised difference  p over sets, Holm"]
    ahead = {m: standing.advantages(scores, mine, m) for m in others}
    p = standing.holm({m: v for m in others if (v := standing.across(ahead[m])) is not None})
    for m in others:
        if ahead[m]:
            test = f"{p[m]:.4f}" if m in p else "too few sets"
            counts = [len(standing.shared(scores[n], mine, m)) for n in ahead[m]]
            shared = "-".join(str(n) for n in sorted({min(counts), max(counts)}))
            lines.append(
                f"  {m:28} {len(counts):4} {shared:>7} {standing.win_rate(scores, mine, m):9.2f}"
                f"  {mean(ahead[m].values()):+21.4f}  {test}"
            )
    return lines if len(lines) > 2 else []


def trials(found: list[dict]) -> list[str]:
    """Trials of scikit-learn's network that ended in time, fewest first, and the seconds with the last fit behind them."""
    of = sorted((p for p in found if "trials" in p), key=lambda p: p["trials"])
    if not of:
        return []
    lines = ["", f"{'mlp-tuned':24} training rows  trials in time  seconds with the last fit"]
    return lines + [
        f"  {p['set'] + ' ' + str(p['split']):22} {p['train_rows']:13} {p['trials']:15} {p['seconds_train']:26.1f}" for p in of
    ]


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
        found = [bars.gradient_boosting(scores, mine), bars.tuned_mlp(scores, mine)]
    else:
        found = [bars.tuned_mlp(scores, mine), bars.realmlp(scores, mine), bars.linear(scores, mine), bars.time(seconds, mine)]
    return ["", f"bars of {mine}", *(verdict(b, n_sets) for b in found)]


def width(method: str) -> int:
    """Of a method's column."""
    return max(len(method), 8)


def by_set(scores: dict, methods: list[str]) -> list[str]:
    """Mean deciding score of each method on each set, over the splits that all have of those that were run on it."""
    kinds = {n: s["task"] for n, s in data.sets().items()}
    lines = ["", "mean score (AUC, accuracy or R2) over the splits of a set that all methods share that were run on it"]
    lines.append(f"{'set':16} {'score':8} splits " + " ".join(f"{m:>{width(m)}}" for m in methods))
    for name in [n for n in kinds if n in scores]:
        of_set = scores[name]
        run = [m for m in methods if m in of_set]
        splits = standing.shared(of_set, *run)
        cells = [f"{mean(of_set[m][s] for s in splits):.4f}" if m in run and splits else "-" for m in methods]
        row = " ".join(f"{cell:>{width(m)}}" for cell, m in zip(cells, methods, strict=True))
        lines.append(f"{name:16} {data.METRIC[kinds[name]]:8} {len(splits):6} {row}")
    return lines


def main() -> None:
    found = pieces()
    if not found:
        raise SystemExit("nothing was run yet: see run.py")
    scores, seconds = tables(found)
    # One training, one thread and PyTorch alone are there for their seconds.
    timed = ("-once", "@1", "realmlp-torch")
    methods = sorted({p["method"] for p in found if not p["method"].endswith(timed)} - {standing.BASELINE})
    fixed = [m for m in methods if not is_tuned(m)]
    lines = head(found) + overall(scores, seconds, found, fixed) + overall(scores, seconds, found, methods)
    for mine in [m for m in methods if m.startswith("goodfit-")]:
        lines += versus(scores, mine, methods) + judged(scores, seconds, mine)
    lines += versus(scores, "realmlp-torch", ["realmlp-td-s", "goodfit-realmlp-once"])
    lines += arithmetic.section(found, seconds) + trials(found)
    lines += by_set(scores, [standing.BASELINE, *fixed]) + by_set(scores, [standing.BASELINE, *methods])
    failed = [f"  {p['set']} {p['method']} {p['split']}: {p['error']}" for p in found if "error" in p]
    lines += ["", "failed", *failed] if failed else []
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    OUT.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
