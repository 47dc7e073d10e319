"""Backgrounds: the papers on which numbers are written, and the lines and frames printed on them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Pattern = Callable[[np.random.Generator, np.ndarray, np.ndarray, float], np.ndarray]


def draw_paper(
    rng: np.random.Generator, shape: tuple[int, int], kind: str, height: float, *, faintest_ink: float = 1.0
) -> np.ndarray:
    """A paper without writing: (H, W) float32 in [0, 1], 1 = white.

    ``kind`` is one of PAPERS; ``height`` that of the digits to come, in pixels, to which patterns keep
    proportion. ``faintest_ink`` is the share of the light that the ink will take away: patterns stay fainter.
    Lines and frames are drawn by ``draw_rules``.
    """
    if kind not in PAPERS:
        raise ValueError(f"no paper {kind!r}; there are {', '.join(PAPERS)}")
    y = np.arange(shape[0], dtype=np.float32)[:, None] / np.float32(height)
    x = np.arange(shape[1], dtype=np.float32)[None, :] / np.float32(height)
    brightness, contrast, pattern = PAPERS[kind]
    paper = np.full(shape, _uniform(rng, *brightness), np.float32)
    if pattern is not None:
        paper -= min(_uniform(rng, *contrast), 0.3 * faintest_ink) * pattern(rng, y, x, height)
    paper += _light(rng, y, x, 0.03 if kind == "white" else 0.05)
    return np.clip(paper, 0.02, 1)


def _white(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, height: float) -> np.ndarray:
    return np.zeros(np.broadcast_shapes(y.shape, x.shape), np.float32)


def _guilloche(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, height: float) -> np.ndarray:
    """Families of fine curves that cross each other, as engraved on cheques."""
    families = [
        _curves(rng, y, x, height, rng.random() * math.pi, bend=_uniform(rng, 0.4, 2.0))
        for _ in range(2 + int(rng.random() * 2))
    ]
    return np.minimum(1.3, np.sum(families, axis=0, dtype=np.float32))


def _waves(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, height: float) -> np.ndarray:
    """Many thin lines, nearly horizontal and nearly parallel."""
    lines = _curves(
        rng, y, x, height, math.pi / 2 + _uniform(rng, -0.25, 0.25), bend=_uniform(rng, 0.05, 0.8), spacing=(2.8, 6.0)
    )
    if rng.random() < 0.4:
        tilt = _uniform(rng, -0.5, 0.5)
        lines = lines + 0.7 * _curves(rng, y, x, height, math.pi / 2 + tilt, bend=0.3, spacing=(3, 7))
    return lines


def _halftone(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, height: float) -> np.ndarray:
    """A grid of dots, straight or diagonal, sometimes of two pitches."""
    angle = (0, math.pi / 4)[rng.random() < 0.5] + _uniform(rng, -0.06, 0.06)
    pitch = 2 * math.pi * height / _uniform(rng, 2.3, 5.5)
    u, v = _rotate(y, x, angle)
    dots = np.cos(pitch * u) * np.cos(pitch * v) * np.float32(0.7)
    if rng.random() < 0.4:
        dots = dots + np.float32(0.4) * np.cos(pitch / 3 * u) * np.cos(pitch / 3 * v)
    return 0.5 + dots


def _hatching(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, height: float) -> np.ndarray:
    """Straight lines in one or two directions."""
    angle = _uniform(rng, 0, math.pi)
    lines = _curves(rng, y, x, height, angle, bend=0.02, spacing=(3, 8))
    if rng.random() < 0.6:
        lines = lines + _curves(rng, y, x, height, angle + _uniform(rng, 0.5, 1.6), bend=0.02, spacing=(3, 8))
    return lines


def _mottled(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, height: float) -> np.ndarray:
    """Coarse noise: recycled paper, stained or unevenly scanned."""
    return 0.5 * mottle(rng, (y.shape[0], x.shape[1]), height)


def mottle(rng: np.random.Generator, shape: tuple[int, ...], height: float) -> np.ndarray:
    """Smooth noise of unit variance at its nodes, a fraction of ``height`` apart: (H, W) float32."""
    h, w = shape
    cell = max(2, int(height / _uniform(rng, 4, 14)))
    noise = rng.standard_normal((h // cell + 3, w // cell + 3), np.float32)
    rows, columns = np.arange(h) / cell, np.arange(w) / cell
    top, left = rows.astype(int), columns.astype(int)
    fy, fx = (rows - top).astype(np.float32)[:, None], (columns - left).astype(np.float32)[None]
    upper, lower = noise[top], noise[top + 1]
    rows_mixed = upper + (lower - upper) * fy
    return rows_mixed[:, left] * (1 - fx) + rows_mixed[:, left + 1] * fx


def _curves(
    rng: np.random.Generator,
    y: np.ndarray,
    x: np.ndarray,
    height: float,
    angle: float,
    *,
    bend: float,
    spacing: tuple[float, float] = (3.5, 14.0),
) -> np.ndarray:
    """Parallel curves ``spacing`` pixels apart; 1 on a line, 0 between."""
    u, v = _rotate(y, x, angle)
    wave = np.float32(bend) * (
        np.sin(_uniform(rng, 0.4, 2.2) * v + 6.3 * rng.random())
        + 0.4 * np.sin(_uniform(rng, 1.5, 4) * v + _uniform(rng, 0, 1) * u)
    )
    phase = (u + np.float32(0.3) * wave) * np.float32(2 * math.pi * height / _uniform(rng, *spacing))
    # The narrower the crest that is kept, the thinner the line.
    crest = _uniform(rng, 0.1, 0.75)
    return np.maximum(np.cos(phase) - np.float32(crest), 0) * np.float32(1 / (1 - crest))


def _rotate(y: np.ndarray, x: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    return cos * x + sin * y, cos * y - sin * x


PAPERS: dict[str, tuple[tuple[float, float], tuple[float, float], Pattern | None]] = {
    "white": ((0.86, 1.0), (0, 0), None),
    "grey": ((0.5, 0.88), (0, 0), _white),
    "guilloche": ((0.62, 0.86), (0.06, 0.2), _guilloche),
    "waves": ((0.55, 0.82), (0.06, 0.26), _waves),
    "halftone": ((0.55, 0.8), (0.04, 0.18), _halftone),
    "hatching": ((0.62, 0.9), (0.05, 0.2), _hatching),
    "mottled": ((0.55, 0.95), (0.03, 0.1), _mottled),
}
"""kind -> range of brightness, range of the pattern's contrast, pattern."""


