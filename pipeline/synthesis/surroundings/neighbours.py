"""Pieces of what stands near a number: the lines above and below, the words beside it, cut by the border."""

from __future__ import annotations

import numpy as np

from pipeline.synthesis.glyphs.pens import draw_strokes
from pipeline.synthesis.handwriting.hands import Hand
from pipeline.synthesis.handwriting.writing import write_line
from pipeline.synthesis.numbers import Planned
from pipeline.synthesis.sources import DIGITS
from pipeline.synthesis.style import StringStyle, uniform
from pipeline.synthesis.surroundings.chances import Surroundings
from pipeline.synthesis.surroundings.printed import draw_word, print_text
from pipeline.synthesis.surroundings.scene import Scene, put

LETTERS = "abcdefghiklmnoprstuvwABDEGKMRST"


def add_neighbours(
    rng: np.random.Generator, style: StringStyle, around: Surroundings, scene: Scene, hand: Hand | None
) -> None:
    """Lays bits of other lines and words into the scene's ink or print, where the window has room for them."""
    top, bottom, left, right = scene.window
    for side in range(4):
        chance = around.lines if side < 2 else around.words
        free = scene.room[side] - scene.height * (0.12 if side < 2 else 0.3)
        if rng.random() >= chance or free < 0.08 * scene.height:
            continue
        part, inked = _piece(rng, style, hand, scene.height, line=side < 2)
        if part is None:
            continue
        h, w = part.shape
        reach = min(free, uniform(rng, (0.1, 0.75)) * (h if side < 2 else min(w, 2 * scene.height)))
        row = int(top + reach - h) if side == 0 else int(bottom - reach)
        column = int(left + reach - w) if side == 2 else int(right - reach)
        if side < 2:
            column = int(uniform(rng, (left - 0.6 * w, right - 0.4 * w)))
        else:
            row = int(scene.box[1] - h + scene.height * uniform(rng, (-0.2, 0.2)))
        put(scene.ink if inked else scene.printed, part, row, column)


def strike_through(rng: np.random.Generator, scene: Scene, width: float) -> None:
    """A pen stroke through the whole number."""
    top, bottom, left, right = scene.box
    low, high = top + 0.3 * (bottom - top), top + 0.7 * (bottom - top)
    ends = [(left - uniform(rng, (0, 0.4)) * scene.height, uniform(rng, (low, high)))]
    ends.append((right + uniform(rng, (0, 0.4)) * scene.height, uniform(rng, (low, high))))
    glyph = draw_strokes([np.array(ends, np.float32)], width)
    if glyph is not None:
        put(scene.ink, glyph.ink, glyph.top, glyph.left)


def _piece(
    rng: np.random.Generator, style: StringStyle, hand: Hand | None, height: float, *, line: bool
) -> tuple[np.ndarray | None, bool]:
    """(a piece of a line or a word, whether it is written in the number's ink)."""
    if hand is None or hand.printed or rng.random() < 0.3:
        word = "".join(DIGITS[int(10 * rng.random())] for _ in range(5)) if rng.random() < 0.4 else draw_word(rng)
        if line and rng.random() < 0.5:
            word += " " + draw_word(rng)
        dark = np.float32(uniform(rng, (0.3, 0.9)))
        return dark * print_text(word, height * uniform(rng, (0.5, 1.1))), False
    letters = rng.random() < (0.4 if line else 0.8)
    pool = LETTERS if letters else DIGITS
    count = 2 + int(rng.random() * 3)
    planned = tuple(Planned(pool[int(rng.random() * len(pool))], "mark" if letters else "digit") for _ in range(count))
    written, labels, _ = write_line(rng, style, hand, planned)
    if not labels:
        return None, True
    ink, _, _ = written.compose()
    rows = np.flatnonzero(ink.any(axis=1))
    return ink[rows[0] : rows[-1] + 1], True
