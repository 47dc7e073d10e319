"""Line pictures: what the line network sees of a grey picture, made in one way for training and for reading.

Neither ink nor digits are looked for, so that this fails where the segmenter does not, and the reverse. The picture is
scaled to ROWS rows; what is slower than writing (shade, a dark margin, the paper's own grey) is taken away as the local
brightness of the paper, and what is left is divided by the contrast that its darkest strokes have. Paper is 0 and
usual ink about 1, whichever of them was the lighter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from classifier.arrays import LinePicture

ROWS = 48  # a line 48 pixels high is what most crops of fields have, and what other line readers take


@dataclass(frozen=True)
class LinePictureConfig:
    """Constants of the picture, all in pixels of a line picture unless said otherwise."""

    widest: int = 1152
    """Wider lines are squeezed: 24 times as wide as high leaves ten digits legible."""
    narrowest: int = 16
    block: int = 12
    """Side of the blocks whose paper is measured: wider than any stroke of a line of digits."""
    lightest: float = 0.7
    """Quantile of a block that is its paper: ink seldom covers 30 % of a block, and a sheen is not paper."""
    inked: float = 0.985
    """Quantile of the darkness that is a stroke's: a lone thin digit in a loose crop covers 2 %."""
    least_contrast: float = 0.06
    """Of the picture's brightness: fainter marks than this are noise, and are not made as dark as ink."""
    bounds: tuple[float, float] = (-0.5, 1.5)


CONFIG = LinePictureConfig()


def line_picture(grey: NDArray[np.floating], stretch: float = 1.0) -> LinePicture:
    """The line picture (ROWS, W) float32 of a grey picture: paper 0, ink about 1, in CONFIG.bounds.

    grey: (H, W) in [0, 1], 1 = white, at least one pixel. stretch: factor of the width, for training only.
    """
    return normalised(scaled(grey, stretch))


def scaled(grey: NDArray[np.floating], stretch: float = 1.0) -> NDArray[np.float32]:
    """The picture (ROWS, W) in its own brightness, its aspect kept, except where CONFIG bounds the width."""
    if grey.ndim != 2 or 0 in grey.shape:
        raise ValueError(f"a picture has rows and columns, got {grey.shape}")
    height, width = grey.shape
    columns = int(np.clip(round(width * ROWS / height * stretch), CONFIG.narrowest, CONFIG.widest))
    rows = _sampling(height, ROWS) @ grey.astype(np.float32, copy=False)
    return rows @ _sampling(width, columns).T


def normalised(picture: NDArray[np.float32]) -> LinePicture:
    """Darkness of ink on paper, in units of the usual ink's, of a picture in any brightness and polarity."""
    lighter, darker = _papers(picture)
    darkness, opposite = lighter - picture, picture - darker
    if _writing(opposite) > _writing(darkness):
        darkness = opposite
    contrast = max(_quantile(darkness, CONFIG.inked), CONFIG.least_contrast)
    return np.clip(darkness / np.float32(contrast), *CONFIG.bounds)


def _quantile(plane: NDArray[np.float32], share: float) -> float:
    """The value below which a share of a plane lies; as np.quantile, to the bit, at a third of its cost."""
    place = share * (plane.size - 1)
    low = int(place)
    part = place - low
    ordered = np.partition(plane, (low, min(low + 1, plane.size - 1)), axis=None)
    below, above = ordered[low], ordered[min(low + 1, plane.size - 1)]
    step = above - below
    return float(above - step * (1 - part) if part >= 0.5 else below + step * part)


def _writing(darkness: NDArray[np.float32]) -> float:
    """How much the picture looks as if its strokes were the dark ones: few pixels are dark, and by much.

    The third moment over the second to the power 3/2 (skewness) of what is left after the paper is taken away.
    """
    square = darkness * darkness
    return float((square * darkness).mean() / max(float(square.mean()), 1e-9) ** 1.5)


def _papers(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The paper's brightness at each pixel, of light paper and of dark: a high quantile of each block, or a low one,
    its median with the blocks around."""
    rows, columns = picture.shape
    side = CONFIG.block
    across = max(1, columns // side)
    edges = np.linspace(0, columns, across + 1).astype(int)
    width = int(np.diff(edges).max())
    starts = np.minimum(edges[:-1], columns - width)
    windows = np.lib.stride_tricks.sliding_window_view(picture, width, axis=1)[:, starts]  # (ROWS, across, width)
    blocks = windows.reshape(rows // side, side, across, width).transpose(0, 2, 1, 3).reshape(rows // side, across, -1)
    last = blocks.shape[-1] - 1
    places = (int(CONFIG.lightest * last), last - int(CONFIG.lightest * last))
    ordered = np.partition(blocks, places, axis=-1)[..., places]
    paper = ndimage.median_filter(ordered, (3, 3, 1), mode="nearest")
    down, along = _sampling(rows // side, rows), _sampling(across, columns).T
    return down @ paper[..., 0] @ along, down @ paper[..., 1] @ along


@lru_cache(maxsize=256)
def _sampling(source: int, target: int) -> NDArray[np.float32]:
    """(target, source) matrix that resamples an axis: triangles as wide as the coarser of the two grids.

    Rows sum to 1; at the ends the outermost pixel goes on.
    """
    step = source / target
    reach = max(1.0, step)
    middle = np.clip((np.arange(target) + 0.5) * step - 0.5, 0, source - 1)[:, None]
    # Few of the source's pixels are within reach of one of the target's; what they reach beyond its end weighs nothing.
    places = np.maximum(np.ceil(middle - reach), 0).astype(np.intp) + np.arange(int(2 * reach) + 2)
    weights = np.where(places < source, np.maximum(0, 1 - np.abs(middle - places) / reach), 0)
    matrix = np.zeros((target, source + places.shape[1]), np.float32)
    matrix[np.arange(target)[:, None], places] = weights / weights.sum(axis=1, keepdims=True)
    return matrix[:, :source]
