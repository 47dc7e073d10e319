"""The first steps from grey to ink: working resolution, polarity, and local background subtraction."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Float = NDArray[np.float32]

FLAT = 0.004  # about one grey level of 256: rows and columns that vary less carry nothing
UNIFORM = 0.1  # of the grey range of the picture: what differs less from the border's level is like it
SHARPER = 2.0  # how much of what a blurred picture lacks is added
BLUR = 0.5  # of the pen's width: standard deviation of the blur that is undone
BORDER = 0.6  # share of the picture's border that has one level where this level is the paper's
MOST_INK = 0.75  # of the region of the writing: more is a light field on something dark, or the reverse
OPEN = 0.1  # share of the region's border that paper takes at least; a frame takes it whole


def content_box(grey: Float) -> tuple[int, int, int, int]:
    """Box (left, top, right, bottom) without the uniform margin that has the corner's colour.

    grey: (H, W) float32 in [0, 1]. Trimming a uniform margin first makes everything after it independent of
    how generously a field was cut out. The box is (0, 0, 0, 0) where the whole image is uniform.
    """
    if grey.size == 0:
        return 0, 0, 0, 0
    differs = np.abs(grey - grey[0, 0]) > FLAT
    rows = np.flatnonzero(differs.any(axis=1))
    columns = np.flatnonzero(differs.any(axis=0))
    if rows.size == 0:
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def area_reduce(image: Float, factor: int) -> Float:
    """Mean over factor x factor blocks; (H, W) -> (ceil(H / factor), ceil(W / factor)), edges replicated."""
    if factor == 1:
        return image
    height, width = image.shape
    padded = np.pad(image, ((0, -height % factor), (0, -width % factor)), mode="edge")
    rows, columns = padded.shape[0] // factor, padded.shape[1] // factor
    blocks = padded.reshape(rows, factor, columns, factor)
    return blocks.mean(axis=3, dtype=np.float32).mean(axis=1, dtype=np.float32)


def enlarge(image: Float) -> Float:
    """The image at twice the resolution, (2 H, 2 W) float32, by cubic splines that stay within its range of grey."""
    spline = ndimage.zoom(image, 2, order=3, mode="nearest", grid_mode=True)
    return np.clip(spline, image.min(), image.max()).astype(np.float32)


def border_paper(grey: Float, box: tuple[int, int, int, int]) -> float | None:
    """The paper's level in [0, 1] if the border of the picture shows it, else None.

    grey: (H, W) float32 in [0, 1]; box: left, top, right, bottom of what is not margin. A border of one level at
    the end of the grey range is paper. It is not where the box is filled by what differs from it: then it is the
    frame or the surroundings of a field that has writing inside. A solid bar, as a bold 1, has nothing inside.
    """
    low, high = float(grey.min()), float(grey.max())
    border = _border(grey)
    level = float(np.median(border))
    reach = UNIFORM * (high - low)
    if low + reach < level < high - reach or np.mean(np.abs(border - level) <= reach) < BORDER:
        return None
    light = level > 0.5 * (low + high)
    left, top, right, bottom = box
    paper = (grey[top:bottom, left:right] > 0.5 * (low + high)) == light
    filled = paper.mean() < 1 - MOST_INK or _border(paper).mean() < OPEN
    if filled and (ndimage.binary_fill_holes(~paper) & paper).any():
        return None
    return level


def _border(image: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels of an image."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def darkness(grey: Float, paper: float | None = None) -> Float:
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


def subtract_background(dark: Float, digit: float, beyond: float | None = None) -> Float:
    """Contrast of every pixel against the paper around it, (H, W) float32, about 0 on paper.

    dark: (H, W), ink high. digit: height of a digit in pixels, roughly. beyond: darkness of the paper around the
    picture; where None, the picture's edges go on outwards, with the strokes that touch them. A morphological
    opening with a square wider than any stroke follows steps and slopes of the paper but lies below its grain;
    the mean of what is left, over the non-ink pixels of a larger square, is the grain's height. Two rounds find
    those pixels: the first takes everything above the plain mean for ink.
    """
    square = max(3, round(0.5 * digit) | 1)
    mode, paper_around = ("nearest", 0.0) if beyond is None else ("constant", 1.0)
    lower = ndimage.minimum_filter(dark, size=square, mode=mode, cval=beyond or 0.0)
    raised = dark - ndimage.maximum_filter(lower, size=square, mode="nearest")
    window = max(3, round(1.4 * digit) | 1)
    level = ndimage.uniform_filter(raised, size=window, mode=mode)
    for spread in (0.0, 0.5):
        paper = (raised <= level + spread * float(raised.std())).astype(np.float32)
        share = ndimage.uniform_filter(paper, size=window, mode=mode, cval=paper_around)
        total = ndimage.uniform_filter(paper * raised, size=window, mode=mode)
        level = np.where(share > 0.02, total / np.maximum(share, 0.02), level)
    return (raised - level).astype(np.float32)


def sharpen(contrast: Float, pen: float) -> Float:
    """The contrast (h, w) with its edges steeper (unsharp masking), so that rings that blur has filled open again.

    pen: width of a stroke in pixels.
    """
    blurred = ndimage.gaussian_filter(contrast, BLUR * pen)
    return (contrast + SHARPER * (contrast - blurred)).astype(np.float32)
