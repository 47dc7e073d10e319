"""Whole lines as people cut and photograph them: loose margins, frames, rules, dark edges, shade, coarse, blurred.

What was drawn or cut tightly, or scanned once only, is varied here in ways that leave its text as it is. All on grey
pictures (H, W) float32 in [0, 1], 1 = white.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage

from pipeline.synthesis.style import uniform
from pipeline.synthesis.surroundings.chances import Range
from segmenter.arrays import Grey


@dataclass(frozen=True)
class LineDistortion:
    """Chances of each change, and how far it goes; lengths in heights of the picture."""

    margins: float = 0.55
    """Chance that paper is set around the picture: most crops of fields are looser than the number."""
    room: float = 0.6
    """The most paper above or below; twice as much left or right."""
    frame: float = 0.14
    edge: float = 0.1
    rules: float = 0.08
    dividers: float = 0.04
    dark_margin: float = 0.1
    shade: float = 0.3
    inverted: float = 0.1
    coarse: float = 0.25
    blur: float = 0.25
    noise: float = 0.4
    shear: float = 0.1
    """Standard deviation of the tangent of a slant added to the writer's own."""
    tilt: float = 0.02
    """Standard deviation of the slope of the line."""
    contrast: float = 0.2
    thickened: float = 0.05
    thinned: float = 0.03
    """Chances of strokes made thicker or thinner by a few pixels: markers and bold print, worn ribbons."""
    stretch: float = 0.13
    """Standard deviation of the logarithm of a factor of the width."""
    widened: float = 0.0
    """Mean of that logarithm."""

    def __post_init__(self) -> None:
        if any(not 0 <= getattr(self, field.name) <= 1 for field in fields(self)):
            raise ValueError(f"chances and extents lie in [0, 1]: {self}")


SET_LOOSELY = LineDistortion()
"""For pictures that hold little but the number."""

CUT_TIGHTLY = LineDistortion(
    margins=0.2,
    room=0.3,
    frame=0.04,
    edge=0.05,
    rules=0.03,
    dividers=0.01,
    dark_margin=0.03,
    shade=0.2,
    inverted=0.04,
    coarse=0.12,
    blur=0.15,
    noise=0.3,
    stretch=0.2,
    widened=0.08,
)
"""For amounts on patterned paper, which are cut where the field ends, and in which people write widely."""

SCANNED_AGAIN = LineDistortion(
    margins=0.05,
    frame=0.0,
    edge=0.0,
    rules=0.0,
    dividers=0.0,
    dark_margin=0.0,
    shade=0.1,
    inverted=0.03,
    coarse=0.1,
    blur=0.12,
    noise=0.25,
    shear=0.06,
    tilt=0.01,
    contrast=0.1,
)
"""For strings that were drawn with their surroundings: the line as a whole is stretched, sheared and scanned again."""


def distorted(rng: np.random.Generator, grey: Grey, config: LineDistortion) -> Grey:
    """The picture in other surroundings, light and resolution; its own generator state, its own picture."""
    paper = float(np.quantile(grey[::2, ::2], 0.7))
    if rng.random() < config.margins:
        grey = _margins(rng, grey, paper, config.room)
    grey = _thicker(rng, grey, config)
    grey = _lines(rng, grey, paper, config)
    if rng.random() < config.dark_margin:
        grey = _dark_margin(rng, grey)
    if rng.random() < config.shade:
        grey = _shaded(rng, grey)
    if rng.random() < config.contrast:
        grey = paper + (grey - paper) * np.float32(uniform(rng, (0.25, 0.9)))
    if rng.random() < config.inverted:
        grey = 1 - grey
    if config.shear or config.tilt:
        grey = _sheared(rng, grey, config)
    return np.clip(_scanned(rng, grey, config), 0, 1).astype(np.float32)


def _margins(rng: np.random.Generator, grey: Grey, paper: float, room: float) -> Grey:
    """Paper around the picture, or its own edge drawn out, and grain over all."""
    h = grey.shape[0]
    most = (room, room, 2 * room, 2 * room)
    top, bottom, left, right = (int(h * uniform(rng, (0, reach)) * (rng.random() < 0.65)) for reach in most)
    if rng.random() < 0.8:
        wide = np.pad(grey, ((top, bottom), (left, right)), constant_values=paper)
        return wide + np.float32(uniform(rng, (0, 0.02))) * rng.standard_normal(wide.shape, np.float32)
    return np.pad(grey, ((top, bottom), (left, right)), mode="edge")


def _thicker(rng: np.random.Generator, grey: Grey, config: LineDistortion) -> Grey:
    """What is dark, thicker or thinner; of light writing the reverse."""
    kind, unit = rng.random(), grey.shape[0] / 48
    if kind < config.thickened:
        return ndimage.minimum_filter(grey, max(2, round(uniform(rng, (1.5, 5.5)) * unit)))
    if kind < config.thickened + config.thinned:
        return ndimage.maximum_filter(grey, max(2, round(uniform(rng, (1, 2)) * unit)))
    return grey


