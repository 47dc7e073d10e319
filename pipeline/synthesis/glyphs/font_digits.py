"""Digits of fonts, handwriting-like and printed: their outlines, and how they become ink."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import DataError
from pipeline.synthesis.glyphs.pens import Glyph, draw_contours, vary_strokes

OUTLINES = Path(__file__).parents[1] / "fonts" / "digits.json.gz"
LICENCES = OUTLINES.with_name("LICENCES.txt")
"""Whose the outlines are, and under which terms."""
UNITS = 500
"""The median height of a font's ten digits, in units of the outline file."""
STYLES = ("hand", "print")
PRINT_SHARE = 0.25
"""How often a font is a printed one, however many there are of each style."""

Contours = tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Font:
    """The digits of a font.

    style: of STYLES; contours: digit -> closed contours, each (n, 2) float32 in heights of the font's digits
    (of old-style figures most are that high), x from the digit's left edge, y downward from the baseline,
    the last point the first; stem: mean width of its strokes, in the same unit.
    """

    name: str
    style: str
    version: str
    licence: str
    copyright: str
    contours: Mapping[str, Contours]
    stem: float

    def __post_init__(self) -> None:
        if self.style not in STYLES or sorted(self.contours) != list("0123456789"):
            raise ValueError(f"{self.name}: a font has a style of {STYLES} and ten digits")


@functools.cache
def load_fonts(path: Path = OUTLINES) -> tuple[Font, ...]:
    """The fonts of an outline file (pipeline.synthesis.glyphs.font_outlines makes it). Raises DataError."""
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        return tuple(_font(entry, content["units"]) for entry in content["fonts"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a file of fonts' digits, or damaged ({error})") from error


def _font(entry: dict[str, Any], units: float) -> Font:
    contours = {digit: tuple(_contour(steps, units) for steps in lists) for digit, lists in entry["digits"].items()}
    return Font(
        entry["name"], entry["style"], entry["version"], entry["licence"], entry["copyright"], contours, _stem(contours)
    )


def _contour(steps: list[int], units: float) -> np.ndarray:
    points = np.cumsum(np.array(steps, np.float32).reshape(-1, 2), axis=0) / np.float32(units)
    return np.concatenate([points, points[:1]])


def _stem(contours: Mapping[str, Contours]) -> float:
    """A stroke of width w and length l has an area of w l and an outline of about 2 l."""
    area = length = 0.0
    for polygon in (polygon for polygons in contours.values() for polygon in polygons):
        x, y = polygon.T
        area += float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2
        length += float(np.hypot(*np.diff(polygon, axis=0).T).sum())
    return 2 * abs(area) / length


def draw_font(rng: np.random.Generator, fonts: tuple[Font, ...]) -> Font:
    """A font; within a style each is as likely as any other."""
    style = "print" if rng.random() < PRINT_SHARE else "hand"
    pool = [font for font in fonts if font.style == style] or fonts
    return pool[int(rng.random() * len(pool))]


def draw_font_digit(
    rng: np.random.Generator,
    font: Font,
    digit: str,
    height: float,
    *,
    aspect: float = 1.0,
    slant: float = 0.0,
    rotation: float = 0.0,
    bend: float = 0.02,
    weight: float = 1.0,
) -> Glyph | None:
    """``digit`` drawn on the baseline as large as where the font's digits are ``height`` pixels high; None
    where nothing is left to see.

    ``aspect`` stretches its width; ``slant`` is the tangent of a shear to the right and ``rotation`` an angle
    in radians; ``bend`` the amplitude of a smooth displacement, in heights; ``weight`` a factor of the
    strokes' width, which is never made less than a pixel.
    """
    scale = np.array([aspect * height, height], np.float32)
    # Only points move: long straight edges need some in between in order to bend.
    shape = [_divide(contour, 0.12) * scale for contour in font.contours[digit]]
    varied = vary_strokes(rng, shape, slant=slant, rotation=rotation, bend=bend, height=height)
    stem = font.stem * height
    return draw_contours(varied, (max(1.0, stem * weight) - stem) / 2)


def _divide(polygon: np.ndarray, step: float) -> np.ndarray:
    """The polygon with points added so that no edge is longer than ``step``; none is taken away."""
    parts = np.maximum(1, np.ceil(np.hypot(*np.diff(polygon, axis=0).T) / step)).astype(int)
    places = np.concatenate([[0], np.cumsum(parts)])
    along = np.arange(places[-1] + 1)
    return np.stack([np.interp(along, places, polygon[:, 0]), np.interp(along, places, polygon[:, 1])], axis=1).astype(
        np.float32
    )
