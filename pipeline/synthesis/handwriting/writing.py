"""Writing: the characters of a string, one after the other on its line, or a real string as it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.synthesis.glyphs.pens import Glyph, fit_strokes
from pipeline.synthesis.handwriting.hand_marks import LETTERS, write_mark
from pipeline.synthesis.handwriting.hands import Hand, ink_strokes, write_digit
from pipeline.synthesis.handwriting.placing import Line
from pipeline.synthesis.numbers import Planned
from pipeline.synthesis.sources import PenSample, Sources
from pipeline.synthesis.style import StringStyle, pick_weighted, uniform


def draw_kind(rng: np.random.Generator, sources: Sources, style: StringStyle, *, real: bool) -> str:
    """Where the digits of a string come from; ``real``: real pen strings may come. Raises ValueError where the sources
    are empty."""
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


def write_line(
    rng: np.random.Generator, style: StringStyle, hand: Hand, planned: tuple[Planned, ...]
) -> tuple[Line, tuple[str, ...], tuple[bool, ...]]:
    """The line with all characters on it; their labels, and which of them belong to the number.

    A space leaves room and has no label.
    """
    line = Line(hand.height)
    labels: list[str] = []
    inside: list[bool] = []
    spacing = Spacing.draw(rng, style, hand)
    room = 0.0
    for index, character in enumerate(planned):
        if character.label == " ":
            room = hand.height * uniform(rng, (0.15, 0.6))
            continue
        glyph = _glyph(rng, hand, planned, index, begun=bool(labels))
        if glyph is None:
            continue
        before = planned[index - 1] if labels else None
        gap, advance, joined = spacing.between(rng, before, character)
        wander = style.wander * (0.1 if hand.printed else 1)
        lift = hand.height * wander * rng.standard_normal() - hand.tilt * line.width
        line.add(glyph, len(labels), gap=gap + room, lift=lift, advance=advance)
        room = 0.0
        if joined:
            line.join_last(rng, hand.pen)
        labels.append(character.label)
        inside.append(character.place != "neighbour")
    if labels and rng.random() < style.intruders:
        intruder = _intrude(rng, hand, line, len(labels))
        labels += intruder
        inside += [False] * len(intruder)
    return line, tuple(labels), tuple(inside)


def _glyph(rng: np.random.Generator, hand: Hand, planned: Sequence[Planned], index: int, begun: bool) -> Glyph | None:
    """The character of that index, by this hand; None where its hand has no such mark. begun: something stands on the
    line already."""
    character = planned[index]
    if character.place != "digit":
        return write_mark(rng, hand, character.label)
    digits = [place for place, each in enumerate(planned) if each.place == "digit"]
    follows_zero = begun and index > 0 and planned[index - 1].label in "0.,"
    return write_digit(
        rng,
        hand,
        character.label,
        first=index == digits[0],
        after_zeros=character.label == "0" and (follows_zero or index == digits[-1]),
    )


def _intrude(rng: np.random.Generator, hand: Hand, line: Line, owner: int) -> list[str]:
    """A letter across what is written; its label, or none where the hand has no such letter."""
    label = LETTERS[int(rng.random() * len(LETTERS))]
    intruder = write_mark(rng, hand, label)
    if intruder is None:
        return []
    line.intrude(rng, intruder, owner)
    return [label]


@dataclass(frozen=True)
class Spacing:
    """How far apart this writer sets digits: lengths in pixels."""

    height: float
    pen: float
    gap: float
    touching: float
    overlap: tuple[float, float]
    chains: bool

    @classmethod
    def draw(cls, rng: np.random.Generator, style: StringStyle, hand: Hand) -> Spacing:
        """The spacing of one writer's hand."""
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


def write_pen_string(rng: np.random.Generator, sample: PenSample, hand: Hand) -> tuple[Line, tuple[str, ...]]:
    """(line, labels): a real string by another pen; one glyph, so that it is not known which ink is whose."""
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
    return line, labels
