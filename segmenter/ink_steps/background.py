"""The first steps from grey to ink: what is picture, the polarity, and contrast to the paper around each pixel.

A picture that was turned has a flat canvas around it: its corners are no paper, and its edge is no stroke.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.arrays import Box, Grey, Mask, Plane
from segmenter.ink_steps.quantiles import median
from segmenter.running import opened


@dataclass(frozen=True)
class CanvasConfig:
    """What tells the canvas of a turned picture from paper."""

    soft: int = 2  # pixels beside the canvas that interpolation mixed with it
    alike: float = 0.5  # share of the picture that has the canvas's level: more is paper, the canvas a part of it
    overlap: float = 0.75  # overlap over union of the canvas and what is beside a turned rectangle
    square: float = 0.1  # cosine of the angle between two sides of a picture, at most
    around: float = 0.3  # heights of the whole: the square over which the paper beside the canvas is averaged
    least_spread: float = 0.1  # from 2nd to 98th percentile of the picture's grey: less is a solid bar, as a bold 1


CANVAS = CanvasConfig()


@dataclass(frozen=True)
class PaperConfig:
    """What tells paper from what is around it and on it."""

    flat: float = 0.004  # about one grey level of 256: rows and columns that vary less carry nothing
    uniform: float = 0.1  # of the grey range of the picture: what differs less from the border's level is like it
    sharper: float = 2.0  # how much of what a blurred picture lacks is added
    blur: float = 0.5  # of the pen's width: standard deviation of the blur that is undone
    border: float = 0.6  # share of the picture's border that has one level where this level is the paper's
    most_ink: float = 0.75  # of the region of the writing: more is a light field on something dark, or the reverse
    open: float = 0.1  # share of the region's border that paper takes at least; a frame takes it whole


PAPER = PaperConfig()
SUMMED_PAIRWISE = 8  # values from which on numpy sums them in another order than one after the other
SPLINE_MARGIN = 12  # pixels of the edge's value set around a picture whose spline is sought, as in ndimage.zoom
QUARTER_BEFORE = np.array([1, 121, 235, 27, 0]) / 384
"""Weights of the coefficients of five pixels in a cubic spline's value a quarter of a pixel before the third."""
BAND_PIXELS = 1_000_000  # of a large picture that are reduced at once: what takes no memory worth speaking of


