"""Synthetic strings: pictures of handwritten numbers with their text and with whose ink each pixel is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pipeline.synthesis.hands import LETTERS, Hand, draw_hand, ink_strokes, write_digit, write_mark
from pipeline.synthesis.numbers import Planned, draw_number, plan_characters, plan_marks
from pipeline.synthesis.pens import Glyph, fit_strokes
from pipeline.synthesis.placing import Line
from pipeline.synthesis.scans import crop_field, scan
from pipeline.synthesis.sources import DIGITS, Sources
from pipeline.synthesis.style import EVALUATION, PRESETS, TRAINING, StringStyle, pick_weighted, uniform

__all__ = [
    "EVALUATION",
    "PRESETS",
    "TRAINING",
    "Sources",
    "StringStyle",
    "SyntheticString",
    "draw_string",
    "touching_neighbours",
]


@dataclass(frozen=True, eq=False)
class SyntheticString:
    """A drawn number.

    image: (H, W) uint8 grey, 255 = white; text: its digits in writing order, "" where it has none;
    owner: (H, W) int16, the index into ``characters`` of the character whose ink the pixel mostly is, -1 =
    none; characters: a label each, in writing order: "0" to "9", else the mark or letter; owner_known:
    false for real pen strings, of which it is not known which stroke is whose: there ``owner`` is 0 on all
    ink.
    """

    image: np.ndarray
    text: str
    owner: np.ndarray
    characters: tuple[str, ...]
    owner_known: bool = True

    def __post_init__(self) -> None:
        if self.image.ndim != 2 or self.image.dtype != np.uint8:
            raise ValueError(f"image must be (H, W) uint8, got {self.image.shape} {self.image.dtype}")
        if self.owner.shape != self.image.shape or self.owner.dtype != np.int16:
            raise ValueError(f"owner must be int16 like the image, got {self.owner.shape} {self.owner.dtype}")
        if "".join(label for label in self.characters if label in DIGITS) != self.text:
            raise ValueError(f"text {self.text!r} does not agree with characters {self.characters}")
        if self.owner.size and not -1 <= self.owner.min() <= self.owner.max() < max(1, len(self.characters)):
            raise ValueError("owner points outside the characters")


def draw_string(
    rng: np.random.Generator, sources: Sources, style: StringStyle, length: int | None = None, text: str | None = None
) -> SyntheticString:
    """A string of ``text``, or of ``length`` digits drawn at random, or of a length that ``style`` draws.

    The same generator state gives the same picture. ``text`` holds digits only; separators and marks are
    added as the style has it. Raises ValueError where the arguments cannot be meant or the sources are
    empty.
    """
    kind = _draw_kind(rng, sources, style, real=length is None and text is None)
    if text is None and length is None and rng.random() < style.empty:
        return _finish(rng, style, *_write(rng, sources, style, kind, plan_marks(rng)))
    if kind == "string":
        return _draw_pen_string(rng, sources, style)
    if text is None:
        text = draw_number(rng, _draw_length(rng, style) if length is None else length)
    if not text or any(digit not in DIGITS for digit in text):
        raise ValueError(f"a string's text is one or more digits, not {text!r}")
    return _finish(rng, style, *_write(rng, sources, style, kind, plan_characters(rng, style, text)))


def touching_neighbours(string: SyntheticString) -> tuple[int, int]:
    """(touching, all) pairs of neighbouring digits: those whose ink is connected, and all of them.

    Digits with a separator between them are no neighbours.
    """
    if not string.owner_known:
        raise ValueError("whose ink is whose is not known for a pen string")
    touching = pairs = 0
    for index, (left, right) in enumerate(zip(string.characters, string.characters[1:], strict=False)):
        if left in DIGITS and right in DIGITS:
            pairs += 1
            near = ndimage.binary_dilation(string.owner == index, np.ones((3, 3), bool))
            touching += bool((near & (string.owner == index + 1)).any())
    return touching, pairs


def _draw_kind(rng: np.random.Generator, sources: Sources, style: StringStyle, *, real: bool) -> str:
    there = {
        "bitmap": sources.has_images,
        "pen": bool(sources.pen_digits),
        "shapes": sources.shapes,
        "font": sources.fonts,
        "string": real and bool(sources.pen_strings),
    }
    there["mixed"] = there["bitmap"] or there["pen"] or there["shapes"] or (sources.fonts and style.has_fonts)
    kinds = tuple((name, weight) for name, weight in style.kinds if there[name] and weight > 0)
    if not kinds:
        raise ValueError(f"the sources hold nothing that the style {style.name!r} draws from")
    return pick_weighted(rng, kinds)


def _draw_length(rng: np.random.Generator, style: StringStyle) -> int:
    return int(pick_weighted(rng, tuple((str(n + 1), weight) for n, weight in enumerate(style.lengths))))


def _write(
    rng: np.random.Generator, sources: Sources, style: StringStyle, kind: str, planned: tuple[Planned, ...]
) -> tuple[Hand, Line, tuple[str, ...], tuple[bool, ...]]:
    """The line with all characters on it; their labels, and which of them belong to the number."""
    hand = draw_hand(rng, sources, style, "pen" if kind == "string" else kind)
    line = Line(hand.height)
    labels: list[str] = []
    inside: list[bool] = []
    spacing = _Spacing.draw(rng, style, hand)
    digits = [index for index, character in enumerate(planned) if character.place == "digit"]
    for index, character in enumerate(planned):
        if character.place == "digit":
            follows_zero = index > 0 and planned[index - 1].label in "0.," and bool(labels)
            glyph: Glyph | None = write_digit(
                rng,
                hand,
                character.label,
                first=index == digits[0],
                after_zeros=character.label == "0" and (follows_zero or index == digits[-1]),
            )
        else:
            glyph = write_mark(rng, hand, character.label)
        if glyph is None:
            continue
        before = planned[index - 1] if labels else None
        gap, advance, joined = spacing.between(rng, before, character)
        wander = style.wander * (0.1 if hand.printed else 1)
        lift = hand.height * wander * rng.standard_normal() - hand.tilt * line.width
        line.add(glyph, len(labels), gap=gap, lift=lift, advance=advance)
        if joined:
            line.join_last(rng, hand.pen)
        labels.append(character.label)
        inside.append(character.place != "neighbour")
    if labels and rng.random() < style.intruders:
        label = LETTERS[int(rng.random() * len(LETTERS))]
        intruder = write_mark(rng, hand, label)
        if intruder is not None:
            line.intrude(rng, intruder, len(labels))
            labels.append(label)
            inside.append(False)
    return hand, line, tuple(labels), tuple(inside)


@dataclass(frozen=True)
class _Spacing:
    """How far apart this writer sets digits: lengths in pixels."""

    height: float
    pen: float
    gap: float
    touching: float
    overlap: tuple[float, float]
    chains: bool

    @classmethod
    def draw(cls, rng: np.random.Generator, style: StringStyle, hand: Hand) -> _Spacing:
        manner = rng.random()
        gap = (
            uniform(rng, (0.02, 0.1))
            if manner < 0.45
            else uniform(rng, (0.06, 0.25))
            if manner < 0.85
            else uniform(rng, (0.25, 0.7))
        )
        # Printed digits touch only where ink has spread.
        touching = uniform(rng, style.touching) * (0.2 if hand.printed else 1)
        return cls(
            hand.height,
            hand.pen,
            gap * hand.height,
            touching,
            style.overlap,
            rng.random() < style.zero_chains and not hand.printed,
        )

    def between(
        self, rng: np.random.Generator, before: Planned | None, character: Planned
    ) -> tuple[float, float, bool]:
        """(gap, least advance, whether to join them by a stroke) for a character after ``before``."""
        if before is None:
            return 0.0, 0.0, False
        gap = max(1.0, self.gap * uniform(rng, (0.5, 1.6)))
        if "neighbour" in (character.place, before.place):
            return gap + self.height * uniform(rng, (0.1, 0.8)), 0.2 * self.height, False
        if "mark" in (character.place, before.place):
            far = self.height * uniform(rng, (0, 0.5)) if rng.random() < 0.3 else 0.0
            gap = -0.5 * self.pen if rng.random() < 0.1 else 0.8 * gap + far
            return gap, 0.12 * self.height, False
        zeros = before.label == character.label == "0"
        if zeros and self.chains and rng.random() < 0.7:
            return min(gap, 0.2 * self.height) - self.pen * rng.random(), 0.25 * self.height, True
        if rng.random() < self.touching:
            into = min(self.pen * uniform(rng, self.overlap), 0.12 * self.height)
            return -max(1.0, into), 0.3 * self.height, False
        return gap, 0.3 * self.height, rng.random() < 0.015


def _draw_pen_string(rng: np.random.Generator, sources: Sources, style: StringStyle) -> SyntheticString:
    """A real string by another pen on another paper; one glyph, so that ownership is not known."""
    sample = sources.draw_pen_string(rng)
    hand = draw_hand(rng, sources, style, "shapes")
    # The tallest stroke is a digit's height; not the whole string's, which may wander up and down.
    wide = float(np.ptp(np.concatenate(sample.strokes)[:, 0]))
    tall = max(0.05 * wide, *(float(np.ptp(stroke[:, 1])) for stroke in sample.strokes))
    aspect = hand.aspect * uniform(rng, (0.85, 1.15))
    strokes = fit_strokes(sample.strokes, hand.height, aspect, max(tall, 1e-3))
    glyph = ink_strokes(rng, strokes, hand, hand.height, bend=0.015)
    if glyph is None:
        raise ValueError(f"a pen string by {sample.writer} has no ink")
    line = Line(hand.height)
    line.add(glyph, 0, gap=0, lift=0, advance=0)
    labels = tuple(label for label in sample.text if label != " ")
    return _finish(rng, style, hand, line, labels, (True,) * len(labels), owner_known=False)


def _finish(
    rng: np.random.Generator,
    style: StringStyle,
    hand: Hand,
    line: Line,
    labels: tuple[str, ...],
    inside: tuple[bool, ...],
    *,
    owner_known: bool = True,
) -> SyntheticString:
    """Crops the line as a field is cropped and puts it on paper."""
    if labels:
        full_ink, full_owner, _ = line.compose()
    else:
        shape = line.rows, int(hand.height * uniform(rng, (1.5, 6)))
        full_ink, full_owner = np.zeros(shape, np.float32), np.full(shape, -1, np.int16)
    wanted = inside if owner_known else (True,)
    ink, owner, bottom, top = crop_field(rng, style, hand.height, full_ink, full_owner, wanted)
    image = scan(rng, style, hand.height, ink, bottom=bottom, top=top)
    if owner_known:
        owner, labels = _renumber(owner, labels)
    return SyntheticString(image, "".join(label for label in labels if label in DIGITS), owner, labels, owner_known)


def _renumber(owner: np.ndarray, labels: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Drops the marks and letters of which the crop left nothing."""
    left = np.bincount(owner.ravel() + 1, minlength=len(labels) + 1)[1:]
    kept = [index for index, label in enumerate(labels) if left[index] or label in DIGITS]
    new = np.full(len(labels) + 1, -1, np.int16)
    new[kept] = np.arange(len(kept))
    return new[owner], tuple(labels[index] for index in kept)
