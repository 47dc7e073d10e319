"""How synthetic strings are varied: one frozen configuration, and its presets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.synthesis.papers import PAPERS
from pipeline.synthesis.surroundings.chances import Range, Surroundings, Weights

KINDS = ("bitmap", "pen", "shapes", "font", "mixed", "string")


@dataclass(frozen=True)
class StringStyle:
    """Ranges and chances from which each string draws its own look.

    Lengths are in heights of a digit unless said otherwise; a range is (low, high), even between.
    """

    name: str
    lengths: tuple[float, ...] = (2, 3, 8, 10, 14, 12, 8, 3, 2, 2)
    """Weights of 1, 2, ... digits."""
    kinds: Weights = (
        ("bitmap", 0.22),
        ("pen", 0.28),
        ("shapes", 0.18),
        ("font", 0.1),
        ("mixed", 0.11),
        ("string", 0.11),
    )
    """Where the digits come from: MNIST, pen digits, our allographs, fonts, all of them, real pen strings. In mixed
    strings there are digits of fonts only where fonts have a weight of their own."""
    papers: Weights = (
        ("white", 0.12),
        ("grey", 0.1),
        ("guilloche", 0.32),
        ("waves", 0.2),
        ("halftone", 0.14),
        ("hatching", 0.06),
        ("mottled", 0.06),
    )
    empty: float = 0.04
    """Chance of a string without digits."""
    separators: float = 0.5
    endings: float = 0.4
    prefixes: float = 0.08
    neighbours: float = 0.1
    """Chance of a letter or stroke left or right of the number."""
    intruders: float = 0.05
    """Chance of writing that reaches in from above or below."""
    heights: tuple[float, float, float] = (15, 30, 60)
    """Height of the digits in pixels: least, most frequent, greatest."""
    pen_widths: Range = (0.05, 0.16)
    slant: float = 0.2
    """Standard deviation of the tangent of the string's slant."""
    tilt: float = 0.05
    """Standard deviation of the slope of the baseline."""
    spread: float = 0.11
    """Standard deviation of the digits' sizes within a string."""
    wander: float = 0.045
    """Standard deviation of the digits' places above or below the baseline."""
    touching: Range = (0.0, 0.45)
    """Chance that a digit is pushed onto the one before it, drawn for each string."""
    overlap: Range = (0.25, 1.2)
    """How far ink reaches into ink where digits touch, in pen widths (at least a pixel, at most 0.12
    heights)."""
    zero_chains: float = 0.4
    """Chance that the writer joins neighbouring zeros."""
    margins: Range = (-0.05, 0.35)
    rules: float = 0.4
    boxes: float = 0.04
    inverted: float = 0.05
    darkness: Range = (0.35, 1.0)
    """How much of the paper's light the ink takes away."""
    blur: Range = (0.0, 0.9)
    """Standard deviation in pixels."""
    noise: Range = (0.0, 0.035)
    faded: float = 0.12
    """Chance of ink that grows faint in places, as of a pen that runs dry."""
    binary: float = 0.04
    """Chance of a picture of black and white only."""
    jpeg: float = 0.25
    reordered: float = 0.0
    """Chance that a real pen string's digits come in another order."""
    written: float = 0.0
    """Chance of an amount as `written_amounts` has it: with sign, brackets, cents as a fraction, groups of any kind."""
    surroundings: Surroundings | None = None
    """What surrounds the number, where anything does: then lengths, separators and what else stands about the number
    come from there."""

    def __post_init__(self) -> None:
        if len(self.lengths) != 10 or min(self.lengths) < 0 or sum(self.lengths) <= 0:
            raise ValueError("lengths are ten weights, for 1 to 10 digits")
        for names, weights in ((KINDS, self.kinds), (tuple(PAPERS), self.papers)):
            unknown = [name for name, _ in weights if name not in names]
            if unknown or any(weight < 0 for _, weight in weights) or sum(w for _, w in weights) <= 0:
                raise ValueError(f"weights must be >= 0 and named from {names}, got {weights}")
        for name in (
            "empty",
            "separators",
            "endings",
            "prefixes",
            "neighbours",
            "intruders",
            "zero_chains",
            "rules",
            "boxes",
            "inverted",
            "faded",
            "binary",
            "jpeg",
            "written",
            "reordered",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], got {getattr(self, name)}")
        for name in ("pen_widths", "touching", "overlap", "margins", "darkness", "blur", "noise"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} must be (low, high), got {getattr(self, name)}")
        if not 6 <= self.heights[0] <= self.heights[1] <= self.heights[2]:
            raise ValueError(f"heights must rise from 6 pixels or more, got {self.heights}")

    @property
    def has_fonts(self) -> bool:
        """Whether digits of fonts may come."""
        return any(name == "font" and weight > 0 for name, weight in self.kinds)


TRAINING = StringStyle("training")
"""As varied as it pays."""

AMOUNTS = replace(
    TRAINING,
    name="amounts",
    kinds=(("bitmap", 0.2), ("pen", 0.28), ("shapes", 0.26), ("font", 0.07), ("mixed", 0.09), ("string", 0.1)),
    neighbours=0.02,
    intruders=0.03,
    empty=0.02,
    prefixes=0.14,
    written=0.08,
    reordered=0.7,
)
"""Training strings with fewer letters beside them: where every tenth string has one, unsure digits at the ends of the
line are taken for letters and left out; and with more currency signs before them, which are taken for 8 and 4. Our own
shapes are those that other sources lack: h-like and bolt-like 4s, 5s like a root sign, 9s that end in a foot."""

