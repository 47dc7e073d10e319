"""Light and what the lens and the scanner do with it: shade, reflections, dark edges, coarse and poor copies."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image
from scipy import ndimage

from pipeline.synthesis.style import uniform
from pipeline.synthesis.surroundings.chances import Surroundings

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
    rng: np.random.Generator, around: Surroundings, grey: np.ndarray, height: float, noise: float, blur: float
) -> np.ndarray:
    """The picture that a scanner or telephone makes of what is seen: (H, W) uint8.

    grey: (H, W) float32, 1 = white; height: of a digit, in pixels of ``grey``; noise: standard deviation; blur: in
    pixels. The result is smaller where the picture is coarse.
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
    grey = grey + np.float32(noise) * rng.standard_normal(grey.shape, np.float32)
    if rng.random() < around.fax:
        grey = _fax(rng, grey)
    image = np.clip(grey * 255 + 0.5, 0, 255).astype(np.uint8)
    return _jpeg(image, int(uniform(rng, around.jpeg_qualities))) if rng.random() < around.jpeg else image


def _fax(rng: np.random.Generator, grey: np.ndarray) -> np.ndarray:
    """Black and white only, the threshold between paper and ink, with specks."""
    light, dark = np.percentile(grey[::2, ::2], (75, 1))
    black = grey < dark + (light - dark) * uniform(rng, (0.35, 0.7))
    specks = uniform(rng, (0, 0.012)) if rng.random() < 0.5 else 0.0
    if specks:
        black ^= rng.random(grey.shape, np.float32) < specks
    return 1 - black.astype(np.float32)


def _jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as picture:
        return np.array(picture)
