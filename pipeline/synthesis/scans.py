"""From ink to a picture: cropped as a field is, put on paper, scanned."""

from __future__ import annotations

import io

import numpy as np
from scipy import ndimage

from pipeline.synthesis.papers import draw_paper, draw_rules, mottle
from pipeline.synthesis.style import StringStyle, pick_weighted, uniform

LEAST_SIDE = 8  # pixels


def crop_field(
    rng: np.random.Generator,
    style: StringStyle,
    height: float,
    ink: np.ndarray,
    owner: np.ndarray,
    inside: tuple[bool, ...],
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """(ink, owner, row of the number's bottom, row of its top), cut out with the style's margins.

    ink: (H, W) float32; owner: (H, W) int16; inside: for each owner, whether it is part of the number: what is
    not may be cut away.
    """
    wanted = np.array([*inside, False])[owner]
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    if len(rows) == 0:
        middle = ink.shape[0] // 2
        rows, columns = np.array([middle, middle + int(height)]), np.array([0, ink.shape[1] - 1])
    sides = [round(height * uniform(rng, style.margins)) for _ in range(4)]
    if rng.random() < 0.12:
        sides[3] += round(height * uniform(rng, (0.2, 1.5)))
    first, last = rows[0] - sides[0], rows[-1] + 1 + sides[1]
    left, right = columns[0] - sides[2], columns[-1] + 1 + sides[3]
    # A lone dash or point, its margins cut away, would leave no picture.
    last, right = max(last, first + LEAST_SIDE), max(right, left + LEAST_SIDE)
    pads = ((max(0, -first), max(0, last - ink.shape[0])), (max(0, -left), max(0, right - ink.shape[1])))
    window = slice(max(0, first), last), slice(max(0, left), right)
    return (
        np.pad(ink[window], pads),
        np.pad(owner[window], pads, constant_values=-1),
        float(rows[-1] + 1 - first),
        float(rows[0] - first),
    )


def scan(
    rng: np.random.Generator, style: StringStyle, height: float, ink: np.ndarray, *, bottom: float, top: float
) -> np.ndarray:
    """Ink on paper, blurred and noisy as scanned: (H, W) uint8, 255 = white.

    ink: (H, W) float32 in [0, 1]; height: of its digits in pixels; bottom, top: rows of the number's edges.
    """
    dark = uniform(rng, style.darkness)
    # Patterns fainter than the ink: nobody could read the number otherwise.
    paper = draw_paper(rng, ink.shape, pick_weighted(rng, style.papers), height, faintest_ink=dark)
    draw_rules(rng, paper, bottom=bottom, top=top, height=height, chance=style.rules, boxed=rng.random() < style.boxes)
    if rng.random() < style.faded:
        ink = ink * np.clip(0.85 + uniform(rng, (0.1, 0.4)) * mottle(rng, ink.shape, height), 0.15, 1)
    elif rng.random() < 0.5:
        ink = ink * (1 - np.float32(0.35 * rng.random()) * rng.random(ink.shape, np.float32))
    grey = paper * (1 - np.float32(dark) * ink)
    sigma = uniform(rng, style.blur) * min(1.6, max(0.5, height / 34))
    if sigma > 0.25:
        grey = ndimage.gaussian_filter(grey, sigma, truncate=2.5)
    grey += np.float32(uniform(rng, style.noise)) * rng.standard_normal(ink.shape, np.float32)
    if rng.random() < style.binary:
        grey = (grey > np.median(paper) * (1 - dark * uniform(rng, (0.35, 0.6)))).astype(np.float32)
    if rng.random() < style.inverted:
        grey = 1 - grey
    image = np.clip(grey * 255 + 0.5, 0, 255).astype(np.uint8)
    return stored_as_jpeg(image, int(uniform(rng, (35, 92)))) if rng.random() < style.jpeg else image


def stored_as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Pixels uint8 as they come back from a JPEG of that quality."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as picture:
        return np.array(picture)
