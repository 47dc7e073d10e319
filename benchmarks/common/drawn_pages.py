"""A page that is being drawn: print, boxes, combs, and numbers written into them by one of the sources' writers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.synthesis.handwriting.hands import draw_hand, write_digit
from pipeline.synthesis.papers import draw_paper
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import EVALUATION, draw_string
from pipeline.synthesis.style import StringStyle

T = TypeVar("T")
WORDS = (
    "name",
    "date",
    "reference",
    "number",
    "please",
    "print",
    "clearly",
    "office",
    "use",
    "only",
    "account",
    "branch",
    "received",
    "order",
    "total",
    "section",
    "of",
    "the",
    "in",
    "figures",
    "code",
    "year",
    "street",
    "member",
    "policy",
    "claim",
    "units",
    "delivered",
    "meter",
    "reading",
    "customer",
    "and",
    "valid",
    "until",
)
CLEAN = replace(
    EVALUATION,
    name="ink",
    papers=(("white", 1.0),),
    empty=0.0,
    separators=0.0,
    endings=0.0,
    prefixes=0.0,
    neighbours=0.0,
    intruders=0.0,
    rules=0.0,
    boxes=0.0,
    inverted=0.0,
    darkness=(1.0, 1.0),
    blur=(0.0, 0.0),
    noise=(0.0, 0.0),
    faded=0.0,
    binary=0.0,
    jpeg=0.0,
    margins=(0.02, 0.02),
    tilt=0.015,
)


@dataclass(frozen=True)
class TrueField:
    """A field that was drawn: name ("" where a name cannot be known), kind, box on the page, and what was written."""

    name: str
    kind: str
    box: tuple[int, int, int, int]
    text: str


@dataclass
class DrawnPage:
    """A page that is being drawn. ink, print: (H, W) float32 in [0, 1], 1 = dark. unit: pixels of 0.01 inch."""

    rng: np.random.Generator
    sources: Sources
    shape: tuple[int, int]
    unit: float
    fields: list[TrueField] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.print = Image.new("L", self.shape[::-1], 0)
        self.draw = ImageDraw.Draw(self.print)
        self.ink = np.zeros(self.shape, np.float32)
        self.line = max(1, round(self.uniform(0.5, 1.3) * self.unit))
        self.grey = int(self.uniform(110, 255))

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.rng.random()

    def pick(self, things: Sequence[T]) -> T:
        return things[int(self.rng.random() * len(things))]

    def text(self, x: float, y: float, words: str, size: float) -> float:
        """Print words, their upper left at a place; their width. Sizes in 0.01 inch."""
        font = ImageFont.load_default(max(6, size * self.unit))
        self.draw.text((x, y), words, 255, font)
        return float(font.getlength(words))

    def words(self, count: int) -> str:
        return " ".join(self.pick(WORDS) for _ in range(count))

    def rectangle(self, left: float, top: float, right: float, bottom: float) -> None:
        self.draw.rectangle([left, top, right, bottom], outline=self.grey, width=self.line)

    def rule(self, left: float, right: float, y: float) -> None:
        self.draw.line([(left, y), (right, y)], self.grey, self.line)

    def write(
        self, left: float, top: float, right: float, bottom: float, text: str, style: StringStyle = CLEAN
    ) -> None:
        """Write digits into a box, a bit to the left, as high as fits."""
        room = right - left, bottom - top
        high = max(10, self.uniform(0.45, 0.7) * room[1])
        picture = draw_string(self.rng, self.sources, replace(style, heights=(high, high, high)), text=text).image
        ink = np.clip(1.05 * (1 - picture / np.float32(np.median(picture[:2]))), 0, 1)
        scale = min(1.0, 0.94 * room[0] / ink.shape[1], 0.92 * room[1] / ink.shape[0])
        if scale < 1:
            size = max(1, int(ink.shape[1] * scale)), max(1, int(ink.shape[0] * scale))
            ink = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR))
        x = left + self.uniform(0.1, 0.7) * (room[0] - ink.shape[1])
        y = top + self.uniform(0.3, 0.7) * (room[1] - ink.shape[0])
        self.stain(x, y, ink)

    def stain(self, x: float, y: float, ink: np.ndarray) -> None:
        row, column = max(0, round(y)), max(0, round(x))
        place = self.ink[row : row + ink.shape[0], column : column + ink.shape[1]]
        np.maximum(place, ink[: place.shape[0], : place.shape[1]], out=place)

    def box(self, name: str, kind: str, left: float, top: float, width: float, height: float, text: str) -> None:
        """A box with a number in it."""
        self.rectangle(left, top, left + width, top + height)
        self.write(left + self.line, top + self.line, left + width - self.line, top + height - self.line, text)
        self.note(name, kind, left, top, width, height, text)

    def note(self, name: str, kind: str, left: float, top: float, width: float, height: float, text: str) -> None:
        self.fields.append(
            TrueField(name, kind, (round(left), round(top), round(left + width), round(top + height)), text)
        )

    def comb(self, name: str, left: float, top: float, cell: float, height: float, text: str) -> None:
        """A box for each digit, all by one hand."""
        hand = draw_hand(
            self.rng, self.sources, CLEAN, self.pick(("bitmap", "pen")) if self.sources.pen_digits else "shapes"
        )
        hand = replace(hand, height=self.uniform(0.45, 0.65) * min(height, 1.4 * cell))
        for k, digit in enumerate(text):
            x = left + k * cell
            self.rectangle(x, top, x + cell, top + height)
            glyph = write_digit(self.rng, hand, digit, first=False, after_zeros=False)
            ink = np.asarray(glyph.ink, np.float32)
            self.stain(
                x + self.uniform(0.3, 0.7) * (cell - ink.shape[1]),
                top + self.uniform(0.35, 0.65) * (height - ink.shape[0]),
                ink,
            )
        self.note(name, "comb", left, top, len(text) * cell, height, text)

    def finished(self, paper: str) -> np.ndarray:
        """(H, W) uint8, 255 = white, the page as scanned."""
        rng = self.rng
        ground = draw_paper(rng, self.shape, paper, 16 * self.unit, faintest_ink=0.6)
        darkness = self.uniform(0.6, 0.95), self.uniform(0.7, 0.95)
        grey = ground * (1 - darkness[0] * np.asarray(self.print, np.float32) / 255) * (1 - darkness[1] * self.ink)
        grey = grey + np.float32(self.uniform(0, 0.02)) * rng.standard_normal(self.shape, np.float32)
        return np.clip(255 * grey + 0.5, 0, 255).astype(np.uint8)
