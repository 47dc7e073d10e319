"""From background-subtracted contrast to soft ink: global threshold, hysteresis, specks, stroke width."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

EIGHT = np.ones((3, 3), dtype=bool)
NO_CONTRAST = 0.03  # a stroke fainter than 3 % of the grey range is not told from the paper's own grain


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


def dark_mask(contrast: Float) -> Mask:
    """Everything that is darker than paper: strokes, rules, and what of the paper's pattern comes near them."""
    return contrast > _levels(contrast)[0]


def stroke_mask(contrast: Float, least_area: float) -> tuple[Mask, float]:
    """Mask of the strokes, (h, w) bool, and the contrast of a stroke's core (0 with an empty mask)."""
    low, high = _levels(contrast)
    strong = contrast > high
    core = float(np.percentile(contrast[strong], 60)) if strong.any() else 0.0
    if core < NO_CONTRAST:
        return np.zeros(contrast.shape, dtype=bool), 0.0
    mask = drop_specks(grow(strong, contrast > low), least_area)
    return mask, core if mask.any() else 0.0


def _levels(contrast: Float) -> tuple[float, float]:
    """Contrast above which a pixel may be ink, and above which it is."""
    high = otsu(np.clip(contrast, 0, None).ravel())
    noise = 1.4826 * float(np.median(np.abs(contrast[contrast <= high])))
    return max(0.6 * high, min(2.5 * noise, high)), high


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
