"""Share of the peak of each product over widths and batches, and where `gemm` is faster.

    python plot.py GRID.jsonl PICTURE.png
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

TITLES = {"forward": "Z = X W", "input": "dX = dZ W'", "weight": "dW = X' dZ"}
# The bar: this share of the peak, from this width and batch on; and nowhere this much slower than gemm.
SHARE, WIDTH, BATCH, SLOWER = 0.4, 64, 32, 1.1


def main():
    grid, picture = map(Path, sys.argv[1:])
    cells = [json.loads(line) for line in grid.read_text().splitlines() if line.startswith("{")]
    widths, batches = (sorted({cell[key] for cell in cells}) for key in ("width", "batch"))
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.6), constrained_layout=True, sharey=True)
    for axis, (product, title) in zip(axes, TITLES.items()):
        found = {(cell["batch"], cell["width"]): cell for cell in cells if cell["product"] == product}
        shares = [[100 * found[batch, width]["goodfit"] for width in widths] for batch in batches]
        image = axis.imshow(shares, origin="lower", aspect="auto", vmin=0, vmax=100, cmap="viridis")
        for y, batch in enumerate(batches):
            for x, width in enumerate(widths):
                cell = found[batch, width]
                slower = cell["gemm"] > SLOWER * cell["goodfit"]
                share = 100 * cell["goodfit"]
                axis.text(
                    x, y, f"{share:.0f}" + ("*" if slower else ""), ha="center", va="center", fontsize=8,
                    color="black" if share > 60 else "white",
                )
        axis.set_xticks(range(len(widths)), widths, rotation=60)
        axis.set_yticks(range(len(batches)), batches)
        axis.set_title(title)
        axis.set_xlabel("width of the layer")
    axes[0].set_ylabel("rows of the batch")
    figure.colorbar(image, ax=axes, label="% of the peak of one core", shrink=0.9)
    peak = sorted(cell["peak_gflops"] for cell in cells)[len(cells) // 2]
    figure.suptitle(f"goodfit's products, one core of {peak:.0f} GFLOP/s; * where gemm is over 10 % faster")
    figure.savefig(picture, dpi=110)

    inside = [cell for cell in cells if cell["width"] >= WIDTH and cell["batch"] >= BATCH]
    least = min(inside, key=lambda cell: cell["goodfit"])
    below = sum(cell["goodfit"] < SHARE for cell in inside)
    print(f"widths from {WIDTH} and batches from {BATCH} on: {below} of {len(inside)} cells below {SHARE:.0%}; least {words(least)}")
    slow = sorted((cell for cell in cells if cell["gemm"] > SLOWER * cell["goodfit"]), key=lambda c: c["goodfit"] / c["gemm"])
    print(f"{len(slow)} of {len(cells)} cells over 10 % slower than gemm:")
    for cell in slow:
        print(" ", words(cell))


def words(cell):
    return (
        f"{cell['product']} {cell['width']} wide, {cell['batch']} rows: {cell['goodfit']:.1%}, gemm {cell['gemm']:.1%}"
        f" ({cell['microseconds']:.2f} us)"
    )


if __name__ == "__main__":
    main()