EVALUATION = StringStyle(
    "evaluation",
    lengths=(0, 1, 0, 1, 0, 1, 0, 1, 0, 1),
    kinds=(("bitmap", 0.4), ("pen", 0.4), ("mixed", 0.2)),
    papers=(
        ("white", 0.12),
        ("grey", 0.1),
        ("guilloche", 0.32),
        ("waves", 0.2),
        ("halftone", 0.14),
        ("hatching", 0.06),
        ("mottled", 0.06),
    ),
    empty=0.0,
    separators=0.5,
    endings=0.4,
    prefixes=0.08,
    neighbours=0.05,
    intruders=0.05,
    heights=(18, 32, 60),
    pen_widths=(0.05, 0.16),
    slant=0.2,
    tilt=0.035,
    spread=0.11,
    wander=0.045,
    touching=(0.3, 0.4),
    overlap=(0.2, 0.9),
    zero_chains=0.4,
    margins=(-0.05, 0.35),
    rules=0.4,
    boxes=0.04,
    inverted=0.05,
    darkness=(0.35, 1.0),
    blur=(0.0, 0.9),
    noise=(0.0, 0.035),
    faded=0.12,
    binary=0.04,
    jpeg=0.25,
)
"""The project's own test bench, of even lengths. Every setting is spelt out, so that none follows TRAINING's
defaults: settled before anything was tuned on it, and not to be changed afterwards."""

CALIBRATION = replace(
    TRAINING,
    name="calibration",
    kinds=(("bitmap", 0.4), ("pen", 0.45), ("string", 0.15)),
    empty=0.0,
    neighbours=0.0,
    intruders=0.0,
    binary=0.0,
    touching=(0.0, 0.25),
    tilt=0.035,
)
"""Digits that people wrote, in fields that hold a number: our own shapes, letters and loose strokes are there to teach
what exists, and how often they come says nothing about how often a reading is right."""

SURROUNDED = StringStyle(
    "surrounded",
    kinds=(("bitmap", 0.27), ("pen", 0.35), ("shapes", 0.1), ("font", 0.08), ("mixed", 0.06), ("string", 0.14)),
    papers=(
        ("white", 0.4),
        ("grey", 0.3),
        ("mottled", 0.11),
        ("guilloche", 0.07),
        ("waves", 0.05),
        ("halftone", 0.04),
        ("hatching", 0.03),
    ),
    intruders=0.0,
    heights=(14, 26, 46),
    pen_widths=(0.04, 0.17),
    touching=(0.0, 0.3),
    darkness=(0.35, 1.0),
    noise=(0.0, 0.04),
    reordered=0.7,
    surroundings=Surroundings(),
)
"""Numbers as people cut them out and photograph them, for readers of whole pictures."""

WRITTEN = replace(SURROUNDED, name="written", kinds=CALIBRATION.kinds, empty=0.0)
"""Of `SURROUNDED`, numbers that people wrote: a shape of our own may be no digit that anybody would write, and says
nothing about how often a reading is right."""

PRINTED = replace(
    SURROUNDED,
    name="printed",
    empty=0.0,
    surroundings=replace(
        Surroundings(),
        contents=(("digit", 0.3), ("count", 0.25), ("amount", 0.1), ("decimal", 0.15), ("code", 0.15), ("time", 0.05)),
        writings=(("print", 0.4), ("segments", 0.3), ("matrix", 0.06), ("drum", 0.24)),
        lone_writings=(("print", 0.55), ("segments", 0.15), ("matrix", 0.05), ("drum", 0.25)),
        cheques=0.0,
        magnetic=0.0,
        marked_zeros=0.05,
        clean=0.25,
        small=0.35,
        blurred=0.4,
        blurs=(0.03, 0.14),
        layouts=(
            ("plain", 0.3),
            ("frame", 0.16),
            ("open", 0.08),
            ("double", 0.03),
            ("cells", 0.2),
            ("table", 0.1),
            ("comb", 0.07),
            ("ruled", 0.04),
            ("squared", 0.02),
        ),
    ),
)
"""Print and displays as cameras see them: out of focus, small and faint, where an 8 is nearly a 0."""

VALUES = replace(
    SURROUNDED,
    name="values",
    kinds=AMOUNTS.kinds,
    empty=0.0,
    surroundings=replace(
        Surroundings(),
        contents=(("written", 1.0),),
        writings=(("hand", 0.8), ("print", 0.2)),
        lone_writings=(("hand", 0.8), ("print", 0.2)),
        cheques=0.0,
    ),
)
"""Amounts in any country's way, with signs, brackets and fractions: what is no digit and yet part of the number."""

PRESETS = {style.name: style for style in (TRAINING, EVALUATION, CALIBRATION, SURROUNDED, WRITTEN, PRINTED, VALUES)}


def pick_weighted(rng: np.random.Generator, weights: Weights) -> str:
    """A name, as likely as its weight."""
    place = rng.random() * sum(weight for _, weight in weights)
    for name, weight in weights:
        place -= weight
        if place < 0:
            return name
    return weights[-1][0]


def uniform(rng: np.random.Generator, bounds: Range) -> float:
    """An even draw from (low, high); Generator.uniform costs five times as much."""
    return bounds[0] + (bounds[1] - bounds[0]) * rng.random()
