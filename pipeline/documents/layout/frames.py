"""Which of the lines are printed frames: those that end at one another, and the long ones. Others are strokes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.layout.lines import PrintedLine

NEAR = 3.5  # pixels between a line's end and the line that it ends at
OVER = 12.0  # pixels by which a line may go on beyond; on patterned paper it seems to
LONG_ACROSS, LONG_DOWN = 60, 150  # pixels: so long is no stroke of a digit, nor of letters below one another
ROUNDS = 3


def keep_frames(across: list[PrintedLine], down: list[PrintedLine]) -> tuple[list[PrintedLine], list[PrintedLine]]:
    """The lines across and down without strokes: what is left is long, or has both its ends at lines that are left."""
    for _ in range(ROUNDS):
        before = len(across), len(down)
        across, down = _anchored(across, down, LONG_ACROSS), _anchored(down, across, LONG_DOWN)
        if (len(across), len(down)) == before:
            break
    return across, down


def _anchored(lines: list[PrintedLine], others: list[PrintedLine], long: int) -> list[PrintedLine]:
    table = np.array(
        [[other.middle, other.start, other.end, NEAR + 0.5 * other.thickness] for other in others]
    ).reshape(-1, 4)
    return [
        line
        for line in lines
        if line.length >= long
        or (_meets(table, line.start, line.middle, OVER) and _meets(table, line.end, line.middle, -OVER))
    ]


def _meets(others: NDArray[np.float64], end: float, middle: float, over: float) -> bool:
    """Whether a line of (middle, start, end, room beside it) passes the end of a line, or comes `over` before it."""
    low, high = min(end, end + over), max(end, end + over)
    near = (low - others[:, 3] <= others[:, 0]) & (others[:, 0] <= high + others[:, 3])
    near &= (others[:, 1] - NEAR <= middle) & (middle <= others[:, 2] + NEAR)
    return bool(near.any())
