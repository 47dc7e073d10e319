"""Draws the example pictures: numbers in digit shapes of our own, by made-up writers, on papers of our own.

    python -m examples.draw [--out examples]

Writes six PNG files and truth.csv; the same pictures every time. No writing of any person is in them, so they may
be given to anybody.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pipeline.synthesis.glyphs.allographs import draw_allograph
from pipeline.synthesis.glyphs.pens import Glyph, draw_strokes, fit_strokes, vary_strokes
from pipeline.synthesis.handwriting.placing import Line
from pipeline.synthesis.papers import draw_paper, draw_rules, mottle

Float = NDArray[np.float32]
Colour = tuple[float, float, float]

BLACK, WHITE = (0.1, 0.1, 0.12), (1.0, 1.0, 1.0)
MARKS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    ".": (((0, -0.02), (0.03, 0.0)),),
    ",": (((0.07, -0.05), (0.09, 0.04), (0, 0.2)),),
    "-": (((0, -0.40), (0.22, -0.43), (0.48, -0.41)),),
    "=": (((0, -0.52), (0.24, -0.55), (0.5, -0.54)), ((0.03, -0.33), (0.25, -0.36), (0.48, -0.35))),
    "/": (((0.42, -1.0), (0.24, -0.5), (0, 0.1)),),
}
"""Strokes of marks in heights of a digit, y from the baseline downward."""


@dataclass(frozen=True)
class Example:
    """One picture: what is written, by which hand, on which paper.

    written: digits and marks; "~" joins its neighbours by a stroke, "+" sets them so that they touch, " " is a gap.
    height, pen: of a digit and of the line, in pixels; slant: tangent; habits: digit -> allograph.
    ink, tint: colours of the ink and of the paper, 1 = white; rules: chance of a ruled line below.
    """

    file: str
    written: str
    seed: int
    paper: str = "white"
    height: float = 64
    pen: float = 4.6
    slant: float = 0.12
    gap: float = 0.14
    habits: Mapping[str, str] = field(default_factory=dict)
    zero: tuple[float, float] = (1.0, 1.0)
    ink: Colour = BLACK
    tint: Colour = WHITE
    rules: float = 0.0
    boxed: bool = False

    @property
    def text(self) -> str:
        return "".join(character for character in self.written if character.isdigit())


EXAMPLES = (
    Example(
        "amount.png",
        "1.250 .-",
        11,
        "guilloche",
        ink=(0.11, 0.16, 0.48),
        tint=(0.84, 0.94, 0.9),
        rules=1,
        habits={"1": "upstroke", "2": "plain", "5": "plain", "0": "plain"},
    ),
    Example(
        "zeros.png",
        "38~0+0~0~0=",
        5,
        "waves",
        height=56,
        pen=5,
        slant=0.3,
        zero=(0.72, 1.25),
        habits={"3": "plain", "8": "plain", "0": "plain"},
    ),
    Example(
        "chalk.png",
        "9074",
        8,
        "mottled",
        height=84,
        pen=7,
        slant=0.05,
        gap=0.25,
        ink=(0.9, 0.92, 0.88),
        tint=(0.17, 0.25, 0.21),
        habits={"9": "straight", "0": "plain", "7": "bar", "4": "open"},
    ),
    Example(
        "date.png",
        "24-07-1998",
        21,
        "grey",
        height=48,
        pen=3.6,
        slant=0.2,
        gap=0.18,
        ink=(0.13, 0.13, 0.17),
        tint=(1.0, 0.97, 0.88),
        habits={"2": "looped", "4": "high", "0": "hooked", "7": "hook_bar", "1": "flag", "9": "g", "8": "two_loops"},
    ),
    Example(
        "field.png",
        "60315",
        3,
        "halftone",
        height=58,
        pen=4.2,
        slant=-0.05,
        gap=0.3,
        boxed=True,
        rules=1,
        habits={"6": "straight", "0": "open", "3": "flat", "1": "foot", "5": "loose_bar"},
    ),
    Example(
        "account.png",
        "4012887369",
        17,
        "hatching",
        height=44,
        pen=3.4,
        slant=0.08,
        gap=0.16,
        ink=(0.1, 0.12, 0.35),
        habits={
            "4": "lightning",
            "0": "plain",
            "1": "upstroke",
            "2": "swan",
            "8": "plain",
            "7": "bar",
            "3": "plain",
            "6": "curled",
            "9": "plain",
        },
    ),
)


def draw_example(example: Example) -> Image.Image:
    """The picture of an example, RGB."""
    rng = np.random.default_rng(example.seed)
    ink = _write(rng, example)
    rows = np.flatnonzero(ink.any(axis=1))
    room = [round(example.height * share) for share in (0.4, 0.4, 0.55, 0.6)]
    ink = np.pad(ink[rows[0] : rows[-1] + 1], ((room[0], room[1]), (room[2], room[3])))
    paper = draw_paper(rng, ink.shape, example.paper, example.height)
    draw_rules(
        rng,
        paper,
        bottom=ink.shape[0] - room[1],
        top=room[0],
        height=example.height,
        chance=example.rules,
        boxed=example.boxed,
    )
    ink *= np.clip(0.9 + 0.06 * mottle(rng, ink.shape, 0.3 * example.height), 0.5, 1)
    ground = np.array(example.tint, np.float32) * (paper / paper.max())[:, :, None]
    light = ground + (np.array(example.ink, np.float32) - ground) * np.clip(ink, 0, 1)[:, :, None]
    light = ndimage.gaussian_filter(light, (0.7, 0.7, 0)) + 0.008 * rng.standard_normal((*ink.shape, 1), np.float32)
    return Image.fromarray(np.round(np.clip(light, 0, 1) * 255).astype(np.uint8))


def _write(rng: np.random.Generator, example: Example) -> Float:
    """The line of writing: (H, W) float32 in [0, 1], 1 = ink."""
    line, link, before = Line(example.height), "", ""
    for index, character in enumerate(example.written):
        if character in "~+ ":
            link = character
            continue
        small = link in ("~", "+") or character == before == "0"
        glyph = _glyph(rng, example, character, small)
        near = character in MARKS or before in MARKS
        gap = example.height * (0.12 if near else example.gap * (0.8 + 0.4 * rng.random()))
        gap = {"+": -0.8 * example.pen, "~": 0.02 * example.height, " ": gap + 0.3 * example.height}.get(link, gap)
        lift = 0.02 * example.height * rng.standard_normal()
        line.add(glyph, index, gap=gap, lift=lift, advance=0.1 * example.height)
        if link == "~":
            line.join_last(rng, 0.9 * example.pen)
        link, before = "", character
    ink, _, _ = line.compose()
    return ink


def _glyph(rng: np.random.Generator, example: Example, character: str, small: bool) -> Glyph:
    """One character in the example's hand."""
    height, aspect = example.height * (1 + 0.05 * rng.standard_normal()), 1.0
    if character in MARKS:
        strokes: Sequence[Float] = [np.array(points, np.float32) * np.float32(height) for points in MARKS[character]]
    else:
        if small and character == "0":
            height, aspect = height * example.zero[0], example.zero[1]
        shape = draw_allograph(rng, character, example.habits.get(character), wander=0.016)
        strokes = fit_strokes(shape, height - example.pen, aspect)
    strokes = vary_strokes(
        rng,
        strokes,
        slant=example.slant + 0.02 * rng.standard_normal(),
        rotation=0.02 * rng.standard_normal(),
        bend=0.02,
        height=height,
    )
    pressure = np.clip(np.array([0.9, 1, 1.05, 1, 0.95, 0.7]) + 0.1 * rng.standard_normal(6), 0.5, 1.3)
    glyph = draw_strokes(strokes, example.pen, pressure=pressure)
    if glyph is None:
        raise ValueError(f"nothing to see of {character!r} in {example.file}")
    return Glyph(glyph.ink, glyph.left, glyph.top - round(example.pen / 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("examples"))
    out = parser.parse_args().out
    out.mkdir(exist_ok=True)
    for example in EXAMPLES:
        draw_example(example).save(out / example.file, optimize=True)
    with (out / "truth.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "text"])
        writer.writerows([example.file, example.text] for example in EXAMPLES)


if __name__ == "__main__":
    main()
