"""Panels: pieces of the picture that explains a reading, drawn large, put together, and reduced at the end.

Everything is measured in points, the pixels of the finished picture; drawing at SHARPNESS times that size and
reducing once is what makes slanted cuts and small type look smooth.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SHARPNESS = 2

PAPER, CARD, RULE = "#ffffff", "#f5f6f8", "#d9dde3"
TEXT, QUIET, FAINT = "#1c2430", "#5d6878", "#9aa4b1"
ACCENT, GOOD, WARN = "#1f5fbf", "#1d7a46", "#b3560b"
WARN_GROUND = "#ffedcf"

Point = tuple[float, float]


@lru_cache(maxsize=32)
def font(size: float) -> Any:
    """Pillow's own scalable font."""
    return ImageFont.load_default(size * SHARPNESS)


class Panel:
    """A rectangle to draw on; all lengths are points."""

    def __init__(self, width: float, height: float, ground: str = PAPER):
        self.width, self.height = max(1, round(width)), max(1, round(height))
        self.image = Image.new("RGB", (self.width * SHARPNESS, self.height * SHARPNESS), ground)
        self._draw = ImageDraw.Draw(self.image)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 13,
        colour: str = TEXT,
        anchor: str = "la",
        bold: bool = False,
    ) -> None:
        """Words at a place; anchor as in Pillow: left, middle, right; ascender, middle, baseline."""
        self._draw.text(
            (x * SHARPNESS, y * SHARPNESS),
            words,
            colour,
            font(size),
            anchor,
            stroke_width=1 if bold else 0,
            stroke_fill=colour,
        )

    def line(self, points: Sequence[Point], colour: str, width: float = 1) -> None:
        """Draw a line through points, in the panel's pixels."""
        self._draw.line(
            [(x * SHARPNESS, y * SHARPNESS) for x, y in points], colour, max(1, round(width * SHARPNESS)), "curve"
        )

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        fill: str | None = None,
        outline: str | None = None,
        width: float = 1,
        radius: float = 0,
    ) -> None:
        """A rectangle, its corners rounded by `radius`."""
        corners = [value * SHARPNESS for value in (left, top, max(left, right), max(top, bottom))]
        self._draw.rounded_rectangle(
            corners, radius * SHARPNESS, fill, outline, max(1, round(width * SHARPNESS)) if outline else 0
        )

    def picture(self, image: Image.Image, x: float, y: float, width: float, height: float, smooth: bool = True) -> None:
        """An image scaled to a place; not smooth: every pixel stays a square."""
        size = max(1, round(width * SHARPNESS)), max(1, round(height * SHARPNESS))
        method = (
            Image.Resampling.NEAREST
            if not smooth
            else (Image.Resampling.BICUBIC if image.width < size[0] else Image.Resampling.BOX)
        )
        self.image.paste(image.convert("RGB").resize(size, method), (round(x * SHARPNESS), round(y * SHARPNESS)))

    def stain(self, ink: NDArray[np.float32], width: float, height: float, colour: str = TEXT) -> None:
        """Ink (h, w) in [0, 1] over what is on the panel, scaled to a size, from the upper left corner."""
        size = max(1, round(width * SHARPNESS)), max(1, round(height * SHARPNESS))
        self.image.paste(colour, (0, 0), picture_of(ink).resize(size, Image.Resampling.BICUBIC))

    def place(self, panel: Panel, x: float, y: float) -> None:
        """Another panel, its corner at a place."""
        self.image.paste(panel.image, (round(x) * SHARPNESS, round(y) * SHARPNESS))

    def finished(self) -> Image.Image:
        """The picture in its final size."""
        return self.image.reduce(SHARPNESS)


def text_width(words: str, size: float = 13) -> float:
    """Points that words take."""
    return float(font(size).getlength(words)) / SHARPNESS


def flow(panels: Sequence[Panel], width: float, gap: float = 28, row_gap: float = 18) -> Panel:
    """Panels from left to right, in as many rows as they need."""
    rows: list[list[Panel]] = [[]]
    for panel in panels:
        taken = sum(other.width + gap for other in rows[-1])
        if rows[-1] and taken + panel.width > width:
            rows.append([])
        rows[-1].append(panel)
    return stack([beside(row, gap) for row in rows if row], row_gap, width)


def beside(panels: Sequence[Panel], gap: float) -> Panel:
    """Panels side by side, their tops in line."""
    result = Panel(
        sum(panel.width for panel in panels) + gap * (len(panels) - 1), max(panel.height for panel in panels)
    )
    x = 0.0
    for panel in panels:
        result.place(panel, x, 0)
        x += panel.width + gap
    return result


def stack(panels: Sequence[Panel], gap: float, width: float = 0) -> Panel:
    """Panels one below the other, their left sides in line."""
    result = Panel(
        max([width, *(panel.width for panel in panels)]),
        sum(panel.height for panel in panels) + gap * max(0, len(panels) - 1),
    )
    y = 0.0
    for panel in panels:
        result.place(panel, 0, y)
        y += panel.height + gap
    return result


def titled(title: str, note: str, panel: Panel, number: int) -> Panel:
    """A panel under its numbered title; note: what one sees there, in one line."""
    result = Panel(max(panel.width, 44 + text_width(title, 18) + text_width(note, 13)), panel.height + 36)
    result.box(0, 1, 22, 23, fill=TEXT, radius=11)
    result.text(11, 12.5, str(number), 13, PAPER, "mm")
    result.text(32, 12, title, 18, TEXT, "lm")
    result.text(44 + text_width(title, 18), 13, note, 13, QUIET, "lm")
    result.place(panel, 0, 36)
    return result


def picture_of(values: NDArray[np.float32]) -> Image.Image:
    """(h, w) or (h, w, 3 RGB) float in [0, 1], 1 = white, as an image."""
    return Image.fromarray(np.round(np.clip(values, 0, 1) * 255).astype(np.uint8))


def percent(probability: float) -> str:
    """A probability for people; nothing that is unsure is called 100 %."""
    if 0.9995 <= probability < 1:
        return "> 99.9 %"
    if 0 < probability < 0.0005:
        return "< 0.1 %"
    return f"{100 * probability:.1f} %" if 0 < probability < 1 else f"{100 * probability:.0f} %"
