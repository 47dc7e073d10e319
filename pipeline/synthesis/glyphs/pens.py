"""Pen strokes turned into ink: affine and elastic variation, then a round pen of varying pressure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SUPERSAMPLING = 3
SOLID = 0.4
"""Ink above this is the pen's own: what edges, owners and touching are judged by."""


@dataclass(frozen=True, eq=False)
class Glyph:
    """The ink of one character, trimmed to it.

    ink: (h, w) float32 in [0, 1], 1 = ink; left, top: where its corner lies in pixels, relative to the
    character's place on the line: x from the character's own left edge, y from the baseline, downward.
    """

    ink: np.ndarray
    left: int
    top: int

    def __post_init__(self) -> None:
        if self.ink.ndim != 2 or self.ink.dtype != np.float32 or 0 in self.ink.shape:
            raise ValueError(f"ink must be (h, w) float32, got {self.ink.shape} {self.ink.dtype}")


def fit_strokes(
    strokes: Sequence[np.ndarray], height: float, aspect: float = 1.0, full_height: float | None = None
) -> list[np.ndarray]:
    """Strokes scaled so that they are ``height`` pixels high, their lower left corner at (0, 0).

    Each (n, 2) float32, x and y in pixels, y downward (so all y <= 0). ``aspect`` stretches x. Where
    ``full_height`` is given it stands for the strokes' own extent, in their unit. Marks that are flat are
    scaled by their width instead.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = full_height or max(high[1] - low[1], 0.25 * (high[0] - low[0]), 1e-3)
    scale = np.array([aspect * height / extent, height / extent], np.float32)
    corner = np.array([low[0], high[1]], np.float32)
    return [(stroke - corner) * scale for stroke in strokes]


def vary_strokes(
    rng: np.random.Generator,
    strokes: Sequence[np.ndarray],
    *,
    slant: float,
    rotation: float,
    bend: float,
    height: float,
) -> list[np.ndarray]:
    """The strokes sheared by the tangent ``slant`` (positive: to the right), rotated by ``rotation`` radians,
    and bent by a smooth wave of ``bend * height`` pixels, so that no two drawings of a sample are alike."""
    cos, sin = math.cos(rotation), math.sin(rotation)
    matrix = np.array([[cos, sin], [-slant * cos - sin, cos - slant * sin]], np.float32)
    waves = (rng.random((2, 2, 2), np.float32) - 0.5) * np.float32(2.4 * math.pi / height)
    phases = rng.random((2, 2), np.float32) * np.float32(2 * math.pi)
    amplitude = np.float32(bend * height * 0.5)
    varied = []
    for stroke in strokes:
        shift = np.sin(stroke @ waves.reshape(4, 2).T + phases.ravel())
        varied.append(stroke @ matrix + amplitude * shift.reshape(-1, 2, 2).sum(axis=1))
    return varied


def draw_strokes(
    strokes: Sequence[np.ndarray],
    width: float,
    *,
    pressure: np.ndarray | None = None,
    nib: float = 0.0,
    margin: int = 2,
) -> Glyph | None:
    """Strokes drawn by a round pen ``width`` pixels wide; None where nothing is left to see.

    strokes: (n, 2), x and y in pixels. ``pressure`` (k,) are factors of the width at even steps along each
    stroke; ``nib`` in [0, 1) is how much thinner a pointed nib writes upward than downward.
    Anti-aliased by drawing SUPERSAMPLING times as large; the pen is a disc stamped along the line.
    """
    points = np.concatenate(strokes)
    reach = width * (1 if pressure is None else float(pressure.max())) / 2 + margin
    left, top = (math.floor(value) for value in points.min(axis=0) - reach)
    right, bottom = (math.ceil(value) for value in points.max(axis=0) + reach)
    w, h = right - left, bottom - top
    canvas = Image.new("L", (w * SUPERSAMPLING, h * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    corner = np.array([left, top], np.float32)
    for stroke in strokes:
        _draw_stroke(draw, (stroke - corner) * SUPERSAMPLING, width * SUPERSAMPLING, pressure, nib)
    large = np.asarray(canvas, np.float32).reshape(h, SUPERSAMPLING, w, SUPERSAMPLING)
    ink = large.sum(axis=3).sum(axis=1) * np.float32(1 / (255 * SUPERSAMPLING**2))
    return trim_ink(ink, left, top)


def _draw_stroke(
    draw: ImageDraw.ImageDraw, points: np.ndarray, width: float, pressure: np.ndarray | None, nib: float
) -> None:
    points = _resample(points, max(1.0, 0.3 * width))
    radii = np.full(len(points), width / 2, np.float32)
    if pressure is not None:
        along = np.linspace(0, len(pressure) - 1, len(points))
        radii = radii * np.interp(along, np.arange(len(pressure)), pressure)
    if nib and len(points) > 1:
        dx, dy = np.gradient(points, axis=0).T
        # The tines spread under the pressure of a downstroke only.
        radii = radii * (1 - np.float32(nib) * (0.5 - 0.5 * dy / np.maximum(np.hypot(dx, dy), 1e-6)))
    radii = np.maximum(radii, 0.75)[:, None]
    # Pillow counts both ends of a box as inside: one pixel less is the disc's true width.
    discs = np.concatenate([points - radii, points + radii - 1], axis=1)
    for disc in discs.tolist():
        draw.ellipse(disc, fill=255)


def draw_contours(contours: Sequence[np.ndarray], grow: float = 0.0, *, margin: int = 2) -> Glyph | None:
    """Filled outlines, their edges moved outward by ``grow`` pixels (negative: inward); None where nothing is
    left to see.

    contours: closed polygons, (n, 2), x and y in pixels, y from the baseline downward. Where they wind around
    a place as often one way as the other, there is no ink; they should not cross. Anti-aliased as in
    draw_strokes.
    """
    points = np.concatenate(contours)
    reach = max(0.0, grow) + margin
    left, top = (math.floor(value) for value in points.min(axis=0) - reach)
    right, bottom = (math.ceil(value) for value in points.max(axis=0) + reach)
    w, h = right - left, bottom - top
    size = w * SUPERSAMPLING, h * SUPERSAMPLING
    corner = np.array([left, top], np.float32)
    windings = np.zeros(size[::-1], np.int8)
    large = [[tuple(point) for point in ((contour - corner) * SUPERSAMPLING).tolist()] for contour in contours]
    for contour, corners in zip(contours, large, strict=True):
        layer = Image.new("1", size)
        ImageDraw.Draw(layer).polygon(corners, fill=1)
        x, y = contour.T.astype(np.float64)
        clockwise = x @ np.roll(y, -1) > y @ np.roll(x, -1)
        windings += np.asarray(layer).astype(np.int8) * np.int8(1 if clockwise else -1)
    canvas = Image.fromarray((windings != 0).astype(np.uint8) * np.uint8(255))
    # Pillow counts pixels on the outline as inside: half their ink is the polygon's true area. A line as wide as
    # the edge moves both ways gives or takes the rest.
    edge = 2 * SUPERSAMPLING * grow
    grey = round(127.5 * (1 + min(1.0, max(-1.0, edge))))
    draw = ImageDraw.Draw(canvas)
    for corners in large:
        draw.line(corners, fill=grey, width=max(1, round(abs(edge))), joint="curve")
    ink = np.asarray(canvas, np.float32).reshape(h, SUPERSAMPLING, w, SUPERSAMPLING).sum(axis=3).sum(axis=1)
    return trim_ink(ink * np.float32(1 / (255 * SUPERSAMPLING**2)), left, top)


def _resample(points: np.ndarray, step: float) -> np.ndarray:
    """Points along the polyline, at most ``step`` apart, both ends kept."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    if along[-1] <= 0:
        return points[:1]
    places = np.linspace(0, along[-1], int(along[-1] / step) + 2)
    return np.stack([np.interp(places, along, points[:, 0]), np.interp(places, along, points[:, 1])], axis=1)


def trim_ink(ink: np.ndarray, left: int, top: int) -> Glyph | None:
    """A glyph of the smallest part of ``ink`` that holds all of it; None where no pixel is solid."""
    solid = ink > SOLID
    if not solid.any():
        return None
    some = ink > 0.02
    rows, columns = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
    part = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Glyph(np.ascontiguousarray(part, np.float32), left + int(columns[0]), top + int(rows[0]))