def _light(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, strength: float) -> np.ndarray:
    """Uneven lighting, and now and then a brighter or darker field that begins at an edge."""
    light = rng.standard_normal() * strength * (
        x / x[0, -1] - 0.5 if x[0, -1] > 0 else x
    ) + rng.standard_normal() * strength * (y / y[-1, 0] - 0.5 if y[-1, 0] > 0 else y)
    if rng.random() < 0.12:
        side = rng.random()
        step = _uniform(rng, -0.12, 0.2)
        if side < 0.5:
            light = light + step * (y > y[-1, 0] * _uniform(rng, 0.8, 1))
        else:
            edge = x[0, -1] * (_uniform(rng, 0.85, 1) if side < 0.75 else _uniform(rng, 0, 0.15))
            light = light + step * ((x > edge) if side < 0.75 else (x < edge))
    return np.asarray(light, np.float32)


def draw_rules(
    rng: np.random.Generator,
    paper: np.ndarray,
    *,
    bottom: float,
    top: float,
    height: float,
    chance: float,
    boxed: bool = False,
) -> None:
    """Prints ruled lines and parts of frames onto ``paper`` (H, W), in place.

    ``bottom`` and ``top`` are the rows of the number's baseline and top in pixels: lines lie near them or at
    the picture's edges. ``chance`` is that of a line below; others are rarer. ``boxed`` draws a full frame.
    """
    h, w = paper.shape
    sides = (chance, chance * 0.35, chance * 0.25, chance * 0.18)
    dark, thick = _uniform(rng, 0.25, 0.85), max(0.7, height * _uniform(rng, 0.015, 0.06))
    tilt = rng.standard_normal() * 0.008
    low = min(bottom + height * _uniform(rng, -0.12, 0.2), h - 0.5)
    high = max(top - height * _uniform(rng, 0, 0.25), 0.5)
    places = (low, high, _uniform(rng, 0, 0.1) * height, w - _uniform(rng, 0, 0.1) * height)
    for side, (share, place) in enumerate(zip(sides, places, strict=True)):
        if boxed or rng.random() < share:
            _rule(paper, place, thick, dark, tilt, upright=side >= 2)
            if side < 2 and rng.random() < 0.25:
                apart = (1 - 2 * side) * thick * _uniform(rng, 2, 3.5)
                _rule(paper, place + apart, thick, dark, tilt, upright=False)


def _rule(paper: np.ndarray, place: float, thick: float, dark: float, tilt: float, *, upright: bool) -> None:
    """A straight anti-aliased line across the whole picture, darker by the factor ``1 - dark``."""
    view = paper.T if upright else paper
    h, w = view.shape
    reach = thick + abs(tilt) * w
    first, last = max(0, int(place - reach) - 1), min(h, int(place + reach) + 2)
    if last <= first:
        return
    rows = np.arange(first, last, dtype=np.float32)[:, None] + 0.5
    middle = place + tilt * (np.arange(w, dtype=np.float32) - w / 2)
    cover = np.clip((thick + 1) / 2 - np.abs(rows - middle), 0, min(1, thick))
    view[first:last] *= 1 - np.float32(dark) * cover


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * rng.random()
