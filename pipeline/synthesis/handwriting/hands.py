"""A hand: how one writer, with one pen, writes the characters of one string."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.synthesis.glyphs.allographs import ALLOGRAPHS, draw_allograph
from pipeline.synthesis.glyphs.bitmaps import warp_bitmap
from pipeline.synthesis.glyphs.font_digits import Font, draw_font_digit
from pipeline.synthesis.glyphs.pens import Glyph, draw_strokes, fit_strokes, vary_strokes
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import StringStyle, uniform

Strokes = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Hand:
    """What stays the same within a string.

    kind: where digits come from (style.KINDS); height: of a digit, and pen: width of the pen, in
    pixels; slant: tangent, positive to the right; tilt: slope of the baseline, positive: downhill; spread:
    standard deviation of sizes; level: thickness of bitmaps, see warp_bitmap, and of fonts, the lower
    the thicker; zero: (height, aspect) factors of zeros after the first digit; habits: digit -> allograph;
    font: the only one of a string of kind "font"; mix_fonts: whether "mixed" takes digits from fonts as well; nib: how
    much thinner than downstrokes upstrokes and sidestrokes are, in [0, 1).
    """

    sources: Sources
    kind: str
    height: float
    pen: float
    slant: float
    tilt: float
    aspect: float
    spread: float
    level: float
    zero: tuple[float, float]
    bitmap_writer: int | None
    pen_writer: str | None
    habits: dict[str, str] = field(default_factory=dict)
    font: Font | None = None
    mix_fonts: bool = False
    nib: float = 0.0

    @property
    def printed(self) -> bool:
        """Whether the string is set in a print font."""
        return self.font is not None and self.font.style == "print"


def draw_hand(
    rng: np.random.Generator, sources: Sources, style: StringStyle, kind: str, font: Font | None = None
) -> Hand:
    """A hand for one string of that kind. Where mixed, each digit may come from anybody. ``font``: that of a string of
    kind "font", else it is drawn."""
    low, mode, high = style.heights
    height = rng.triangular(low, mode, high) if high > low else low
    small_zeros = rng.random() < 0.35
    habits = {digit: tuple(names)[int(rng.random() * len(names))] for digit, names in ALLOGRAPHS.items()}
    hand = Hand(
        sources,
        kind,
        height,
        pen=max(1.0, height * (style.pen_widths[0] + (style.pen_widths[1] - style.pen_widths[0]) * rng.beta(1.6, 2.2))),
        slant=rng.standard_normal() * style.slant + 0.05,
        tilt=rng.standard_normal() * style.tilt * (1 if rng.random() < 0.85 else 2),
        aspect=math.exp(0.13 * rng.standard_normal()),
        spread=style.spread * uniform(rng, (0.3, 1.3)),
        level=uniform(rng, (0.28, 0.68)),
        zero=(uniform(rng, (0.5, 0.95)), uniform(rng, (0.9, 1.6))) if small_zeros else (1.0, uniform(rng, (0.9, 1.3))),
        bitmap_writer=sources.draw_image_writer(rng) if sources.has_images and kind == "bitmap" else None,
        pen_writer=sources.draw_pen_writer(rng) if sources.pen_digits and kind == "pen" else None,
        habits=habits,
        # Last, so that other kinds' draws are the same with fonts and without.
        font=(font or sources.draw_font(rng)) if kind == "font" else None,
        mix_fonts=sources.fonts and style.has_fonts,
    )
    if hand.font is None:
        return hand
    # Marks and joining strokes are as thick as the digits.
    hand = replace(hand, pen=max(1.0, height * hand.font.stem * _font_weight(hand, hand.font)))
    return _set_in_print(hand) if hand.printed else hand


def _set_in_print(hand: Hand) -> Hand:
    """The hand as a printer: upright digits of one size, on a baseline that is off by the scan's tilt only."""
    return replace(
        hand,
        slant=0.15 * hand.slant,
        tilt=0.5 * hand.tilt,
        aspect=hand.aspect**0.7,
        spread=0.05 * hand.spread,
        zero=(1.0, 1.0),
    )


