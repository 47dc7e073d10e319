"""What a convolution works on: patches of maps as the columns of a matrix, and back; the batch is the last axis."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from classifier.arrays import Activations, Crops, Maps, Weights
from classifier.crops import SIDE

if TYPE_CHECKING:
    from classifier.network import Convolution

FRAME = SIDE + 1  # crops get an empty last row and column, so that kernels of 5 with stride 2 come out even


def add_layer(gradients: dict[str, Weights], name: str, inputs: Activations, delta: Activations) -> None:
    """BP3 and BP4: inputs (nI, N), delta (N, nO)."""
    gradients[name] += inputs @ delta
    gradients[f"{name}_bias"] += delta.sum(axis=0)


def affine(inputs: Activations, weights: Weights, bias: Weights) -> Activations:
    """Weighted sums (N, nO) of inputs (N, nI)."""
    z = inputs @ weights
    z += bias
    return z


def even_blocks(n: int, most: int) -> list[slice]:
    """n crops in blocks of at most `most`, as even as can be."""
    if 0 < n <= most:
        return [slice(0, n)]
    bounds = np.linspace(0, n, -(-n // most) + 1).astype(int).tolist()
    return [slice(low, high) for low, high in pairwise(bounds)]


def framed_crops(crops: Crops, dtype: np.dtype) -> Maps:
    """Crops (N, C, 28, 28) as (C, 29, 29, N), the last row and column empty."""
    n, channels = crops.shape[:2]
    framed = np.zeros((channels, FRAME, FRAME, n), dtype=dtype)
    framed[:, :SIDE, :SIDE] = crops.transpose(1, 2, 3, 0)
    return framed


def patches_of(maps: Maps, layer: Convolution, side: int) -> Activations:
    """(kernel * kernel * C, side * side * N) patches of maps (C, S, S, N), in one run of memory: those under the kernel
    at side x side places."""
    channels, _, _, n = maps.shape
    c, y, x, b = maps.strides
    shape = (layer.kernel, layer.kernel, channels, side, side, n)
    # A view, as by as_strided, which takes many times as long.
    view = np.ndarray(shape, maps.dtype, maps, 0, (y, x, c, layer.stride * y, layer.stride * x, b))
    return view.reshape(layer.kernel**2 * channels, side * side * n)


def scattered(patches: Activations, layer: Convolution, side: int, shape: tuple[int, ...]) -> Maps:
    """The transpose of `patches_of`: sums patches (kernel * kernel * C, side * side * N) into maps (C, S, S, N)."""
    patches = patches.reshape(layer.kernel, layer.kernel, shape[0], side, side, -1)
    maps = np.zeros(shape, dtype=patches.dtype)
    reach = layer.stride * (side - 1) + 1
    for y in range(layer.kernel):
        for x in range(layer.kernel):
            maps[:, y : y + reach : layer.stride, x : x + reach : layer.stride] += patches[y, x]
    return maps
