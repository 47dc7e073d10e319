"""The characters of a cheque's MICR line, CMC-7: seven upright bars each, told apart by which gaps between are wide.

A bar is 0.15 mm wide; from one to the next it is 0.3 mm, or 0.5 mm where the gap is wide: two of the six are, and each
character has a pair of its own. Characters are 2.85 mm high and stand 3.175 mm apart (ISO 1004-2). Which parts of the
bars are printed makes the digits legible to people; only where the bars stand is read here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pipeline.documents.micr.matching import (
    Certainty,
    Match,
    best_and_lead,
    choose_places,
    correlations,
    standardised,
)
from segmenter.arrays import Plane

HEIGHT, PITCH, BAR, NARROW, WIDE = 2.85, 3.175, 0.15, 0.3, 0.5  # mm
INTERNAL, AMOUNT, TERMINATOR, UNUSED, ROUTING = ":", ";", "<", "=", ">"  # the symbols S1 to S5, as readers write them
GAPS = {  # of six, counted from 0: the two that are wide
    "0": (2, 3),
    "1": (0, 4),
    "2": (1, 2),
    "3": (0, 2),
    "4": (0, 3),
    "5": (3, 4),
    "6": (2, 4),
    "7": (0, 1),
    "8": (1, 4),
    "9": (1, 3),
    INTERNAL: (0, 5),
    AMOUNT: (1, 5),
    TERMINATOR: (2, 5),
    UNUSED: (3, 5),
    ROUTING: (4, 5),
}
WIDTH = BAR + 4 * NARROW + 2 * WIDE  # mm, of every character


@dataclass(frozen=True)
class BarScale:
    """How a strip is matched."""

    cell: float = 0.05  # mm: a third of a bar
    beside: float = 0.25  # mm of paper on either side that belong to a character; its neighbour is 0.8 away
    blur: float = 0.4  # pixels, the standard deviation that a scan has at least ...
    spread: float = 0.05  # ... and mm, of the ink
    darkest: float = 0.25  # of the rows: the shortest bars are printed over a third of the height
    sizes: tuple[float, ...] = tuple(np.linspace(0.86, 1.16, 16).tolist())  # tried, of what the height says
    least: float = 0.6  # correlation of a character, at least
    near: float = 0.9  # of the pitch between neighbours, at least
    reach: float = 0.15  # mm within which another character may stand instead


SCALE = BarScale()
CERTAINTY = Certainty(unsure=0.03, slope=0.02)


def bars(symbol: str) -> list[float]:
    """Where the seven bars of a character begin, mm from its left side."""
    steps = [WIDE if gap in GAPS[symbol] else NARROW for gap in range(6)]
    return [float(start) for start in np.cumsum([0.0, *steps])]


def match_strip(strip: Plane) -> list[Match]:
    """The characters in a strip (h, w) as high as its characters, any contrast, ink high; from left to right.

    The strip is read as one row, the darkest parts of its columns, at each of several sizes: it is as large as where
    its characters fit best.
    """
    row, height = _row(strip), strip.shape[0]
    sizes = [_scores(row, size * height / HEIGHT) for size in SCALE.sizes]
    fits = [_fit(scores) for scores in sizes]
    best = int(np.argmax(fits))
    unit = SCALE.sizes[best] / HEIGHT
    return [_match(sizes[best], x, unit) for x in choose_places(_gains(sizes[best]), _apart())]


def _row(strip: Plane) -> Plane:
    """(w,) how dark the darkest parts of each column are."""
    rows = max(1, round(SCALE.darkest * strip.shape[0]))
    return np.asarray(np.partition(strip, -rows, axis=0)[-rows:].mean(axis=0), dtype=np.float32)


def _scores(row: Plane, unit: float) -> Plane:
    """(15, x) of each character with what begins x cells into a row of `unit` pixels a millimetre."""
    cells = np.arange(-SCALE.beside, len(row) / unit + SCALE.beside, SCALE.cell)
    sampled = np.interp(cells * unit, np.arange(len(row)) + 0.5, row).astype(np.float32)[None]
    shapes, width = _shapes(unit)
    if sampled.shape[1] < width:
        return np.zeros((len(GAPS), 0), dtype=np.float32)
    return correlations(shapes, sampled, width)


def _gains(scores: Plane) -> Plane:
    """(x,) by how much the best exceeds the least."""
    return np.asarray(scores.max(axis=0) - SCALE.least)


def _apart() -> int:
    """Cells between neighbours, at least."""
    return round(SCALE.near * PITCH / SCALE.cell)


def _fit(scores: Plane) -> float:
    """How well a size fits: the gains of places where none near is better, without the search for the best of all."""
    gains = _gains(scores)
    if not gains.size:
        return 0.0
    peaks = gains == ndimage.maximum_filter1d(gains, 2 * (_apart() // 2) + 1)
    return float(np.clip(gains[peaks], 0, None).sum())


def _shapes(unit: float) -> tuple[Plane, int]:
    """Rows of cells (15, n) that the characters make at `unit` pixels a millimetre, standardised, and n."""
    fine = 5
    count = round((WIDTH + 2 * SCALE.beside) / SCALE.cell)
    places = ((np.arange(count * fine) + 0.5) * SCALE.cell / fine - SCALE.beside).astype(np.float32)
    rows = np.stack([_covered(places, bars(symbol)) for symbol in GAPS])
    deviation = float(np.hypot(SCALE.spread, SCALE.blur / unit)) / SCALE.cell * fine
    blurred = ndimage.gaussian_filter1d(rows, deviation, axis=1, mode="constant")
    return standardised(blurred.reshape(len(GAPS), count, fine).mean(axis=2)), count


def _covered(places: Plane, starts: list[float]) -> Plane:
    """(n,) 1 where a place lies in a bar."""
    return np.asarray(sum(((places >= start) & (places < start + BAR)).astype(np.float32) for start in starts))


def _match(scores: Plane, x: int, unit: float) -> Match:
    """The match at a cell; unit: heights of the strip in a millimetre."""
    best, lead = best_and_lead(scores, x, round(SCALE.reach / SCALE.cell))
    left = x * SCALE.cell * unit
    return Match(list(GAPS)[best], left, left + WIDTH * unit, float(scores[best, x]), CERTAINTY.of(lead))
