"""Unscrambled Sobol points of SciPy, and its table of Joe and Kuo as lines of Rust.

    python sobol.py > table.txt
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import qmc

N_DIMENSIONS, N_BITS = 128, 32
INDICES = [0, 1, 2, 3, 4, 5, 6, 7, 100, 1000, 65_535, 65_536, 1_000_000]


def point(index):
    engine = qmc.Sobol(N_DIMENSIONS, scramble=False, bits=N_BITS)
    if index:
        engine.fast_forward(index)
    return [int(x * 2.0**N_BITS) for x in engine.random(1)[0]]


def table():
    """For every dimension after the first: the polynomial and the first direction numbers."""
    source = Path(scipy.__file__).parent / "stats" / "_sobol_direction_numbers.npz"
    with np.load(source) as numbers:
        for polynomial, initial in zip(numbers["poly"][1:N_DIMENSIONS], numbers["vinit"][1:N_DIMENSIONS]):
            degree = int(polynomial).bit_length() - 1
            print(f"    ({polynomial}, &[{', '.join(map(str, initial[:degree]))}]),")


points = {str(index): point(index) for index in INDICES}
lines = ",\n".join(f'  "{index}": {json.dumps(point)}' for index, point in points.items())
Path("sobol.json").write_text(f'{{"scipy": "{scipy.__version__}", "points": {{\n{lines}\n}}}}\n')
table()
