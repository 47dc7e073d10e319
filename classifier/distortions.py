"""Fresh affine and elastic distortions of digit crops (Simard, Steinkraus and Platt 2003, section 2), vectorised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Inks


@dataclass(frozen=True)
class Distortion:
    """Standard deviations of the random distortion of each crop, for crops of 28 x 28 pixels.

    rotation and shear in radians, scale and stretch in log size, shift and elastic displacement in pixels;
    smoothness: the elastic field's correlation length in pixels. pen: of the log of an exponent on the ink, which
    thins or thickens strokes.
    """

    rotation: float = 0.12
    shear: float = 0.18
    scale: float = 0.08
    stretch: float = 0.08
    shift: float = 0.7
    elastic: float = 1.1
    smoothness: float = 5.0
    pen: float = 0.25


def distort(crops: Inks, rng: np.random.Generator, how: Distortion = Distortion()) -> Inks:
    """Each of the crops (N, 28, 28) float32 in [0, 1] under its own random distortion, same shape."""
    n, side, _ = crops.shape
    middle = (side - 1) / 2
    grid = np.arange(side, dtype=np.float32) - middle
    matrix = _random_affine(n, rng, how)
    shift = rng.normal(0, how.shift, (n, 2)).astype(np.float32)
    field = _elastic_field(n, side, rng, how)
    x = matrix[:, 0, 0, None, None] * grid + matrix[:, 0, 1, None, None] * grid[:, None]
    y = matrix[:, 1, 0, None, None] * grid + matrix[:, 1, 1, None, None] * grid[:, None]
    x += shift[:, 0, None, None] + middle + field[0]
    y += shift[:, 1, None, None] + middle + field[1]
    result = _bilinear(crops, x, y)
    exponent = np.exp(rng.normal(0, how.pen, (n, 1, 1))).astype(np.float32)
    return np.power(result, exponent, out=result)


def _random_affine(n: int, rng: np.random.Generator, how: Distortion) -> NDArray[np.float32]:
    """(n, 2, 2) matrices: rotation times shear times scale and stretch."""
    angle, shear = rng.normal(0, how.rotation, n), rng.normal(0, how.shear, n)
    scale, stretch = np.exp(rng.normal(0, how.scale, n)), np.exp(rng.normal(0, how.stretch, n))
    cos, sin = np.cos(angle), np.sin(angle)
    across, down = scale * stretch, scale / stretch
    matrix = np.stack(
        [
            np.stack([cos * across, (cos * shear - sin) * down], axis=1),
            np.stack([sin * across, (sin * shear + cos) * down], axis=1),
        ],
        axis=1,
    )
    return matrix.astype(np.float32)


def _elastic_field(n: int, side: int, rng: np.random.Generator, how: Distortion) -> NDArray[np.float32]:
    """(2, n, side, side) smooth random displacements with standard deviation how.elastic."""
    knots = max(3, int(np.ceil(side / how.smoothness)) + 2)
    places = np.linspace(-how.smoothness, side - 1 + how.smoothness, knots)
    basis = np.exp(-0.5 * ((np.arange(side)[:, None] - places) / how.smoothness) ** 2)
    basis /= np.sqrt((basis**2).sum(axis=1, keepdims=True))
    basis = basis.astype(np.float32)
    noise = rng.standard_normal((2, n, knots, knots), dtype=np.float32) * np.float32(how.elastic)
    return basis @ noise @ basis.T


def _bilinear(crops: Inks, x: NDArray[np.float32], y: NDArray[np.float32]) -> Inks:
    """Crops (n, s, s) sampled at continuous pixel centres x, y (n, s, s); empty outside."""
    n, side, _ = crops.shape
    padded = np.zeros((n, side + 3, side + 3), dtype=np.float32)
    padded[:, 1:-2, 1:-2] = crops
    x, y = np.clip(x + 1, 0, side + 1), np.clip(y + 1, 0, side + 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = x - left.astype(np.float32), y - top.astype(np.float32)
    wide = side + 3
    index = left + top * wide + (np.arange(n, dtype=np.int32) * wide * wide)[:, None, None]
    flat = padded.ravel()
    upper = flat[index] * (1 - fx) + flat[index + 1] * fx
    lower = flat[index + wide] * (1 - fx) + flat[index + wide + 1] * fx
    return upper * (1 - fy) + lower * fy
