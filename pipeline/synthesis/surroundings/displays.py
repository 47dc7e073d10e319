"""Digits that machines show: seven segments and dot matrices, slanted or not, with what is left unlit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from pipeline.synthesis.glyphs.pens import SOLID, SUPERSAMPLING

SEGMENTS = {
    "0": "abcdef",
    "1": "bc",
    "2": "abdeg",
    "3": "abcdg",
    "4": "bcfg",
    "5": "acdfg",
    "6": "acdefg",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
    "-": "g",
}
OTHER_SEGMENTS = {"6": "cdefg", "7": "abcf", "9": "abcfg", "1": "ef"}
"""Fewer bars or more: some displays show these digits so."""
DOTS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    "-": "00000 00000 00000 11111 00000 00000 00000",
}
PLAIN_ZERO = "01110 10001 10001 10001 10001 10001 01110"


@dataclass(frozen=True)
class Display:
    """How one display looks. height: of a digit in pixels; other lengths in heights. width: of a digit; thick: of a
    segment or pitch of the dots; gap: between segments, share of a dot that is dark; slant: tangent; pitch: from
    digit to digit; own: digits shown in the rarer way."""

    kind: str
    height: float
    width: float
    thick: float
    gap: float
    slant: float
    pitch: float
    round_dots: bool
    own: str


def draw_display(rng: np.random.Generator, kind: str, height: float) -> Display:
    """A display of ``kind`` "segments" or "matrix"."""
    u = rng.random(8)
    own = "".join(digit for digit in "6719" if rng.random() < (0.04 if digit == "1" else 0.2))
    slant = 0.0 if u[0] < 0.35 else 0.05 + 0.15 * u[1]
    if kind == "matrix":
        width, lean = 5 / 7, slant * float(u[4] < 0.2)
        return Display(kind, height, width, 1 / 7, 0.25 * u[3], lean, width + 0.15 + 0.2 * u[5], u[6] < 0.5, own)
    width, thick = 0.44 + 0.2 * u[2], 0.08 + 0.11 * u[3]
    pitch = width + thick * 0.5 + 0.1 + 0.25 * u[5]
    return Display(kind, height, width, thick, 0.05 * u[4] ** 2, slant, pitch, False, own)


def show(
    display: Display, characters: str, unlit: int = 0
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """(ink, owner, labels, ghost): what is lit, (H, W) float32 in [0, 1]; the character each pixel belongs to, int16,
    -1 = none; the characters that the display can show; and all that might be lit, (H, W) float32.

    Points and colons stand between digits and take no place of their own. ``unlit``: digits before the number that
    are dark.
    """
    cells, labels = _places(characters, unlit)
    h, lean = display.height, display.slant * display.height
    w = int(((cells + 0.25) * display.pitch) * h + lean) + 5
    rows = int(1.16 * h) + 4
    ink, owner = np.zeros((rows, w), np.float32), np.full((rows, w), -1, np.int16)
    for index, (label, cell) in enumerate(labels):
        lit = _draw(display, label, cell, (rows, w))
        owner[(lit > ink) & (lit > SOLID)] = index
        np.maximum(ink, lit, out=ink)
    ghost = np.zeros_like(ink)
    for cell in range(cells):
        ghost = np.maximum(ghost, _draw(display, "8", cell, (rows, w), full=True))
    return ink, owner, tuple(label for label, _ in labels), ghost


def _places(characters: str, unlit: int) -> tuple[int, list[tuple[str, float]]]:
    """Number of cells, and each label with the cell it stands in; of points and colons the one they stand before."""
    labels: list[tuple[str, float]] = []
    cell = unlit
    for character in characters:
        label = {",": ".", "/": "-", "+": "-"}.get(character, character)
        if label in ".:":
            if cell and not (labels and labels[-1][0] in ".:"):
                labels.append((label, cell))
        elif label in SEGMENTS:
            labels.append((label, cell))
            cell += 1
    return max(1, cell), labels


def _draw(display: Display, label: str, cell: float, shape: tuple[int, int], *, full: bool = False) -> np.ndarray:
    """One character, (H, W) float32."""
    scale = SUPERSAMPLING * display.height
    canvas = Image.new("L", (shape[1] * SUPERSAMPLING, shape[0] * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    left = cell * display.pitch + 0.03
    for shape_points in _shapes(display, label, full):
        points = [(2 + (left + x + display.slant * (1 - y)) * scale, (0.08 + y) * scale + 2) for x, y in shape_points]
        if display.round_dots or (label in ".:" and display.slant == 0):
            draw.ellipse([*points[0], *points[2]], fill=255)
        else:
            draw.polygon(points, fill=255)
    return np.asarray(canvas.reduce(SUPERSAMPLING), np.float32) / np.float32(255)


def _shapes(display: Display, label: str, full: bool) -> list[list[tuple[float, float]]]:
    """Polygons in heights, x from the character's left, y from the top of the digits downward."""
    if label in ".:":
        side = max(0.09, 0.8 * display.thick)
        x = -(display.pitch - display.width) / 2 - side / 2
        return [_box(x, y, side, side) for y in ((1 - side,) if label == "." else (0.28, 0.66))]
    if display.kind == "matrix":
        return _dots(display, label, full)
    names = OTHER_SEGMENTS[label] if label in display.own and label in OTHER_SEGMENTS else SEGMENTS[label]
    return [_segment(display, name) for name in names]


def _box(x: float, y: float, w: float, h: float) -> list[tuple[float, float]]:
    return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]


def _dots(display: Display, label: str, full: bool) -> list[list[tuple[float, float]]]:
    pattern = PLAIN_ZERO if label == "0" and "6" in display.own else DOTS[label]
    pitch, side = display.thick, display.thick * (1 - display.gap)
    return [
        _box(column * pitch, row * pitch, side, side)
        for row, dots in enumerate(pattern.split())
        for column, dot in enumerate(dots)
        if dot == "1" or full
    ]


def _segment(display: Display, name: str) -> list[tuple[float, float]]:
    """A hexagon along one of the sides "a" to "g" of two squares one above the other."""
    t, g, w = display.thick, display.gap, display.width
    low, high = t / 2, 1 - t / 2
    left, right = t / 2, w - t / 2
    if name in "agd":
        y = {"a": low, "g": 0.5, "d": high}[name]
        x0, x1 = left + g, right - g
        return _hexagon(x0, x1, y, t / 2)
    x = left if name in "ef" else right
    y0, y1 = (low + g, 0.5 - g) if name in "bf" else (0.5 + g, high - g)
    return [(x + across, along) for along, across in _hexagon(y0, y1, 0.0, t / 2)]


def _hexagon(start: float, stop: float, y: float, half: float) -> list[tuple[float, float]]:
    """A bar along x from ``start`` to ``stop`` with pointed ends."""
    inner = start + half, stop - half
    upper = [(inner[0], y - half), (inner[1], y - half)]
    return [(start, y), *upper, (stop, y), (inner[1], y + half), (inner[0], y + half)]
