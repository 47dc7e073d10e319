"""The characters of a cheque's MICR line, E-13B: shapes on a grid of 9 rows, right-aligned, matched along a strip.

Each character is 9 cells of 0.013 inch high and at most 7 wide; their right sides are 0.125 inch apart (ISO 1004-1).
The outlines here are our own, drawn coarsely on that grid: that is enough to tell the fourteen characters apart.
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

ROWS, COLUMNS = 9, 7
PITCH = 0.125 / 0.013  # cells between the right sides of neighbours
TRANSIT, AMOUNT, ON_US, DASH = "⑆", "⑇", "⑈", "⑉"
SHAPES = {
    "0": ".#####. #.....# #.....# #.....# #.....# #.....# #.....# #.....# .#####.",
    "1": "...##.. ....#.. ....#.. ....#.. ....#.. ...#### ...#### ...#### ...####",
    "2": "...#### ......# ......# ......# ...#### ...#... ...#... ...#... ...####",
    "3": "..####. .....#. .....#. .....#. ..##### .....## .....## .....## ..#####",
    "4": ".##.... .##.... .##.... .##.... .##.... .##..## .###### .....## .....##",
    "5": "..##### ..#.... ..#.... ..#.... ..##### ......# ......# ......# ..#####",
    "6": ".####.. .#..#.. .#..... .#..... .#..... .###### .#....# .#....# .######",
    "7": "..##### ..#...# ......# ......# ....### ....#.. ....#.. ....#.. ....#..",
    "8": ".#####. .#...#. .#...#. .#...#. ####### ##...## ##...## ##...## #######",
    "9": ".###### .#....# .#....# .#....# .###### .....## .....## .....## .....##",
    TRANSIT: "....### ....### ##..### ##..... ##..... ##..... ##..### ....### ....###",
    AMOUNT: ".....## .....## .....## ...#... ...#... ...#... ##..... ##..... ##.....",
    ON_US: "....### #.#.### #.#.### #.#.### #.#.... #.#.... #.#.... ....... .......",
    DASH: "....... ....... ....... #.#.### #.#.### #.#.### ....... ....... .......",
}


@dataclass(frozen=True)
class MatchingScale:
    """How a strip is matched."""

    cell: int = 3  # pixels of a grid cell: a blurred stroke is still one cell wide
    least: float = 0.55  # correlation of a character, at least: letters and noise stay below
    near: float = 0.8  # of the pitch between neighbours, at least


SCALE = MatchingScale()
CERTAINTY = Certainty(unsure=0.03, slope=0.02)


def template(symbol: str) -> Plane:
    """A character's shape, (9, 7) float32, 1 = ink."""
    return np.array([[cell == "#" for cell in row] for row in SHAPES[symbol].split()], dtype=np.float32)


def match_strip(strip: Plane) -> list[Match]:
    """The characters in a strip (h, w) as high as its characters, any contrast, ink high; from left to right.

    The characters are those that do not overlap and whose correlations with the shapes exceed the least by the largest
    sum.
    """
    scores = _scores(strip)
    if not scores.size:
        return []
    gains = scores.max(axis=0) - SCALE.least
    return [_match(scores, x) for x in choose_places(gains, round(SCALE.near * PITCH * SCALE.cell))]


def _scores(strip: Plane) -> Plane:
    """(14, x) of each shape with the window whose right side is x pixels beyond the first full one."""
    high = ROWS * SCALE.cell
    scale = high / strip.shape[0]
    width = max(1, round(strip.shape[1] * scale))
    resized = ndimage.zoom(strip, (scale, width / strip.shape[1]), order=1, mode="nearest", grid_mode=True)[:high]
    shapes, wide = _shapes()
    return correlations(shapes, np.pad(resized, ((0, high - resized.shape[0]), (wide, wide))), wide)


def _shapes() -> tuple[Plane, int]:
    """The shapes (14, h * w) with a cell of paper on either side, enlarged and standardised, and w."""
    block = np.ones((SCALE.cell, SCALE.cell), dtype=np.float32)
    large = np.stack([np.kron(np.pad(template(symbol), ((0, 0), (1, 1))), block) for symbol in SHAPES])
    return standardised(large.reshape(len(large), -1)), large.shape[2]


def _match(scores: Plane, x: int) -> Match:
    best, lead = best_and_lead(scores, x, SCALE.cell)
    unit = 1 / (ROWS * SCALE.cell)  # of the strip's height, a pixel
    right = (x - SCALE.cell) * unit
    return Match(list(SHAPES)[best], right - COLUMNS / ROWS, right, float(scores[best, x]), CERTAINTY.of(lead))
