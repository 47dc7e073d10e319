"""Light and what the lens and the scanner do with it: shade, reflections, dark edges, coarse and poor copies."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from pipeline.synthesis.scans import stored_as_jpeg
from pipeline.synthesis.style import uniform
from pipeline.synthesis.surroundings.chances import Surroundings

LEAST_FAXED = 0.15
"""Least contrast between ink and paper that a fax machine can tell."""
BORDERS = ("top", "bottom", "left", "right")


def light_up(
    rng: np.random.Generator,
    around: Surroundings,
    grey: np.ndarray,
    height: float,
    room: tuple[float, float, float, float],
) -> None:
    """Shade, vignette, reflection and dark edges on ``grey`` (H, W) float32, 1 = white, in place.

    room: free of the number at the top, the bottom, left and right, in pixels: dark edges stay within.
    """
    if rng.random() < around.shades:
        grey *= _shade(rng, grey.shape, uniform(rng, around.shade_depths))
    if rng.random() < around.vignettes:
        y, x = _axes(grey.shape)
        grey *= 1 - np.float32(uniform(rng, (0.15, 0.6))) * np.clip(0.5 * (x * x + y * y), 0, 1)
    if rng.random() < around.reflections:
        spot = 1 - _shade(rng, grey.shape, 1.0)
        grey += np.float32(uniform(rng, (0.1, 0.45))) * spot * (1 - grey)
    if rng.random() < around.edges:
        _dark_edges(rng, grey, height, room)


def spread(ink: np.ndarray, sigma: float) -> np.ndarray:
    """Light that spreads about what shines: (H, W) float32; sigma: standard deviation in pixels."""
    return ndimage.gaussian_filter(ink, sigma, truncate=2)


def _axes(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns from -1 to 1, as (H, 1) and (1, W) float32."""
    return (
        np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None],
        np.linspace(-1, 1, shape[1], dtype=np.float32)[None],
    )


def _shade(rng: np.random.Generator, shape: tuple[int, ...], depth: float) -> np.ndarray:
    """(H, W) float32 factors of the light: less by ``depth`` on one side of a straight edge, sharp or soft."""
    angle = 2 * math.pi * rng.random()
    y, x = _axes(shape)
    across = np.float32(math.cos(angle)) * x + np.float32(math.sin(angle)) * y
    softness = uniform(rng, (0.01, 0.06)) if rng.random() < 0.4 else uniform(rng, (0.2, 1.2))
    place = uniform(rng, (-0.8, 0.8))
    return 1 - np.float32(depth) * np.clip((across - place) / np.float32(softness) + 0.5, 0, 1)


def _dark_edges(
    rng: np.random.Generator, grey: np.ndarray, height: float, room: tuple[float, float, float, float]
) -> None:
    """Bands along one to four borders: the scanner's lid, the edge of the page, the rim of a display."""
    level = uniform(rng, (0, 0.12)) if rng.random() < 0.75 else uniform(rng, (0.12, 0.5))
    sides = BORDERS if rng.random() < 0.2 else [side for side in BORDERS if rng.random() < 0.4] or ["left"]
    for side in sides:
        view = grey if side in ("top", "bottom") else grey.T
        most = max(1.5, 0.8 * room[BORDERS.index(side)])
        depth = min(most, height * uniform(rng, (0.03, 0.9)))
        slope = min(depth, most - depth) * uniform(rng, (-0.9, 0.9)) if rng.random() < 0.4 else 0.0
        edge = depth + slope * np.linspace(-1, 1, view.shape[1], dtype=np.float32)
        rows = min(view.shape[0], int(depth + abs(slope)) + 2)
        cover = np.clip(edge[None] - np.arange(rows, dtype=np.float32)[:, None], 0, 1)
        band = view[:rows] if side in ("top", "left") else view[::-1][:rows]
        band += cover * (np.float32(level) - band)


def take_picture(
    rng: np.random.Generator,
    around: Surroundings,
    grey: np.ndarray,
    owner: np.ndarray,
    height: float,
    *,
    noise: float,
    blur: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The picture that a scanner or telephone makes of what is seen, (H, W) uint8, and the owners of its pixels.

    grey: (H, W) float32, 1 = white; owner: (H, W) int16, index of the character, -1 = none; height: of a digit, in
    pixels of ``grey``; noise: standard deviation; blur: in pixels. The picture is smaller where it is coarse.
    """
    if rng.random() < around.blurred:
        blur = max(blur, height * uniform(rng, around.blurs))
    if blur > 0.25:
        grey = ndimage.gaussian_filter(grey, blur, truncate=2.5)
    if rng.random() < around.small:
        scale = uniform(rng, around.small_heights) / height
        if scale < 1:
            size = max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale))
            grey = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))
            owner = _shrunk(owner, size)
            height *= scale
    grey = grey + np.float32(noise) * rng.standard_normal(grey.shape, np.float32)
    if rng.random() < around.fax:
        grey = _fax(rng, grey, owner >= 0)
    image = np.clip(grey * 255 + 0.5, 0, 255).astype(np.uint8)
    if rng.random() >= around.jpeg:
        return image, owner
    # Digits of the size of JPEG's blocks, coarsely packed, are nothing that anybody could read.
    low, high = around.jpeg_qualities
    return stored_as_jpeg(image, int(uniform(rng, (max(low, min(45.0, 55 - 1.5 * height)), high)))), owner


def _shrunk(owner: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Owners of the pixels of a picture of that size (w, h): of each, that of its middle."""
    # Counted from 1: Pillow takes no negative bytes.
    coarse = Image.fromarray((owner + 1).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    return np.asarray(coarse, np.int16) - np.int16(1)


def _fax(rng: np.random.Generator, grey: np.ndarray, inked: np.ndarray) -> np.ndarray:
    """Black and white only, the threshold between the ink and the paper about it, with specks.

    inked: (H, W) bool, where the number's ink is. What is too faint to come out stays grey.
    """
    if not inked.any() or inked.all():
        return grey
    ink, paper = float(np.median(grey[inked])), float(np.median(grey[~inked]))
    if abs(paper - ink) < LEAST_FAXED:
        return grey
    # The machine follows the paper's own light, coarsely.
    step = max(1, min(grey.shape) // 4)
    size = -(-grey.shape[1] // step), -(-grey.shape[0] // step)
    coarse = Image.fromarray(grey.astype(np.float32)).resize(size, Image.Resampling.BOX)
    smooth = np.asarray(coarse.resize(grey.shape[::-1], Image.Resampling.BILINEAR))
    black = grey < ink + (paper - ink) * uniform(rng, (0.35, 0.7)) + 0.4 * (smooth - float(np.median(smooth)))
    if rng.random() < 0.5:
        black ^= rng.random(grey.shape, np.float32) < uniform(rng, (0, 0.012))
    return 1 - black.astype(np.float32)
