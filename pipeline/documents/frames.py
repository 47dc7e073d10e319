"""Which of the lines are printed frames: those that end at one another, and the long ones. Others are strokes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.lines import PrintedLine

NEAR = 6.0  # pixels between a line's end and the line that it ends at
LONG = 60  # pixels: so long is no stroke of a digit
ROUNDS = 3


def keep_frames(across: list[PrintedLine],
                down: list[PrintedLine]) -> tuple[list[PrintedLine], list[PrintedLine]]:
    """The lines across and down without strokes: what is left is long, or has both its ends at lines that are left."""
    for _ in range(ROUNDS):
        before = len(across), len(down)
        across, down = _anchored(across, down), _anchored(down, across)
        if (len(across), len(down)) == before:
            break
    return across, down


def _anchored(lines: list[PrintedLine], others: list[PrintedLine]) -> list[PrintedLine]:
    table = np.array([[other.middle, other.start, other.end] for other in others]).reshape(-1, 3)
    return [line for line in lines if line.length >= LONG
            or (_meets(table, line.start, line.middle) and _meets(table, line.end, line.middle))]


def _meets(others: NDArray[np.float64], end: float, middle: float) -> bool:
    """Whether a line of (middle, start, end) passes the point."""
    near = (np.abs(others[:, 0] - end) <= NEAR) & (others[:, 1] - NEAR <= middle) & (middle <= others[:, 2] + NEAR)
    return bool(near.any())
