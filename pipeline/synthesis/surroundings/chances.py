"""How often what surrounds a number, and within which ranges: one frozen configuration."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields, replace

from pipeline.synthesis.papers import PAPERS

Weights = tuple[tuple[str, float], ...]
Range = tuple[float, float]

CHOICES = {
    "contents": ("digit", "count", "amount", "decimal", "code", "date", "time", "signed", "written", "nothing"),
    "writings": ("hand", "print", "segments", "matrix", "drum"),
    "lone_writings": ("hand", "print", "segments", "matrix", "drum"),
    "layouts": ("plain", "frame", "open", "double", "cells", "table", "comb", "ruled", "squared"),
    "cheque_papers": tuple(PAPERS),
}
"""What the weights of each name choose from."""


@dataclass(frozen=True)
class Surroundings:
    """Chances and ranges of what surrounds a number. Lengths are in heights of a digit unless said otherwise; a
    single number is a chance, a pair a range (low, high)."""

    contents: Weights = (
        ("digit", 0.15),
        ("count", 0.24),
        ("amount", 0.22),
        ("decimal", 0.1),
        ("code", 0.13),
        ("date", 0.05),
        ("time", 0.03),
        ("signed", 0.03),
        ("nothing", 0.05),
    )
    """What the picture says; see `contents.draw_content`."""
    writings: Weights = (("hand", 0.62), ("print", 0.2), ("segments", 0.09), ("matrix", 0.03), ("drum", 0.06))
    lone_writings: Weights = (("hand", 0.56), ("print", 0.2), ("segments", 0.07), ("matrix", 0.05), ("drum", 0.12))
    """The same for a single digit: of meters people cut out one digit at a time."""
    layouts: Weights = (
        ("plain", 0.42),
        ("frame", 0.1),
        ("open", 0.08),
        ("double", 0.03),
        ("cells", 0.09),
        ("table", 0.07),
        ("comb", 0.09),
        ("ruled", 0.07),
        ("squared", 0.05),
    )
    cheques: float = 0.08
    """Written amounts cut out of cheques, close to the number; besides those that come by the weights above."""
    cheque_papers: Weights = (("guilloche", 0.5), ("waves", 0.25), ("halftone", 0.15), ("mottled", 0.1))
    long_combs: float = 0.12
    """Of combs: those of 13 to 18 digits."""
    magnetic: float = 0.06
    """Of print: magnetic digits (E-13B)."""
    barred: float = 0.03
    typed: float = 0.15
    marked_zeros: float = 0.12
    """Of print: slashed or dotted zeros; of writing a fifth as often."""
    tight: float = 0.4
    """A crop close to the number; else there is room on any side."""
    tight_room: Range = (-0.07, 0.3)
    room: Range = (0.0, 2.0)
    lines: float = 0.12
    """Bits of a line above, and as often of one below, cut by the border."""
    words: float = 0.06
    """Bits of a word left, and as often right, cut by the border."""
    letters: float = 0.03
    """A whole letter or stroke beside the number: seldom, or clear digits are taken for one."""
    reversed: float = 0.06
    """Light writing on dark paper; of displays and drums as often as they are."""
    rule_widths: Range = (0.02, 0.1)
    rule_darkness: Range = (0.15, 0.9)
    """How much of the light printed lines take: pale ones are coloured print beneath coloured ink."""
    stamps: float = 0.025
    struck: float = 0.01
    bent: float = 0.35
    """Distortion of the whole line at once."""
    bends: Range = (0.01, 0.07)
    tilts: Range = (0.0, 2.5)
    """Degrees, to either side."""
    steep: float = 0.08
    steep_tilts: Range = (4.0, 20.0)
    perspective: float = 0.12
    clean: float = 0.45
    """Pictures that lens, light and copier leave as they are, but for the paper, its grain and a little blur: what goes
    wrong otherwise often goes wrong together."""
    clean_darkness: Range = (0.55, 1.0)
    glows: float = 0.4
    """Of what shines on dark ground: light that spreads about it."""
    edges: float = 0.1
    """Dark margins of a scanner, black edges of the page, bezels."""
    shades: float = 0.12
    shade_depths: Range = (0.12, 0.55)
    vignettes: float = 0.07
    reflections: float = 0.03
    small: float = 0.2
    """Coarse pictures: digits of `small_heights` pixels."""
    small_heights: Range = (8.0, 16.0)
    blurred: float = 0.1
    blurs: Range = (0.03, 0.09)
    fax: float = 0.05
    carbon: float = 0.05
    carbon_darkness: Range = (0.15, 0.4)
    jpeg: float = 0.35
    jpeg_qualities: Range = (10.0, 92.0)
    nibs: float = 0.2
    """Pressure that follows the direction of the stroke: thick down, thin up."""
    nib_contrasts: Range = (0.3, 0.75)

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in CHOICES:
                _check_weights(entry.name, value)
            elif isinstance(value, tuple):
                if len(value) != 2 or value[0] > value[1]:
                    raise ValueError(f"{entry.name} must be (low, high), got {value}")
            elif not 0 <= value <= 1:
                raise ValueError(f"{entry.name} must lie in [0, 1], got {value}")
        if self.small_heights[0] < 6:
            raise ValueError("small_heights must be 6 pixels or more")

    def cleaned(self) -> Surroundings:
        """The same without what lens, light and copier do."""
        return _cleaned(self)


@functools.lru_cache(maxsize=8)
def _cleaned(around: Surroundings) -> Surroundings:
    low, high = around.jpeg_qualities
    return replace(
        around,
        clean=0,
        shades=0,
        vignettes=0,
        reflections=0,
        small=0.4 * around.small,
        blurred=0,
        fax=0,
        carbon=0,
        jpeg_qualities=((low + high) / 2, high),
    )


def _check_weights(name: str, weights: Weights) -> None:
    choices = CHOICES[name]
    if any(choice not in choices or weight < 0 for choice, weight in weights) or sum(w for _, w in weights) <= 0:
        raise ValueError(f"{name} are weights >= 0 of {', '.join(choices)}, got {weights}")
