"""How often what surrounds a number, and within which ranges: one frozen configuration."""

from __future__ import annotations

from dataclasses import dataclass, fields

Weights = tuple[tuple[str, float], ...]
Range = tuple[float, float]

CHOICES = {
    "contents": ("digit", "count", "amount", "decimal", "code", "date", "time", "signed", "nothing"),
    "writings": ("hand", "print", "segments", "matrix", "drum"),
    "layouts": ("plain", "frame", "open", "double", "cells", "table", "comb", "ruled", "squared"),
}
"""What the weights of each name choose from."""


@dataclass(frozen=True)
class Surroundings:
    """Chances and ranges of what surrounds a number. Lengths are in heights of a digit unless said otherwise; a
    single number is a chance, a pair a range (low, high)."""

    contents: Weights = (
        ("digit", 0.15),
        ("count", 0.29),
        ("amount", 0.17),
        ("decimal", 0.12),
        ("code", 0.13),
        ("date", 0.05),
        ("time", 0.03),
        ("signed", 0.03),
        ("nothing", 0.03),
    )
    """What the picture says; see `contents.draw_content`."""
    writings: Weights = (("hand", 0.62), ("print", 0.2), ("segments", 0.09), ("matrix", 0.03), ("drum", 0.06))
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
    tight: float = 0.4
    """A crop close to the number; else there is room on any side."""
    tight_room: Range = (-0.03, 0.3)
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
    steep: float = 0.05
    steep_tilts: Range = (4.0, 20.0)
    perspective: float = 0.12
    edges: float = 0.1
    """Dark margins of a scanner, black edges of the page, bezels."""
    shades: float = 0.12
    shade_depths: Range = (0.12, 0.55)
    vignettes: float = 0.07
    reflections: float = 0.03
    small: float = 0.22
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


def _check_weights(name: str, weights: Weights) -> None:
    choices = CHOICES[name]
    if any(choice not in choices or weight < 0 for choice, weight in weights) or sum(w for _, w in weights) <= 0:
        raise ValueError(f"{name} are weights >= 0 of {', '.join(choices)}, got {weights}")
