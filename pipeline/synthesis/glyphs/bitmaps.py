"""MNIST digits turned into ink of any size, slant and thickness, each time a little different."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from pipeline.synthesis.glyphs.pens import Glyph, trim_ink

GRID = 4
"""Nodes along each side of the elastic grid."""


def warp_bitmap(
    rng: np.random.Generator,
    image: np.ndarray,
    height: float,
    *,
    aspect: float = 1.0,
    slant: float = 0.0,
    rotation: float = 0.0,
    bend: float = 0.02,
    level: float = 0.45,
) -> Glyph | None:
    """A picture of a digit drawn ``height`` pixels high, standing on the baseline; None if it has no ink.

    image: (28, 28) uint8, 255 = ink. ``aspect`` stretches its width; ``slant`` is the tangent of a shear to
    the right and ``rotation`` an angle in radians; ``bend`` the standard deviation of a smooth
    displacement, in heights (after Simard, Steinkraus and Platt 2003); ``level`` the grey, in (0, 1), that
    becomes the edge of the ink: low levels thicken it.
    """
    rows, columns = np.flatnonzero((image > 96).any(axis=1)), np.flatnonzero((image > 96).any(axis=0))
    if len(rows) == 0:
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    scale = height / max(bottom - top, 0.35 * (right - left))
    w = int(scale * aspect * (right - left) + abs(slant + rotation) * height + 0.3 * height) + 5
    h = int(scale * (bottom - top) + abs(rotation) * scale * (right - left) + 0.2 * height) + 5
    x, y = np.arange(w, dtype=np.float32) - (w - 1) / 2, np.arange(h, dtype=np.float32) - (h - 1) / 2
    dx, dy = elastic_field(rng, h, w, bend * height)
    u, v = x[None, :] + dx, y[:, None] + dy
    u, v = (u + (slant + rotation) * v, v - rotation * u) if rotation else (u + slant * v, v)
    places = np.stack([v / scale + ((top + bottom - 1) / 2), u / (scale * aspect) + ((left + right - 1) / 2)])
    grey = ndimage.map_coordinates(
        image.astype(np.float32) / 255, places.astype(np.float32), order=2, mode="constant", output=np.float32
    )
    # Steep enough that no ink stays white and full ink becomes black, about two pixels wide when large.
    gain = max(0.55 / min(level, 1 - level), 0.55 * scale)
    glyph = trim_ink(np.clip((grey - level) * np.float32(gain) + 0.5, 0, 1), 0, 0)
    return None if glyph is None else Glyph(glyph.ink, 0, -glyph.ink.shape[0])


def elastic_field(rng: np.random.Generator, h: int, w: int, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Smooth displacements in pixels, two (h, w) float32 arrays, of standard deviation ``sigma`` at the
    nodes."""
    nodes = rng.standard_normal((2, GRID, GRID), np.float32) * np.float32(sigma)
    down, across = _interpolation(h), _interpolation(w)
    dx, dy = down @ nodes @ across.T
    return dx, dy


def _interpolation(length: int) -> np.ndarray:
    """(length, GRID) weights of the nodes: raised cosines, which sum to one everywhere."""
    places = np.linspace(0, GRID - 1, length, dtype=np.float32)
    distance = np.minimum(np.abs(places[:, None] - np.arange(GRID, dtype=np.float32)), 1)
    return (0.5 + 0.5 * np.cos(np.float32(math.pi) * distance)).astype(np.float32)
