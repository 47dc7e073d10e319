"""The characters of a cheque's MICR line, E-13B: shapes on a grid of 9 rows, right-aligned, matched along a strip.

Each character is 9 cells of 0.013 inch high and at most 7 wide; their right sides are 0.125 inch apart (ISO 1004-1).
The outlines here are our own, drawn coarsely on that grid: that is enough to tell the fourteen characters apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from classifier.sigmoid import sigmoid
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
    unsure: float = 0.03  # of correlation by which the best leads where it is right as often as not ...
    slope: float = 0.02  # ... and by which the odds grow to e times as much


SCALE = MatchingScale()


@dataclass(frozen=True)
class Match:
    """A character of a strip. left, right: its columns in heights of the strip. chance: that it is this one."""

    symbol: str
    left: float
    right: float
    score: float
    chance: float


def template(symbol: str) -> Plane:
    """A character's shape, (9, 7) float32, 1 = ink."""
    return np.array([[cell == "#" for cell in row] for row in SHAPES[symbol].split()], dtype=np.float32)


def match_strip(strip: Plane) -> list[Match]:
    """The characters in a strip (h, w) as high as its characters, any contrast, ink high; from left to right.

    The characters are those that do not overlap and whose correlations with the shapes exceed the least by the largest
    sum: an exact search along the columns.
    """
    scores = _correlations(strip)
    if not scores.size:
        return []
    best = scores.max(axis=0)
    return [_match(scores, x, strip.shape) for x in _chosen(best - SCALE.least, round(SCALE.near * PITCH * SCALE.cell))]


def _correlations(strip: Plane) -> Plane:
    """(14, x) of each shape with the window whose right side is x pixels beyond the first full one."""
    high = ROWS * SCALE.cell
    scale = high / strip.shape[0]
    width = max(1, round(strip.shape[1] * scale))
    resized = ndimage.zoom(strip, (scale, width / strip.shape[1]), order=1, mode="nearest", grid_mode=True)[:high]
    shapes = np.stack([_window(symbol) for symbol in SHAPES])
    padded = np.pad(resized, ((0, high - resized.shape[0]), (shapes.shape[2], shapes.shape[2])))
    windows = (
        sliding_window_view(padded, shapes.shape[2], axis=1).transpose(1, 0, 2).reshape(-1, high * shapes.shape[2])
    )
    centred = windows - windows.mean(axis=1, keepdims=True)
    norms = np.maximum(
        np.linalg.norm(centred, axis=1), 0.15 * np.sqrt(centred.shape[1]) * max(float(strip.std()), 1e-6)
    )
    return np.asarray(shapes.reshape(len(shapes), -1) @ (centred / norms[:, None]).T)


def _window(symbol: str) -> Plane:
    """A shape with a cell of paper on either side, enlarged, of mean 0 and length 1."""
    large = np.kron(np.pad(template(symbol), ((0, 0), (1, 1))), np.ones((SCALE.cell, SCALE.cell), dtype=np.float32))
    centred = large - large.mean()
    return np.asarray(centred / np.linalg.norm(centred), dtype=np.float32)


def _chosen(gains: Plane, apart: int) -> list[int]:
    """The places, at least `apart` from one another, of the largest sum of gains."""
    total = np.zeros(len(gains) + apart)
    taken = np.zeros(len(gains), dtype=bool)
    for x, gain in enumerate(gains):  # total[x + apart]: of what ends at x
        with_it = total[x] + gain
        taken[x] = with_it > total[x + apart - 1]
        total[x + apart] = max(with_it, total[x + apart - 1])
    places, x = [], len(gains) - 1
    while x >= 0:
        if taken[x]:
            places.append(x)
            x -= apart
        else:
            x -= 1
    return places[::-1]


def _match(scores: Plane, x: int, shape: tuple[int, ...]) -> Match:
    near = scores[:, max(0, x - SCALE.cell) : x + SCALE.cell + 1].max(axis=1)
    order = np.argsort(-scores[:, x])
    lead = float(scores[order[0], x] - near[order[1:]].max())
    chance = float(sigmoid(np.array((lead - SCALE.unsure) / SCALE.slope)))
    unit = 1 / (ROWS * SCALE.cell)  # of the strip's height, a pixel
    right = (x - SCALE.cell) * unit
    return Match(list(SHAPES)[order[0]], right - COLUMNS / ROWS, right, float(scores[order[0], x]), min(chance, 0.999))