def _lines(rng: np.random.Generator, grey: Grey, paper: float, config: LineDistortion) -> Grey:
    """Printed lines: a frame, maybe open; one edge; ruled paper; dividers; mostly none."""
    h, w = grey.shape
    kind, thick = rng.random(), max(1, round(h * uniform(rng, (0.01, 0.05))))
    dark, pale = paper * uniform(rng, (0, 0.6)), paper * uniform(rng, (0.5, 0.9))
    chances = np.cumsum([config.frame, config.edge, config.rules, config.dividers])
    if kind >= chances[-1]:
        return grey
    grey = grey.copy()
    if kind < chances[0]:
        for upright, far in ((False, False), (False, True), (True, False), (True, True)):
            if rng.random() < 0.8:
                inset = uniform(rng, (0, 0.1)) * h
                _line(grey, (w if upright else h) - thick - inset if far else inset, dark, thick, upright)
    elif kind < chances[1]:
        upright, inset = rng.random() < 0.5, uniform(rng, (0, 0.15)) * h
        _line(grey, inset if rng.random() < 0.5 else (w if upright else h) - thick - inset, dark, thick, upright)
    else:
        upright = bool(kind >= chances[2])
        pitch = max(4, round(h * uniform(rng, (0.45, 0.9))))
        for place in range(round(uniform(rng, (0, pitch))), w if upright else h, pitch):
            _line(grey, place, pale, max(1, thick // 2), upright)
    return grey


def _line(grey: Grey, place: float, level: float, thick: int, upright: bool) -> None:
    """A straight line from edge to edge, in place; ink under it stays visible."""
    view = grey.T if upright else grey
    first = max(0, int(place))
    view[first : first + thick] = view[first : first + thick] * 0.3 + np.float32(level * 0.7)


def _dark_margin(rng: np.random.Generator, grey: Grey) -> Grey:
    """The scanner's lid or the table beyond the paper, at one side."""
    h, w = grey.shape
    upright = rng.random() < 0.7
    size = (
        (h, max(1, int(h * uniform(rng, (0.1, 0.8))))) if upright else (max(1, int(h * uniform(rng, (0.05, 0.3)))), w)
    )
    edge = np.float32(uniform(rng, (0, 0.25))) + np.float32(0.015) * rng.standard_normal(size, np.float32)
    parts = [edge, grey] if rng.random() < 0.5 else [grey, edge]
    return np.concatenate(parts, axis=1 if upright else 0)


def _shaded(rng: np.random.Generator, grey: Grey) -> Grey:
    """Light that falls off to a side, or from the middle outward."""
    h, w = grey.shape
    y, x = np.linspace(-1, 1, h, dtype=np.float32)[:, None], np.linspace(-1, 1, w, dtype=np.float32)
    a, b, c = rng.standard_normal(3).astype(np.float32)
    shade = a * x + b * y + c * (x * x + y * y)
    shade -= shade.mean()
    return grey * (1 + np.float32(0.4 * uniform(rng, (0.2, 1))) * shade / max(float(np.abs(shade).max()), 1e-3))


def _sheared(rng: np.random.Generator, grey: Grey, config: LineDistortion) -> Grey:
    """Slanted and tilted about its middle."""
    slant, slope = config.shear * rng.standard_normal(), config.tilt * rng.standard_normal()
    matrix = np.array([[1, slope], [slant, 1]])
    middle = (np.array(grey.shape) - 1) / 2
    return ndimage.affine_transform(grey, matrix, middle - matrix @ middle, order=1, mode="nearest")


def _scanned(rng: np.random.Generator, grey: Grey, config: LineDistortion) -> Grey:
    """Blurred, coarse and noisy; lengths follow the height, as if the line had been scanned 48 pixels high."""
    unit = grey.shape[0] / 48
    if rng.random() < config.coarse:
        factor = min(1.0, uniform(rng, COARSE) / max(unit, 0.5))
        small = ndimage.zoom(ndimage.uniform_filter(grey, max(1, round(1 / factor))), factor, order=1)
        grey = small if min(small.shape) >= 6 else grey
        unit = grey.shape[0] / 48
    if rng.random() < config.blur:
        grey = ndimage.gaussian_filter(grey, uniform(rng, (0.4, 1.4)) * unit, truncate=2.5)
    if rng.random() < config.noise:
        grey = grey + np.float32(uniform(rng, (0.004, 0.04))) * rng.standard_normal(grey.shape, np.float32)
    return grey


COARSE: Range = (0.45, 0.85)
