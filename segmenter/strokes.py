"""From background-subtracted contrast to soft ink: global threshold, hysteresis, specks, stroke width."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

EIGHT = np.ones((3, 3), dtype=bool)
SMOOTHING = 0.07  # of the height of a digit: about a pen's width
SEED = 0.6  # a stroke somewhere reaches this share of the usual contrast of strokes
LOW = 0.6  # of the global threshold: what may be ink next to sure ink
NOISE = 2.5  # standard deviations of the paper
FINER = 0.7  # of the pen's width: straight lines at the picture's edge that are finer were printed
NO_CONTRAST = 0.04  # a fainter stroke, in parts of the grey range, is not told from an uneven light
CLEAR = 3.2  # standard deviations of the paper that strokes reach; plain noise split in two reaches 3 ...
MOST_INK = 0.33  # ... and takes more than this share of the picture for strokes


def otsu(values: Float, bins: int = 128) -> float:
    """Threshold that maximises the variance between two classes (Otsu 1979); values: (n,) float32."""
    counts, edges = np.histogram(values, bins=bins)
    centres = 0.5 * (edges[:-1] + edges[1:])
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    between[~np.isfinite(between)] = 0
    return float(edges[1 + int(np.argmax(between))])


def grow(strong: Mask, weak: Mask) -> Mask:
    """Hysteresis: the 8-connected components of `weak` that hold a pixel of `strong`; (h, w) bool."""
    labels, count = ndimage.label(weak, structure=EIGHT)
    keep = np.zeros(count + 1, dtype=bool)
    keep[labels[strong]] = True
    keep[0] = False
    return keep[labels]


def drop_specks(mask: Mask, least_area: float) -> Mask:
    """The mask without its components of fewer than `least_area` pixels."""
    labels, count = ndimage.label(mask, structure=EIGHT)
    keep = np.bincount(labels.ravel(), minlength=count + 1) >= least_area
    keep[0] = False
    return keep[labels]


def drop_slivers(mask: Mask, finest: float) -> Mask:
    """The mask without components at the picture's edge at most `finest` wide or high: of a frame."""
    height, width = mask.shape
    labels, count = ndimage.label(mask, structure=EIGHT)
    keep = np.ones(count + 1, dtype=bool)
    keep[0] = False
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        at_side = columns.start <= 1 or columns.stop >= width - 1
        at_end = rows.start <= 1 or rows.stop >= height - 1
        upright = at_side and columns.stop - columns.start <= finest
        keep[index] = not (upright or (at_end and rows.stop - rows.start <= finest))
    return keep[labels] if keep.any() else mask


def drop_edging(mask: Mask, canvas: Mask, finest: float) -> Mask:
    """The mask without components that lie wholly within `finest` pixels of the canvas, (h, w) bool: of a frame."""
    labels, count = ndimage.label(mask, structure=EIGHT)
    inner = ndimage.distance_transform_edt(~canvas) > finest
    keep = np.bincount(labels[inner], minlength=count + 1) > 0
    keep[0] = False
    return keep[labels]


def dark_mask(contrast: Float) -> Mask:
    """Everything darker than paper: strokes, rules, and what of the paper's pattern comes near them."""
    high = otsu(np.clip(contrast, 0, None).ravel())
    return contrast > max(0.6 * high, min(2.5 * noise_level(contrast[contrast <= high]), high))


def stroke_mask(contrast: Float, digit: float, canvas: Mask | None = None) -> tuple[Mask, float]:
    """Mask of the strokes, (h, w) bool, and the contrast of a stroke's core (0 with an empty mask).

    digit: height of a digit in pixels, roughly. canvas: (h, w) bool, what is no part of the picture: it tells
    nothing of the paper, and neither on it nor along its edge are there strokes. Averaging over about a pen's
    width weakens the finer lines and dots of security paper more than it weakens strokes.
    """
    smooth = ndimage.uniform_filter(contrast, size=max(1, round(SMOOTHING * digit) | 1), mode="nearest")
    picture = np.ones(contrast.shape, dtype=bool) if canvas is None else ~canvas
    high = otsu(np.clip(smooth[picture], 0, None))
    strong = (smooth > high) & picture
    peak = float(np.percentile(smooth[strong], 70)) if strong.any() else 0.0
    core = float(np.percentile(contrast[strong], 70)) if strong.any() else 0.0
    noise = noise_level(smooth[picture & ~strong])
    plain_noise = peak < CLEAR * noise and float(strong.mean()) > MOST_INK
    if core < NO_CONTRAST or plain_noise:
        return np.zeros(contrast.shape, dtype=bool), 0.0
    low = max(LOW * high, min(NOISE * noise, high))
    mask = grow((smooth > max(high, SEED * peak)) & picture, (smooth > low) & picture)
    mask = drop_specks(mask, max(3.0, (0.07 * digit) ** 2))
    if not mask.any():
        return mask, 0.0
    finest = FINER * stroke_width(mask)
    if canvas is not None:
        mask = drop_edging(mask, canvas, finest)
    return drop_slivers(mask, finest), core if mask.any() else 0.0


def noise_level(values: Float) -> float:
    """Standard deviation of values around 0, from their median absolute value; (n,) float32."""
    return 1.4826 * float(np.median(np.abs(values))) if values.size else 0.0


def soft_ink(contrast: Float, mask: Mask, core: float) -> Float:
    """Ink in [0, 1], about 1 in the core of a stroke, exactly 0 away from the mask; (h, w) float32."""
    near = ndimage.binary_dilation(mask, structure=EIGHT)
    ink = np.clip((contrast / core - 0.15) / 0.75, 0, 1)
    return np.where(near, ink, 0).astype(np.float32)


def stroke_width(mask: Mask) -> float:
    """Pen width in pixels: twice the area over the boundary length, for a long stroke exact."""
    area = int(mask.sum())
    if area == 0:
        return 0.0
    padded = np.pad(mask, 1)
    edges = int((padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum())
    # Boundary steps counted along the axes are 4 / pi too long on average over all directions.
    return max(1.0, 2.0 * area / (edges * np.pi / 4))
