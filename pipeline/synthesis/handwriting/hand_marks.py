"""Marks and letters in a hand: points, commas, bars, slashes of our own, and what pens wrote."""

from __future__ import annotations

import math

import numpy as np

from pipeline.synthesis.glyphs.pens import Glyph, fit_strokes
from pipeline.synthesis.handwriting.hands import Hand, Strokes, ink_strokes
from pipeline.synthesis.style import uniform

OWN_MARKS = ".,-=/~:_"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
OTHER_MARKS = "$#*%()+&"
NOT_DIGITS = OWN_MARKS + OTHER_MARKS + LETTERS


def write_mark(rng: np.random.Generator, hand: Hand, label: str) -> Glyph | None:
    """A mark or letter in this hand; None where the sources have none and we cannot draw it ourselves."""
    height = hand.height
    strokes = _own_mark(rng, label, height)
    if strokes is None:
        sample = hand.sources.draw_other(rng, label)
        if sample is None:
            return None
        size = height * (uniform(rng, (0.25, 0.6)) if label in "*'\"^~" else uniform(rng, (0.6, 1.2)))
        strokes = fit_strokes(sample.strokes, size, math.exp(0.15 * rng.standard_normal()))
        if label in "'\"^":
            strokes = [stroke - np.array([0, height - size], np.float32) for stroke in strokes]
    return ink_strokes(rng, strokes, hand, height, thickness=uniform(rng, (0.8, 1.15)), bend=0.02)


def _own_mark(rng: np.random.Generator, label: str, height: float) -> Strokes | None:
    """Strokes of a mark in pixels, y from the baseline downward."""
    jitter = 0.03 * rng.standard_normal(12)
    u = rng.random(4)
    raised = 0.5 * u[3] if u[0] < 0.15 else 0.0
    lines: dict[str, list[list[tuple[float, float]]]] = {
        ".": [[(0, -raised), (0.05 * u[1] + jitter[0] / 3, 0.04 * u[2] - raised)]],
        "·": [[(0, -0.3 - 0.3 * u[3]), (0.05 * u[1] + jitter[0] / 3, 0.04 * u[2] - 0.3 - 0.3 * u[3])]],
        ",": [
            [(0.06 + 0.06 * u[1], -0.06 - raised), (0.08 * u[1] + 0.03, 0.06 - raised), (0, 0.1 + 0.14 * u[2] - raised)]
        ],
        "-": [
            [
                (0, -0.25 - 0.35 * u[1]),
                (0.1 + 0.25 * u[2], -0.27 - 0.35 * u[1] + jitter[0]),
                (0.2 + 0.55 * u[2], -0.25 - 0.35 * u[1] + 2 * jitter[1]),
            ]
        ],
        "=": _equals(u, jitter),
        "/": [[(0.15 + 0.4 * u[1], -1.05 + 0.2 * u[2]), (0, 0.05 + 0.15 * u[3])]],
        "~": [
            [
                (0.12 * k * (0.5 + u[1]), -0.3 - 0.3 * u[2] + (0.07 if k % 2 else -0.07) + jitter[k])
                for k in range(3 + int(6 * u[3]))
            ]
        ],
        ":": [[(0, -0.12), (0.02, -0.1)], [(jitter[0], -0.45 - 0.2 * u[1]), (jitter[0] + 0.02, -0.43 - 0.2 * u[1])]],
        "_": [[(0, 0.02 + jitter[0]), (0.25 + 0.5 * u[1], 0.02 + jitter[1])]],
    }
    shape = lines.get(label)
    return None if shape is None else [np.array(stroke, np.float32) * np.float32(height) for stroke in shape]


def _equals(u: np.ndarray, jitter: np.ndarray) -> list[list[tuple[float, float]]]:
    """Two strokes one above the other, in the middle of the line or raised, sometimes drawn as a Z."""
    gap, length, low = 0.1 + 0.15 * u[1], 0.2 + 0.35 * u[2], -0.2 - 0.5 * u[3]
    upper = [(jitter[0], low - gap + jitter[1] / 2), (length + jitter[2], low - gap + jitter[3])]
    lower = [(jitter[4], low + jitter[5] / 2), (length + jitter[6], low + jitter[7])]
    return [upper + lower] if u[0] > 0.85 else [upper, lower]
