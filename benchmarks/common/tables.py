"""What the benchmarks share: intervals, markdown tables, and where the data are."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of a share, 95 % for z = 1.96 (Wilson 1927)."""
    share, square = successes / n, z * z
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return centre - half, centre + half


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def data_folder() -> Path | None:
    """DIGITSTRING_DATA, else None (the user's cache)."""
    named = os.environ.get("DIGITSTRING_DATA")
    return Path(named) if named else None
