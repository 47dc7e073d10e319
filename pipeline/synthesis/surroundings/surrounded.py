"""A number in its surroundings, as somebody cut it out or photographed it: from what it says to the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.synthesis.papers import draw_paper, mottle
from pipeline.synthesis.sources import DIGITS, Sources
from pipeline.synthesis.style import StringStyle, pick_weighted, uniform
from pipeline.synthesis.surroundings.chances import Surroundings
from pipeline.synthesis.surroundings.contents import draw_content
from pipeline.synthesis.surroundings.light import light_up, spread, take_picture
from pipeline.synthesis.surroundings.neighbours import add_neighbours, strike_through
from pipeline.synthesis.surroundings.number_line import NumberLine, draw_number_line
from pipeline.synthesis.surroundings.printed import LAYOUTS, Setting, draw_pen, draw_stamp
from pipeline.synthesis.surroundings.scene import Scene, bend, set_scene, take_window

Sides = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Drawn:
    """image: (H, W) uint8; owner: (H, W) int16, index of the character, -1 = none; labels: of the characters; written:
    those of the number, marks included; known: whether it is known whose ink is whose."""

    image: np.ndarray
    owner: np.ndarray
    labels: tuple[str, ...]
    written: str
    known: bool


def draw_surrounded(
    rng: np.random.Generator,
    sources: Sources,
    style: StringStyle,
    around: Surroundings,
    length: int | None = None,
    text: str | None = None,
) -> Drawn:
    """A picture of a number with what surrounds it. ``text``: its digits; ``length``: how many, where any will do."""
    clean = rng.random() < around.clean
    around = around.cleaned() if clean else around
    cheque = rng.random() < around.cheques
    layout = "plain" if cheque else pick_weighted(rng, around.layouts)
    kind = "amount" if cheque else pick_weighted(rng, around.contents)
    content = text if text is not None else _draw_content(rng, around, layout, kind, length)
    line = draw_number_line(
        rng,
        sources,
        style,
        around,
        content,
        in_cells=layout == "comb" or rng.random() < 0.04,
        by_hand=cheque,
        real=text is None and length is None,
    )
    line = _bent(rng, around, line)
    scene = _surround(rng, style, around, line, "comb" if line.machine and line.dividers else layout, cheque)
    ink, owner, printed = take_window(rng, scene, 0.05 if rng.random() < around.perspective else 0.0)
    dark = _darkness(rng, style, around, clean=clean)
    paper = pick_weighted(rng, around.cheque_papers if cheque else style.papers)
    seen = _lay_on_paper(
        rng, style, around, line, draw_paper(rng, ink.shape, paper, line.height, faintest_ink=dark), dark, ink, printed
    )
    light_up(rng, around, seen, line.height, scene.room)
    blur = uniform(rng, style.blur) * min(1.6, max(0.5, line.height / 34))
    # Most scans are clean.
    noise = uniform(rng, style.noise) * rng.random() * (0.5 if clean else 1)
    image, owner = take_picture(rng, around, seen, owner, line.height, noise=noise, blur=blur)
    return Drawn(image, owner, line.labels, line.written, line.known)


def _draw_content(rng: np.random.Generator, around: Surroundings, layout: str, kind: str, length: int | None) -> str:
    """What the picture says. Combs are filled with digits alone; the longest are those of account numbers."""
    if layout != "comb" or length is not None:
        return draw_content(rng, kind, length)
    if rng.random() < around.long_combs:
        return draw_content(rng, "code", 13 + int(6 * rng.random()))
    return "".join(label for label in draw_content(rng, kind) if label in DIGITS)


def _bent(rng: np.random.Generator, around: Surroundings, line: NumberLine) -> NumberLine:
    if line.machine or line.dividers or rng.random() >= around.bent:
        return line
    loose = 0.25 if line.hand is not None and line.hand.printed else 1.0
    rows = np.flatnonzero((line.ink > 0).any(axis=1))
    if len(rows) == 0:
        return line
    part = slice(rows[0], rows[-1] + 1)
    ink, owner = bend(rng, line.ink[part], line.owner[part], loose * line.height * uniform(rng, around.bends))
    return replace(line, ink=ink, owner=owner)


def _surround(
    rng: np.random.Generator, style: StringStyle, around: Surroundings, line: NumberLine, layout: str, cheque: bool
) -> Scene:
    """The number with everything about it that is not light."""
    distance, room = _rooms(rng, around, line.height, layout, close_cut=cheque)
    scene = set_scene(rng, around, line, room)
    top, bottom, left, right = scene.box
    edges = (top - distance[0], bottom + distance[1], left - distance[2], right + distance[3])
    dividers = tuple(place - line.dividers[0] + left for place in line.dividers)
    LAYOUTS[layout](rng, scene, Setting(edges, dividers, draw_pen(rng, around, line.height)))
    add_neighbours(rng, style, around, scene, line.hand)
    if rng.random() < around.stamps:
        draw_stamp(rng, scene)
    if line.hand is not None and rng.random() < around.struck:
        strike_through(rng, scene, line.hand.pen)
    return scene


def _rooms(
    rng: np.random.Generator, around: Surroundings, height: float, layout: str, *, close_cut: bool
) -> tuple[Sides, Sides]:
    """(how far a frame stands from the number, how far the window reaches), both upward, downward, left, right."""
    close = rng.random() < 0.5
    distance = [height * uniform(rng, (0.06, 0.4) if close else (0.2, 1.2)) for _ in range(4)]
    if layout in ("frame", "double", "comb"):
        # Most are whole; of some the crop cuts a side.
        room = [d + height * uniform(rng, (0.03, 0.5)) * (1 if rng.random() < 0.9 else -0.5) for d in distance]
    elif layout == "cells":
        room = [d + height * uniform(rng, (-0.1, 0.25)) for d in distance]
    elif close_cut or rng.random() < around.tight:
        room = [height * uniform(rng, around.tight_room) for _ in range(4)]
    else:
        low, high = around.room
        room = [height * (low + (high - low) * rng.random() ** 1.7) for _ in range(4)]
    return (distance[0], distance[1], distance[2], distance[3]), (room[0], room[1], room[2], room[3])


def _darkness(rng: np.random.Generator, style: StringStyle, around: Surroundings, *, clean: bool) -> float:
    """How much of the light the ink takes."""
    if clean:
        return uniform(rng, around.clean_darkness)
    return uniform(rng, around.carbon_darkness if rng.random() < around.carbon else style.darkness)


def _lay_on_paper(
    rng: np.random.Generator,
    style: StringStyle,
    around: Surroundings,
    line: NumberLine,
    paper: np.ndarray,
    dark: float,
    ink: np.ndarray,
    printed: np.ndarray,
) -> np.ndarray:
    """What the lens sees before light and blur: (H, W) float32, 1 = white; dark: share of the light that ink takes."""
    if rng.random() < style.faded and not line.machine:
        ink = ink * np.clip(0.85 + uniform(rng, (0.1, 0.4)) * mottle(rng, ink.shape, line.height), 0.15, 1)
    seen = paper * (1 - printed) * (1 - np.float32(dark) * ink)
    if rng.random() >= (0.5 if line.machine else around.reversed):
        return seen
    seen = 1 - seen
    if line.machine and rng.random() < around.glows:
        seen += (1 - seen) * np.float32(uniform(rng, (0.2, 0.8))) * spread(ink, 0.12 * line.height)
    return seen
