"""The number itself on its line: written by hand, printed, in the cells of a comb, on a display or on drums."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pipeline.synthesis.handwriting.hands import Hand, draw_hand, ink_strokes, write_digit
from pipeline.synthesis.handwriting.placing import Line
from pipeline.synthesis.handwriting.reordering import sometimes_reordered
from pipeline.synthesis.handwriting.writing import draw_kind, write_line, write_pen_string
from pipeline.synthesis.numbers import Planned, plan_marks
from pipeline.synthesis.sources import DIGITS, PenSample, Sources
from pipeline.synthesis.style import StringStyle, pick_weighted, uniform
from pipeline.synthesis.surroundings.chances import Surroundings
from pipeline.synthesis.surroundings.displays import draw_display, show
from pipeline.synthesis.surroundings.machine_print import cut_into_bars, magnetic_font, mark_zeros, type_unevenly

COUNTED = 2 * DIGITS

GRADES = "ABCEFKMNRVXackmnrvwx"


@dataclass(frozen=True, eq=False)
class NumberLine:
    """A number on its line, before anything surrounds it.

    ink: (H, W) float32 in [0, 1]; owner: (H, W) int16, index of the character, -1 = none; labels: of the characters;
    inside: which of them belong to the number; height: of a digit in pixels; machine: shown, not written; hand: who
    writes about it, too; ghost: (H, W) float32, what of a display might be lit; dividers: columns between the cells
    that the characters stand in; known: whether it is known whose ink is whose.
    """

    ink: np.ndarray
    owner: np.ndarray
    labels: tuple[str, ...]
    inside: tuple[bool, ...]
    height: float
    machine: bool
    hand: Hand | None = None
    ghost: np.ndarray | None = None
    dividers: tuple[float, ...] = ()
    known: bool = True

    @property
    def written(self) -> str:
        """The characters of the number with its marks."""
        return "".join(label for label, own in zip(self.labels, self.inside, strict=True) if own)


def draw_number_line(
    rng: np.random.Generator,
    sources: Sources,
    style: StringStyle,
    around: Surroundings,
    content: str,
    *,
    in_cells: bool,
    real: bool,
    by_hand: bool = False,
) -> NumberLine:
    """``content`` on a line; in_cells: each character in a cell of its own; real: a real pen string may come
    instead; by_hand: nothing else may."""
    writing = "hand" if by_hand else pick_weighted(rng, around.writings if len(content) != 1 else around.lone_writings)
    if content and writing in ("segments", "matrix"):
        return _display(rng, style, writing, content)
    if writing in ("print", "drum") and sources.fonts:
        magnetic = writing == "print" and rng.random() < around.magnetic
        font = magnetic_font() if magnetic else sources.draw_print_font(rng)
        hand = draw_hand(rng, sources, style, "font", font)
        return (
            _drum(rng, hand, content)
            if writing == "drum" and content
            else _set(rng, style, around, hand, content, in_cells)
        )
    kind = draw_kind(rng, sources, style, real=real and bool(content))
    hand = draw_hand(rng, sources, style, "shapes" if kind == "string" else kind)
    if rng.random() < around.nibs:
        hand = replace(hand, nib=uniform(rng, around.nib_contrasts), pen=1.3 * hand.pen)
    if kind == "string":
        sample = sometimes_reordered(rng, _draw_pen_string(rng, sources), style.reordered)
        line, labels = write_pen_string(rng, sample, hand)
        ink, owner, _ = line.compose()
        return NumberLine(ink, owner, labels, (True,) * len(labels), hand.height, False, hand, known=False)
    return _set(rng, style, around, hand, content, in_cells)


def _draw_pen_string(rng: np.random.Generator, sources: Sources) -> PenSample:
    """A real string. Those in which somebody counted from 0 to 9 come seldom: they say nothing about numbers."""
    for _ in range(6):
        sample = sources.draw_pen_string(rng)
        digits = "".join(label for label in sample.text if label in DIGITS)
        counted = len(digits) > 3 and (digits in COUNTED or digits in COUNTED[::-1])
        if not counted or rng.random() < 0.1:
            break
    return sample


def _set(
    rng: np.random.Generator, style: StringStyle, around: Surroundings, hand: Hand, content: str, in_cells: bool
) -> NumberLine:
    """Written or printed characters, or what stands where there is no number."""
    planned = _planned(rng, around, content) if content else _nothing(rng)
    line, labels, inside = write_line(rng, style, hand, planned)
    if not labels:
        return _scribble(rng, hand, content)
    barred = _print_specially(rng, around, hand, line, labels)
    dividers: tuple[float, ...] = ()
    if in_cells and len(line.glyphs) == len(labels) and all(label in DIGITS for label in labels):
        pitch = hand.height * uniform(rng, (0.85, 1.7))
        pitch = max(pitch, 1.05 * max(glyph.ink.shape[1] for _, _, glyph, _ in line.glyphs))
        dividers = _put_in_cells(rng, line, pitch, 0.05 if hand.printed else 0.14)
    ink, owner, left = line.compose()
    ink = cut_into_bars(ink, hand.height) if barred else ink
    return NumberLine(
        ink, owner, labels, inside, hand.height, False, hand, dividers=tuple(place - left for place in dividers)
    )


def _print_specially(
    rng: np.random.Generator, around: Surroundings, hand: Hand, line: Line, labels: tuple[str, ...]
) -> bool:
    """Marks zeros and types unevenly, as it comes; whether the line is to be of barred digits."""
    if rng.random() < (around.marked_zeros if hand.printed else 0.2 * around.marked_zeros):
        mark_zeros(line, labels, dotted=hand.printed and rng.random() < 0.35, width=max(1.0, 0.8 * hand.pen))
    if not hand.printed:
        return False
    if rng.random() < around.typed:
        type_unevenly(rng, line)
    return rng.random() < around.barred and hand.height > 18


def _planned(rng: np.random.Generator, around: Surroundings, content: str) -> tuple[Planned, ...]:
    planned = [Planned(label, "digit" if label in DIGITS else "mark") for label in content]
    if rng.random() < around.letters:
        letter = Planned("ABCDEFGHKLMNPRTXabcdefhkmnrtx/-|"[int(rng.random() * 32)], "neighbour")
        planned.insert(0 if rng.random() < 0.5 else len(planned), letter)
    return tuple(planned)


def _nothing(rng: np.random.Generator) -> tuple[Planned, ...]:
    """A grade as of a school, in letters that nobody would write for a digit; other marks and letters; or nothing."""
    kind = rng.random()
    if kind < 0.25:
        return ()
    if kind > 0.7:
        return plan_marks(rng)
    grade = GRADES[int(rng.random() * len(GRADES))] * (2 if rng.random() < 0.1 else 1)
    return tuple(Planned(label, "mark") for label in grade + ("+", "-", ".", "", "", "")[int(6 * rng.random())])


def _put_in_cells(rng: np.random.Generator, line: Line, pitch: float, wander: float) -> tuple[float, ...]:
    """Moves each character into a cell of its own; the columns between the cells, ends included."""
    for place, (_, top, glyph, owner) in enumerate(line.glyphs):
        room = pitch - glyph.ink.shape[1]
        shift = wander * pitch * float(np.clip(rng.standard_normal(), -2, 2))
        line.glyphs[place] = (round(place * pitch + room / 2 + shift), top, glyph, owner)
    return tuple(pitch * place for place in range(len(line.glyphs) + 1))


def _scribble(rng: np.random.Generator, hand: Hand, content: str) -> NumberLine:
    """An empty place, or a scribble that says nothing."""
    height = hand.height
    shape = int(1.6 * height), int(height * uniform(rng, (1, 4)))
    ink, owner = np.zeros(shape, np.float32), np.full(shape, -1, np.int16)
    if not content and rng.random() < 0.3:
        turns = 4 + int(5 * rng.random())
        points = np.stack([np.linspace(0, height * uniform(rng, (0.5, 2)), turns), height * rng.random(turns)], axis=1)
        glyph = ink_strokes(rng, [points.astype(np.float32)], hand, height, bend=0.1)
        if glyph is not None:
            ink = np.pad(glyph.ink, 2)
            owner = np.full(ink.shape, -1, np.int16)
    return NumberLine(ink, owner, (), (), height, False, hand)


def _display(rng: np.random.Generator, style: StringStyle, kind: str, content: str) -> NumberLine:
    low, mode, high = style.heights
    display = draw_display(rng, kind, rng.triangular(low, mode, high))
    unlit = int(rng.random() * 4) if rng.random() < 0.25 else 0
    ink, owner, labels, ghost = show(display, content.replace(" ", ""), unlit)
    return NumberLine(ink, owner, labels, (True,) * len(labels), display.height, True, ghost=ghost)


def _drum(rng: np.random.Generator, hand: Hand, content: str) -> NumberLine:
    """Digits on drums behind a window; the last one may stand between two of its digits, cut by the window."""
    digits = [label for label in content if label in DIGITS]
    hand = replace(hand, slant=0.0, tilt=0.0)
    line = Line(hand.height)
    for index, digit in enumerate(digits):
        glyph = write_digit(rng, hand, digit, first=False, after_zeros=False)
        line.add(glyph, index, gap=2, lift=0, advance=0)
    pitch = hand.height * uniform(rng, (0.85, 1.6))
    pitch = max(pitch, 1.1 * max(glyph.ink.shape[1] for _, _, glyph, _ in line.glyphs))
    dividers = _put_in_cells(rng, line, pitch, 0.02)
    window = hand.height * uniform(rng, (0.06, 0.3))
    if rng.random() < 0.4:
        _roll(rng, hand, line, digits[-1], len(digits) - 1, hand.height + 2 * window)
    ink, owner, left = line.compose()
    top, bottom = int(line.baseline - hand.height - window), math.ceil(line.baseline + window)
    return NumberLine(
        np.ascontiguousarray(ink[max(0, top) : bottom]),
        np.ascontiguousarray(owner[max(0, top) : bottom]),
        tuple(digits),
        (True,) * len(digits),
        hand.height,
        True,
        dividers=tuple(place - left for place in dividers),
    )


def _roll(rng: np.random.Generator, hand: Hand, line: Line, digit: str, owner: int, step: float) -> None:
    """Turns the last drum up by less than half a digit: the next digit comes in from below."""
    shift = round(step * uniform(rng, (0.05, 0.38)))
    left, top, glyph, _ = line.glyphs[-1]
    line.glyphs[-1] = (left, top - shift, glyph, owner)
    following = write_digit(rng, hand, str((int(digit) + 1) % 10), first=False, after_zeros=False)
    top = line.baseline + following.top + round(step) - shift
    left = round(left + (glyph.ink.shape[1] - following.ink.shape[1]) / 2)
    rows = line.rows - top
    if rows > 2:
        part = replace(following, ink=np.ascontiguousarray(following.ink[:rows]))
        line.glyphs.append((left, top, part, -1))