def content_box(grey: Grey) -> Box:
    """Box (left, top, right, bottom) without the uniform margin that has the corner's colour.

    grey: (H, W) float32 in [0, 1]. Trimming a uniform margin first makes everything after it independent of
    how generously a field was cut out. The box is (0, 0, 0, 0) where the whole image is uniform.
    """
    if grey.size == 0:
        return 0, 0, 0, 0
    differs = np.abs(grey - grey[0, 0]) > PAPER.flat
    rows = np.flatnonzero(differs.any(axis=1))
    columns = np.flatnonzero(differs.any(axis=0))
    if rows.size == 0:
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def area_reduce(image: Plane, factor: int) -> Plane:
    """Mean over factor x factor blocks; (H, W) -> (ceil(H / factor), ceil(W / factor)), edges replicated."""
    if factor == 1:
        return image
    rows = max(1, BAND_PIXELS // (factor * image.shape[1])) * factor
    bands = [_reduced_band(image[top : top + rows], factor) for top in range(0, len(image), rows)]
    return bands[0] if len(bands) == 1 else np.concatenate(bands)


def _reduced_band(image: Plane, factor: int) -> Plane:
    height, width = image.shape
    if height % factor or width % factor:
        image = np.pad(image, ((0, -height % factor), (0, -width % factor)), mode="edge")
    rows, columns = image.shape[0] // factor, image.shape[1] // factor
    blocks = image.reshape(rows, factor, columns, factor)
    if factor >= SUMMED_PAIRWISE:
        return blocks.mean(axis=3, dtype=np.float32).mean(axis=1, dtype=np.float32)
    # Of few values, the same as the mean along their axis, in a fraction of its time.
    across = functools.reduce(np.add, (blocks[..., k] for k in range(factor))) / np.float32(factor)
    return functools.reduce(np.add, (across[:, k] for k in range(factor))) / np.float32(factor)


def enlarge(image: Plane) -> Plane:
    """The image at twice the resolution, (2 H, 2 W) float32, by cubic splines that stay within its range of grey.

    As ndimage.zoom, which weighs 16 coefficients for each pixel; rows and columns one after the other take 4 each, and
    a third of the time (Unser 1999, "Splines: a perfect fit for signal and image processing").
    """
    coefficients = ndimage.spline_filter(np.pad(image, SPLINE_MARGIN, mode="edge"), 3, np.float64, "nearest")
    spline = _doubled(_doubled(coefficients, 0), 1)
    return np.clip(spline, image.min(), image.max()).astype(np.float32)


def _doubled(coefficients: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """The spline along an axis a quarter of a pixel before and behind each pixel within the margin."""
    inside = slice(SPLINE_MARGIN, -SPLINE_MARGIN)
    places = [
        ndimage.correlate1d(coefficients, weights, axis)[(slice(None),) * axis + (inside,)]
        for weights in (QUARTER_BEFORE, QUARTER_BEFORE[::-1])
    ]
    height, width = places[0].shape
    return np.stack(places, axis=axis + 1).reshape((2 * height, width) if axis == 0 else (height, 2 * width))


def border_paper(grey: Grey, box: Box) -> float | None:
    """The paper's level in [0, 1] if the border of the picture shows it, else None.

    grey: (H, W) float32 in [0, 1]; box: left, top, right, bottom of what is not margin. A border of one level at
    the end of the grey range is paper. It is not where the box is filled by what differs from it: then it is the
    frame or the surroundings of a field that has writing inside. A solid bar, as a bold 1, has nothing inside.
    """
    low, high = float(grey.min()), float(grey.max())
    border = _border(grey)
    level = median(border)
    reach = PAPER.uniform * (high - low)
    if low + reach < level < high - reach or np.mean(np.abs(border - level) <= reach) < PAPER.border:
        return None
    light = level > 0.5 * (low + high)
    left, top, right, bottom = box
    paper = (grey[top:bottom, left:right] > 0.5 * (low + high)) == light
    filled = paper.mean() < 1 - PAPER.most_ink or _border(paper).mean() < PAPER.open
    if filled and (ndimage.binary_fill_holes(~paper) & paper).any():
        return None
    return level


def _border(image: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels of an image."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def darkness(grey: Grey, paper: float | None = None) -> Plane:
    """The image with ink high and paper low, whatever the polarity: grey or 1 - grey, (H, W) float32.

    paper: the paper's level where it is known, at an end of the grey range. Where not: ink is the minority that
    departs far from its surroundings, so the third moment of the departure from the local mean has the sign of
    the ink. A step of brightness departs to both sides alike and cancels out.
    """
    if paper is not None:
        return 1.0 - grey if grey.mean() < paper else grey
    window = max(3, grey.shape[0] | 1)
    # Reflected: a frame at the edge of the picture, repeated outwards, would pass for dark paper.
    departure = grey - ndimage.uniform_filter(grey, size=window, mode="reflect")
    return grey if float(np.sum(departure * departure * departure)) > 0 else 1.0 - grey


def subtract_background(dark: Plane, digit: float, beyond: float | None = None) -> Plane:
    """Contrast of every pixel against the paper around it, (H, W) float32, about 0 on paper.

    dark: (H, W), ink high. digit: height of a digit in pixels, roughly. beyond: darkness of the paper around the
    picture; where None, the picture's edges go on outwards, with the strokes that touch them. A morphological
    opening with a square wider than any stroke follows steps and slopes of the paper but lies below its grain;
    the mean of what is left, over the non-ink pixels of a larger square, is the grain's height. Two rounds find
    those pixels: the first takes everything above the plain mean for ink.
    """
    square = max(3, round(0.5 * digit) | 1)
    mode, paper_around = ("nearest", 0.0) if beyond is None else ("constant", 1.0)
    raised = dark - opened(dark, square, beyond)
    window = max(3, round(1.4 * digit) | 1)
    level = ndimage.uniform_filter(raised, size=window, output=np.float32, mode=mode)
    for above in (0.0, 0.5 * float(raised.std())):
        paper = (raised <= level + above).astype(np.float32)
        share = ndimage.uniform_filter(paper, size=window, output=np.float32, mode=mode, cval=paper_around)
        total = ndimage.uniform_filter(paper * raised, size=window, output=np.float32, mode=mode)
        level = np.where(share > 0.02, total / np.maximum(share, 0.02), level)
    return (raised - level).astype(np.float32, copy=False)


def sharpen(contrast: Plane, pen: float) -> Plane:
    """The contrast (h, w) with its edges steeper (unsharp masking), so that rings that blur has filled open again.

    pen: width of a stroke in pixels.
    """
    blurred = ndimage.gaussian_filter(contrast, PAPER.blur * pen)
    return (contrast + PAPER.sharper * (contrast - blurred)).astype(np.float32)


def find_canvas(grey: Grey) -> Mask | None:
    """Where a picture is only the canvas that it was turned on, (H, W) bool; None where there is no such canvas.

    grey: (H, W) float32 in [0, 1], without a margin. A canvas is one level that all four corners have, and leaves a
    turned rectangle that reaches all four sides. Flat paper with writing on it leaves no such picture, or one that
    has the paper's level itself.
    """
    corners = grey[[0, 0, -1, -1], [0, -1, 0, -1]]
    if np.ptp(corners) > PAPER.flat:
        return None
    flat = np.abs(grey - grey[0, 0]) <= PAPER.flat
    labels, _ = ndimage.label(flat)
    picture = ~np.isin(labels, labels[[0, 0, -1, -1], [0, -1, 0, -1]])
    if not _is_turned(picture) or flat[picture].mean() > CANVAS.alike:
        return None
    low, high = np.percentile(grey[picture], (2, 98))
    if high - low < CANVAS.least_spread:
        return None
    # The canvas takes the picture's soft edge, but nothing off the sides of the whole, where there is no canvas.
    return ndimage.binary_dilation(~picture, iterations=CANVAS.soft)


def _is_turned(picture: Mask) -> bool:
    """Whether a picture, (H, W) bool, is a turned rectangle that reaches all four sides."""
    height, width = picture.shape
    ends = [np.flatnonzero(end) for end in (picture[0], picture[:, -1], picture[-1], picture[:, 0])]
    if not all(end.size for end in ends):
        return False
    # The pixels of a corner at a side of the whole begin at the corner and go on along the longer of two edges.
    for last in (0, -1):
        top, right, bottom, left = (end[k] for end, k in zip(ends, (last, last, -1 - last, -1 - last), strict=True))
        corners = np.array([(0, top), (right, width - 1), (height - 1, bottom), (left, 0)], dtype=np.float64)
        if _is_square(corners) and _fills(corners, picture):
            return True
    return False


def _is_square(corners: NDArray[np.float64]) -> bool:
    """Whether neighbouring sides of a quadrangle, (4, 2), stand at right angles to each other."""
    sides = np.roll(corners, -1, axis=0) - corners
    sides /= np.linalg.norm(sides, axis=1, keepdims=True).clip(1e-9)
    return bool(np.abs((sides * np.roll(sides, -1, axis=0)).sum(axis=1)).max() <= CANVAS.square)


def _fills(corners: NDArray[np.float64], picture: Mask) -> bool:
    """Whether a quadrangle, (4, 2) rows and columns, leaves about the canvas that a picture leaves."""
    row, column = np.indices(picture.shape)
    inside = np.ones(picture.shape, dtype=bool)
    for (y, x), (down, across) in zip(corners, np.roll(corners, -1, axis=0) - corners, strict=True):
        inside &= across * (row - y) >= down * (column - x)  # clockwise: the picture lies on the right of each side
    canvas, expected = ~picture, ~inside
    return bool((canvas & expected).sum() >= CANVAS.overlap * (canvas | expected).sum())


def fill_canvas(grey: Grey, canvas: Mask) -> Plane:
    """The picture with the canvas, (H, W) bool, overdrawn by the mean of the picture around the nearest pixel of it."""
    window = max(3, round(CANVAS.around * grey.shape[0]) | 1)
    picture = (~canvas).astype(np.float32)
    share = ndimage.uniform_filter(picture, window, mode="constant")
    level = ndimage.uniform_filter(picture * grey, window, mode="constant") / np.maximum(share, 1 / window**2)
    nearest = ndimage.distance_transform_edt(canvas, return_distances=False, return_indices=True)
    return np.where(canvas, level[tuple(nearest)], grey).astype(np.float32)
