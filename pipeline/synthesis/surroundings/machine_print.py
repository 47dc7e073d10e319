"""Print that machines make or read: magnetic digits (E-13B), barred ones (CMC-7), typewriters, marked zeros."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageDraw

from pipeline.synthesis.glyphs.font_digits import Contours, Font
from pipeline.synthesis.glyphs.pens import SUPERSAMPLING, Glyph
from pipeline.synthesis.handwriting.placing import Line

E13B_ROWS = {
    "0": "####### #.....# #.....# #.....# #.....# #.....# #.....# #.....# #######",
    "1": "###... ..#... ..#... ..#... ..#... ..#... .##### .##### .#####",
    "2": "####. ...#. ...#. ...#. ####. #.... #.... #.... ####.",
    "3": "####.. ...#.. ...#.. ...#.. ###### ....## ....## ....## ######",
    "4": "##..... ##..... ##..... ##..... ##..##. ##..##. ####### ....##. ....##.",
    "5": "#####. #..... #..... #..... #####. ....#. ....#. ....#. #####.",
    "6": "##..... #...... #...... #...... ####### #.....# #.....# #.....# #######",
    "7": "#####. #...#. ....#. ...##. ..##.. ..#... ..#... ..#... ..#...",
    "8": ".#####. .#...#. .#...#. .#...#. ####### ##...## ##...## ##...## #######",
    "9": "####### #.....# #.....# #.....# ####### .....## .....## .....## .....##",
}
"""Our drawing of the magnetic digits after ISO 1004-1, on its grid of nine rows."""


@functools.cache
def magnetic_font() -> Font:
    """The magnetic digits as a print font."""
    contours = {digit: outline(rows.split()) for digit, rows in E13B_ROWS.items()}
    return Font("magnetic", "print", "1", "our own", "", contours, 1 / 9)


def outline(rows: list[str]) -> Contours:
    """Closed contours, (n, 2) float32, around the "#" of a pattern, one unit high and standing on the baseline.

    Each edge between ink and none is walked with the ink on its right; holes so wind the other way.
    """
    ink = np.pad(np.array([[letter == "#" for letter in row] for row in rows]), 1)
    steps: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for y, x in zip(*np.nonzero(ink), strict=True):
        for (dy, dx), start, stop in (
            ((-1, 0), (x, y), (x + 1, y)),
            ((0, 1), (x + 1, y), (x + 1, y + 1)),
            ((1, 0), (x + 1, y + 1), (x, y + 1)),
            ((0, -1), (x, y + 1), (x, y)),
        ):
            if not ink[y + dy, x + dx]:
                steps.setdefault((int(start[0]), int(start[1])), []).append((int(stop[0]), int(stop[1])))
    contours = []
    while steps:
        place = first = next(iter(steps))
        points = [first]
        while place in steps:
            following = steps[place].pop()
            if not steps[place]:
                del steps[place]
            points.append(following)
            place = following
        contours.append((np.array(points, np.float32) - (1, len(rows) + 1)) / np.float32(len(rows)))
    return tuple(contours)


def type_unevenly(rng: np.random.Generator, line: Line) -> None:
    """Characters a little above and below the line, some struck harder than others, in place."""
    for place, (left, top, glyph, owner) in enumerate(line.glyphs):
        lift = round(0.035 * line.height * float(np.clip(rng.standard_normal(), -2, 2)))
        ink = glyph.ink * np.float32(0.65 + 0.35 * rng.random())
        line.glyphs[place] = (
            left,
            min(max(0, top + lift), line.rows - len(ink)),
            Glyph(ink, glyph.left, glyph.top),
            owner,
        )


def mark_zeros(line: Line, labels: tuple[str, ...], *, dotted: bool, width: float) -> None:
    """Draws a slash through each zero of the line, or a dot into it, in place; width: pixels."""
    for place, (left, top, glyph, owner) in enumerate(line.glyphs):
        if owner < 0 or labels[owner] != "0":
            continue
        h, w = glyph.ink.shape
        canvas = Image.new("L", (w * SUPERSAMPLING, h * SUPERSAMPLING))
        draw, scale = ImageDraw.Draw(canvas), SUPERSAMPLING
        if dotted:
            x, y, reach = w * scale / 2, h * scale / 2, max(1.0, 0.8 * width) * scale
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
        else:
            ends = (0.12 * w * scale, 0.88 * h * scale, 0.88 * w * scale, 0.12 * h * scale)
            draw.line(ends, fill=255, width=max(1, round(width * scale)))
        mark = np.asarray(canvas.reduce(SUPERSAMPLING), np.float32) / np.float32(255)
        line.glyphs[place] = (left, top, Glyph(np.maximum(glyph.ink, mark), glyph.left, glyph.top), owner)


def cut_into_bars(ink: np.ndarray, height: float) -> np.ndarray:
    """The ink of barred digits: upright bars with gaps, about seven to a digit, as in CMC-7 (ISO 1004-2)."""
    period = max(2.4, 0.11 * height)
    columns = np.arange(ink.shape[1], dtype=np.float32)
    bars = np.clip(1.3 * np.cos(columns * np.float32(2 * np.pi / period)) + 0.6, 0, 1)
    return ink * bars.astype(np.float32)