def write_digit(rng: np.random.Generator, hand: Hand, digit: str, *, first: bool, after_zeros: bool) -> Glyph:
    """One digit in this hand, standing about on the baseline.

    ``first``: it begins the number (and is sometimes much larger); ``after_zeros``: it is a zero that follows
    others or ends the number, which many write smaller and wider.
    """
    height = hand.height * math.exp(hand.spread * rng.standard_normal())
    aspect = hand.aspect * math.exp(0.08 * rng.standard_normal())
    if first and rng.random() < 0.12 and not hand.printed:
        height *= uniform(rng, (1.15, 1.6))
    if after_zeros:
        height, aspect = height * hand.zero[0], aspect * hand.zero[1]
    height = max(8.0, height)
    source = hand.kind
    if source == "mixed":
        source = _any_source(rng, hand)
    for _ in range(8):
        glyph = (
            _from_bitmap(rng, hand, digit, height, aspect)
            if source == "bitmap"
            else _from_font(rng, hand, digit, height, aspect)
            if source == "font"
            else _from_strokes(rng, hand, digit, height, aspect, source)
        )
        if glyph is not None:
            return glyph
    raise ValueError(f"the sources hold no visible digit {digit}")


def _any_source(rng: np.random.Generator, hand: Hand) -> str:
    sources = hand.sources
    names = [
        name
        for name, there in (
            ("bitmap", sources.has_images),
            ("pen", bool(sources.pen_digits)),
            ("shapes", sources.shapes),
            ("font", hand.mix_fonts),
        )
        if there
    ]
    return names[int(rng.random() * len(names))]


def _from_bitmap(rng: np.random.Generator, hand: Hand, digit: str, height: float, aspect: float) -> Glyph | None:
    image = hand.sources.draw_image(rng, int(digit), hand.bitmap_writer)
    return warp_bitmap(
        rng,
        image,
        height,
        aspect=aspect,
        slant=hand.slant + 0.05 * rng.standard_normal(),
        rotation=hand.tilt + 0.05 * rng.standard_normal(),
        bend=0.03 * rng.random(),
        level=hand.level,
    )


def _from_font(rng: np.random.Generator, hand: Hand, digit: str, height: float, aspect: float) -> Glyph | None:
    font = hand.font or hand.sources.draw_font(rng)
    # A printer's digits differ by what paper and scanner do to them only.
    loose = 0.15 if font.style == "print" else 1.0
    return draw_font_digit(
        rng,
        font,
        digit,
        height,
        aspect=aspect,
        slant=hand.slant + 0.05 * loose * rng.standard_normal(),
        rotation=hand.tilt + 0.045 * loose * rng.standard_normal(),
        bend=0.07 * loose * rng.random(),
        weight=_font_weight(hand, font) * math.exp(0.05 * loose * rng.standard_normal()),
    )


def _font_weight(hand: Hand, font: Font) -> float:
    """Factor of the strokes' width; thick ones grow no thicker, for that would close the loops."""
    return min(math.exp(2 * (0.45 - hand.level)), max(1.0, 0.16 / font.stem))


def _from_strokes(
    rng: np.random.Generator, hand: Hand, digit: str, height: float, aspect: float, source: str
) -> Glyph | None:
    if source == "shapes":
        # A writer keeps to a habit, but not always.
        habit = hand.habits[digit] if hand.kind == "shapes" and rng.random() < 0.85 else None
        strokes: Strokes = draw_allograph(rng, digit, habit)
        aspect *= uniform(rng, (0.75, 1.25))
    else:
        strokes = hand.sources.draw_pen_digit(rng, digit, hand.pen_writer).strokes
    return ink_strokes(rng, fit_strokes(strokes, max(4.0, height - hand.pen), aspect), hand, height)


def ink_strokes(
    rng: np.random.Generator, strokes: Strokes, hand: Hand, height: float, *, thickness: float = 1.0, bend: float = 0.03
) -> Glyph | None:
    """Strokes in pixels, varied a little and drawn by the pen, a third of the time with changing pressure."""
    pen = hand.pen * thickness
    varied = vary_strokes(
        rng,
        strokes,
        slant=hand.slant + 0.04 * rng.standard_normal(),
        rotation=hand.tilt + 0.035 * rng.standard_normal(),
        bend=bend,
        height=height,
    )
    pressure = None
    if rng.random() < 0.35:
        pressure = np.clip(1 + 0.25 * rng.standard_normal(5), 0.5, 1.5)
    glyph = draw_strokes(varied, pen, pressure=pressure, nib=hand.nib)
    # The pen reaches half its width below the line its middle follows.
    return None if glyph is None else Glyph(glyph.ink, glyph.left, glyph.top - round(pen / 2))
