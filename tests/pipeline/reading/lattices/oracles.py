"""Texts of the paths through small lattices, and their sums, one by one; formats that some of them fit."""

import math
from collections import defaultdict

from pipeline.reading.lattices.lattice import SKIP

# Lattices of the fixtures spell texts of 1 and 7.
SPECS = (
    "digits",
    "digits:2",
    "digits:1-3",
    r"1\d?-7",
    "(1|77)*1[7]",
    "luhn",
    "mod11",
    "digits:3,mod11",
    "digits:3,luhn",
)


def spelled(steps) -> str:
    return "".join(str(symbol) for _, symbol in steps if symbol != SKIP)


def scores_by_text(paths) -> dict[str, list[float]]:
    found = defaultdict(list)
    for steps, score in paths:
        found[spelled(steps)].append(score)
    return found


def total_of(scores) -> float:
    """ln of the sum of exp, one by one."""
    weight = math.fsum(math.exp(score) for score in scores)
    return math.log(weight) if weight else -math.inf
