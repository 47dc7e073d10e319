"""Synthetic strings: pictures of handwritten numbers with their text and with whose ink each pixel is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pipeline.synthesis.handwriting.hands import Hand, draw_hand
from pipeline.synthesis.handwriting.placing import Line
from pipeline.synthesis.handwriting.reordering import sometimes_reordered
from pipeline.synthesis.handwriting.writing import draw_kind, write_line, write_pen_string
from pipeline.synthesis.numbers import Planned, draw_number, plan_characters, plan_marks
from pipeline.synthesis.scans import crop_field, scan
from pipeline.synthesis.sources import DIGITS, Sources
from pipeline.synthesis.style import EVALUATION, PRESETS, SURROUNDED, TRAINING, StringStyle, pick_weighted, uniform
from pipeline.synthesis.surroundings.chances import Surroundings
from pipeline.synthesis.surroundings.surrounded import draw_surrounded
from pipeline.synthesis.written_amounts import draw_any_amount

__all__ = [
    "EVALUATION",
    "PRESETS",
    "SURROUNDED",
    "TRAINING",
    "Sources",
    "StringStyle",
    "SyntheticString",
    "draw_string",
    "draw_written",
    "touching_neighbours",
]


@dataclass(frozen=True, eq=False)
class SyntheticString:
    """A drawn number.

    image: (H, W) uint8 grey, 255 = white; text: its digits in writing order, "" where it has none;
    owner: (H, W) int16, the index into ``characters`` of the character whose ink the pixel mostly is, -1 =
    none; characters: a label each, in writing order: "0" to "9", else the mark or letter; owner_known:
    false for real pen strings, of which it is not known which stroke is whose: there ``owner`` is 0 on all
    ink; written: the characters of the number with its marks, in reading order: ``text`` and what stands
    between, before and behind it, less spaces and what is not of the number.
    """

    image: np.ndarray
    text: str
    owner: np.ndarray
    characters: tuple[str, ...]
    owner_known: bool = True
    written: str = ""

    def __post_init__(self) -> None:
        if self.image.ndim != 2 or self.image.dtype != np.uint8:
            raise ValueError(f"image must be (H, W) uint8, got {self.image.shape} {self.image.dtype}")
        if self.owner.shape != self.image.shape or self.owner.dtype != np.int16:
            raise ValueError(f"owner must be int16 like the image, got {self.owner.shape} {self.owner.dtype}")
        if "".join(label for label in self.characters if label in DIGITS) != self.text:
            raise ValueError(f"text {self.text!r} does not agree with characters {self.characters}")
        if self.written and "".join(label for label in self.written if label in DIGITS) != self.text:
            raise ValueError(f"text {self.text!r} does not agree with what is written, {self.written!r}")
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
    if text is not None and (not text or any(digit not in DIGITS for digit in text)):
        raise ValueError(f"a string's text is one or more digits, not {text!r}")
    if style.surroundings is not None:
        return _draw_surrounded(rng, sources, style, style.surroundings, length, text)
    kind = draw_kind(rng, sources, style, real=length is None and text is None)
    if text is None and length is None and rng.random() < style.empty:
        return _finish(rng, style, *_write(rng, sources, style, kind, plan_marks(rng)))
    if kind == "string":
        return _draw_pen_string(rng, sources, style)
    if text is None and length is None and style.written and rng.random() < style.written:
        return _finish(rng, style, *_write(rng, sources, style, kind, _planned(draw_any_amount(rng))))
    if text is None:
        text = draw_number(rng, _draw_length(rng, style) if length is None else length)
    return _finish(rng, style, *_write(rng, sources, style, kind, plan_characters(rng, style, text)))


def draw_written(rng: np.random.Generator, sources: Sources, style: StringStyle, written: str) -> SyntheticString:
    """A string of these characters, spaces, marks and letters among its digits included; see `draw_string`. What
    cannot be drawn, as a mark on a display, is not in its ``written``. Raises ValueError where it has no digit."""
    if not any(character in DIGITS for character in written):
        raise ValueError(f"what is written has a digit, {written!r} has none")
    if style.surroundings is not None:
        return _draw_surrounded(rng, sources, style, style.surroundings, None, written)
    kind = draw_kind(rng, sources, style, real=False)
    return _finish(rng, style, *_write(rng, sources, style, kind, _planned(written)))


def _planned(written: str) -> tuple[Planned, ...]:
    return tuple(Planned(label, "digit" if label in DIGITS else "mark") for label in written)


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


def _draw_length(rng: np.random.Generator, style: StringStyle) -> int:
    return int(pick_weighted(rng, tuple((str(n + 1), weight) for n, weight in enumerate(style.lengths))))


def _draw_surrounded(
    rng: np.random.Generator,
    sources: Sources,
    style: StringStyle,
    around: Surroundings,
    length: int | None,
    text: str | None,
) -> SyntheticString:
    drawn = draw_surrounded(rng, sources, style, around, length, text)
    owner, labels = _renumber(drawn.owner, drawn.labels) if drawn.known else (drawn.owner, drawn.labels)
    digits = "".join(label for label in labels if label in DIGITS)
    return SyntheticString(drawn.image, digits, owner, labels, drawn.known, drawn.written)


def _write(
    rng: np.random.Generator, sources: Sources, style: StringStyle, kind: str, planned: tuple[Planned, ...]
) -> tuple[Hand, Line, tuple[str, ...], tuple[bool, ...]]:
    """The hand and the line that it wrote, the labels of its characters, and which of them belong to the number."""
    hand = draw_hand(rng, sources, style, "pen" if kind == "string" else kind)
    return hand, *write_line(rng, style, hand, planned)


def _draw_pen_string(rng: np.random.Generator, sources: Sources, style: StringStyle) -> SyntheticString:
    """A real string by another pen on another paper."""
    sample = sometimes_reordered(rng, sources.draw_pen_string(rng), style.reordered)
    hand = draw_hand(rng, sources, style, "shapes")
    line, labels = write_pen_string(rng, sample, hand)
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
    written = "".join(label for label, own in zip(labels, inside, strict=True) if own)
    wanted = inside if owner_known else (True,)
    ink, owner, bottom, top = crop_field(rng, style, hand.height, full_ink, full_owner, wanted)
    image = scan(rng, style, hand.height, ink, bottom=bottom, top=top)
    if owner_known:
        owner, labels = _renumber(owner, labels)
    text = "".join(label for label in labels if label in DIGITS)
    return SyntheticString(image, text, owner, labels, owner_known, written)


def _renumber(owner: np.ndarray, labels: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Drops the marks and letters of which the crop left nothing."""
    left = np.bincount(owner.ravel() + 1, minlength=len(labels) + 1)[1:]
    kept = [index for index, label in enumerate(labels) if left[index] or label in DIGITS]
    new = np.full(len(labels) + 1, -1, np.int16)
    new[kept] = np.arange(len(kept))
    return new[owner], tuple(labels[index] for index in kept)
