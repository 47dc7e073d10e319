"""From background-subtracted contrast to soft ink: global threshold, hysteresis, specks, stroke width."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.arrays import Ink, Mask, Plane
from segmenter.components import Components
from segmenter.ink_steps.quantiles import median, quantile
from segmenter.running import grown


@dataclass(frozen=True)
class StrokeConfig:
    """What tells strokes from paper."""

    smoothing: float = 0.07  # of the height of a digit: about a pen's width
    seed: float = 0.6  # a stroke somewhere reaches this share of the usual contrast of strokes
    low: float = 0.6  # of the global threshold: what may be ink next to sure ink
    noise: float = 2.5  # standard deviations of the paper
    finer: float = 0.7  # of the pen's width: straight lines at the picture's edge that are finer were printed
    no_contrast: float = 0.04  # a fainter stroke, in parts of the grey range, is not told from an uneven light
    clear: float = 3.2  # standard deviations of the paper that strokes reach; plain noise split in two reaches 3 ...
    least_area: float = 3.0  # pixels of a stroke
    speck: float = 0.07  # of a digit's height: side of a square that is no stroke yet
    most_ink: float = 0.33  # ... and takes more than this share of the picture for strokes


STROKES = StrokeConfig()


def otsu(values: NDArray[np.float32], bins: int = 128) -> float:
    """Threshold that maximises the variance between two classes (Otsu 1979); values: (n,) float32."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    high = high if high > low else low + 1.0
    places = ((values - np.float32(low)) * np.float32(bins / (high - low))).astype(np.intp)
    counts = np.bincount(np.minimum(places, bins - 1), minlength=bins)
    edges = low + (high - low) / bins * np.arange(bins + 1)
    centres = 0.5 * (edges[:-1] + edges[1:])
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    between[~np.isfinite(between)] = 0
    return float(edges[1 + int(np.argmax(between))])


def seeded(strong: Mask, weak: Mask, least_area: float) -> tuple[Components, Mask]:
    """Hysteresis: the components of `weak`, (h, w) bool, and which of them, (count,) bool, hold a pixel of `strong` and
    have at least `least_area` pixels: fewer are specks."""
    parts = Components.of(weak)
    return parts, parts.holding(strong) & (parts.areas >= least_area)


def slivers(parts: Components, finest: float) -> Mask:
    """(count,) whether a component at the picture's edge is at most `finest` wide or high: of a frame."""
    height, width = parts.labels.shape
    left, top, right, bottom = parts.boxes.T
    upright = ((left <= 1) | (right >= width - 1)) & (parts.widths <= finest)
    return upright | (((top <= 1) | (bottom >= height - 1)) & (parts.heights <= finest))


def edging(parts: Components, canvas: Mask, finest: float) -> Mask:
    """(count,) whether a component lies wholly within `finest` pixels of the canvas, (h, w) bool: of a frame."""
    return ~parts.holding(ndimage.distance_transform_edt(~canvas) > finest)


def dark_mask(contrast: Plane) -> Mask:
    """Everything darker than paper: strokes, rules, and what of the paper's pattern comes near them."""
    high = otsu(np.clip(contrast, 0, None).ravel())
    return contrast > max(0.6 * high, min(2.5 * noise_level(contrast[contrast <= high]), high))


def find_strokes(contrast: Plane, digit: float, canvas: Mask | None = None) -> tuple[Components, float]:
    """The strokes, components of (h, w), and the contrast of a stroke's core (0 where there are none).

    digit: height of a digit in pixels, roughly. canvas: (h, w) bool, what is no part of the picture: it tells
    nothing of the paper, and neither on it nor along its edge are there strokes. Averaging over about a pen's
    width weakens the finer lines and dots of security paper more than it weakens strokes.
    """
    smooth = ndimage.uniform_filter(
        contrast, size=max(1, round(STROKES.smoothing * digit) | 1), output=np.float32, mode="nearest"
    )
    picture = np.ones(contrast.shape, dtype=bool) if canvas is None else ~canvas
    high = otsu(np.clip(smooth[picture], 0, None))
    strong = (smooth > high) & picture
    peak = quantile(smooth[strong], 0.7) if strong.any() else 0.0
    core = quantile(contrast[strong], 0.7) if strong.any() else 0.0
    noise = noise_level(smooth[picture & ~strong])
    plain_noise = peak < STROKES.clear * noise and float(strong.mean()) > STROKES.most_ink
    if core < STROKES.no_contrast or plain_noise:
        return Components.none(contrast.shape), 0.0
    low = max(STROKES.low * high, min(STROKES.noise * noise, high))
    strong = (smooth > max(high, STROKES.seed * peak)) & picture
    parts, chosen = seeded(strong, (smooth > low) & picture, max(STROKES.least_area, (STROKES.speck * digit) ** 2))
    if not chosen.any():
        return Components.none(contrast.shape), 0.0
    finest = STROKES.finer * stroke_width(parts.mask(chosen))
    if canvas is not None:
        chosen &= ~edging(parts, canvas, finest)
    strokes = chosen & ~slivers(parts, finest)
    kept = strokes if strokes.any() else chosen
    return parts.chosen(kept), core if kept.any() else 0.0


def noise_level(values: NDArray[np.float32]) -> float:
    """Standard deviation of values around 0, from their median absolute value; (n,) float32."""
    return 1.4826 * median(np.abs(values)) if values.size else 0.0


def soft_ink(contrast: Plane, mask: Mask, core: float) -> Ink:
    """Ink in [0, 1], about 1 in the core of a stroke, exactly 0 away from the mask; (h, w) float32."""
    near = grown(mask)
    ink = np.clip((contrast / core - 0.15) / 0.75, 0, 1)
    return np.where(near, ink, 0).astype(np.float32)


def stroke_width(mask: Mask) -> float:
    """Pen width in pixels: twice the area over the boundary length, for a long stroke exact."""
    area = np.count_nonzero(mask)
    if area == 0:
        return 0.0
    ends = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    inside = (mask[1:] != mask[:-1], mask[:, 1:] != mask[:, :-1])
    edges = sum(np.count_nonzero(each) for each in (*ends, *inside))
    # Boundary steps counted along the axes are 4 / pi too long on average over all directions.
    return max(1.0, 2.0 * area / (edges * np.pi / 4))
