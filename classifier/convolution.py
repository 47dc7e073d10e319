"""A sigmoid network with shared weights: two strided 5 x 5 convolutions, a hidden layer, sigmoid outputs.

The architecture of Simard, Steinkraus and Platt 2003 ("Best practices for convolutional neural networks applied
to visual document analysis"): convolution with stride 2 does away with pooling. Hidden units are symmetric
sigmoids, tanh(z) = 2 sigma(2z) - 1 (LeCun et al. 1998b, "Efficient BackProp", section 4.4). Besides the crop the
hidden layer sees a few measures of the character (its size and place in the field). Inside, the batch is the last
axis of all maps: patches are then copied in long runs, in blocks that stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from classifier.crops import SIDE

Float = NDArray[np.float32]

KERNEL, STRIDE = 5, 2
FIRST, SECOND = 13, 5  # sides of the two layers of feature maps: (29 - 5) / 2 + 1 and (13 - 5) / 2 + 1
DIGITS, MARK = 10, 10  # outputs 0..9 are the digits, output 10 is "a mark: no digit, but written here on purpose"
OUTPUTS = 11
BLOCK = 32  # crops whose patches, 75 kB each, are in memory at once


@dataclass(frozen=True)
class Shape:
    """Channels of the crop, maps of the two convolutions, measures beside the crop, hidden units."""

    channels: int = 2
    first: int = 16
    second: int = 64
    measures: int = 16
    hidden: int = 200

    def __post_init__(self) -> None:
        for name in ("channels", "first", "second", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.measures < 0:
            raise ValueError(f"measures must not be negative, got {self.measures}")

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Inputs of one unit and number of units of each layer, by the name of its weights."""
        return {"kernel1": (KERNEL * KERNEL * self.channels, self.first),
                "kernel2": (KERNEL * KERNEL * self.first, self.second),
                "dense": (SECOND * SECOND * self.second + self.measures, self.hidden),
                "output": (self.hidden, OUTPUTS)}


@dataclass
class ConvolutionNetwork:
    """Weights by name; `forward` gives weighted sums, whose sigmoid are the outputs.

    weights: kernel1 (25 * channels, first), kernel2 (25 * first, second), dense (25 * second + measures,
    hidden), output (hidden, 11) and a bias for each, all float32.
    """

    shape: Shape
    weights: dict[str, Float]

    @classmethod
    def initialise(cls, shape: Shape, rng: np.random.Generator) -> ConvolutionNetwork:
        """Gaussian weights with variance 1 / fan-in (LeCun et al. 1998b, section 4.6), zero biases."""
        weights: dict[str, Float] = {}
        for name, (fan_in, units) in shape.sizes.items():
            weights[name] = (rng.standard_normal((fan_in, units)) / np.sqrt(fan_in)).astype(np.float32)
            weights[f"{name}_bias"] = np.zeros(units, dtype=np.float32)
        return cls(shape, weights)

    def __post_init__(self) -> None:
        for name, size in self.shape.sizes.items():
            for key, expected in ((name, size), (f"{name}_bias", size[1:])):
                if key not in self.weights or self.weights[key].shape != expected:
                    raise ValueError(f"weights {key} must be {expected}")

    def forward(self, crops: Float, measures: Float) -> Float:
        """Weighted sums (N, 11) of the outputs.

        crops: (N, channels, 28, 28) in [0, 1]; measures: (N, measures).
        """
        return self._activate(crops, measures)[-1]

    def _activate(self, crops: Float, measures: Float) -> tuple[list[Float], Float, Float, Float]:
        """Activations: first maps (first, 13, 13, B) of each block, then the inputs of the dense layer
        (25 * second + measures, N), the hidden layer (N, hidden) and the weighted sums of the outputs (N, 11).
        """
        w, seen = self.weights, SECOND * SECOND * self.shape.second
        features = np.empty((seen + self.shape.measures, len(crops)), dtype=w["dense"].dtype)
        features[seen:] = measures.T
        first = []
        for block in _blocks(len(crops)):
            maps1 = self._convolve("kernel1", _framed(crops[block], w["kernel1"].dtype), FIRST)
            maps2 = self._convolve("kernel2", maps1, SECOND)
            features[:seen, block] = maps2.transpose(1, 2, 0, 3).reshape(seen, -1)
            first.append(maps1)
        hidden = np.tanh(_affine(features.T, w["dense"], w["dense_bias"]))
        return first, features, hidden, _affine(hidden, w["output"], w["output_bias"])

    def _convolve(self, name: str, maps: Float, side: int) -> Float:
        """Feature maps (units, side, side, N) of the maps or the crops (C, S, S, N) below."""
        z = self.weights[name].T @ _patches(maps, side)
        z += self.weights[f"{name}_bias"][:, None]
        return np.tanh(z, out=z).reshape(-1, side, side, maps.shape[-1])

    def backpropagate(self, crops: Float, measures: Float, error_of) -> tuple[dict[str, Float], Float]:
        """Gradients of a cost by name, and the weighted sums (N, 11).

        error_of: from the weighted sums to dC/dz (N, 11), the delta of the output layer; the cost is its own
        business. Equations BP1-BP4 of the book, the layers with shared weights summing over all places.
        """
        w, seen = self.weights, SECOND * SECOND * self.shape.second
        first, features, hidden, z = self._activate(crops, measures)
        gradients = {name: np.zeros_like(value) for name, value in w.items()}

        def layer(name: str, inputs: Float, delta: Float) -> None:
            gradients[name] += inputs @ delta
            gradients[f"{name}_bias"] += delta.sum(axis=0)

        delta = error_of(z)
        layer("output", hidden.T, delta)
        delta = (delta @ w["output"].T) * (1 - hidden * hidden)
        layer("dense", features, delta)
        delta = (w["dense"][:seen] @ delta.T) * (1 - features[:seen] * features[:seen])
        for block, maps1 in zip(_blocks(len(crops)), first, strict=True):
            above = delta[:, block].reshape(SECOND * SECOND, self.shape.second, -1).transpose(1, 0, 2)
            above = above.reshape(self.shape.second, -1)
            layer("kernel2", _patches(maps1, SECOND), above.T)
            below = _scatter(w["kernel2"] @ above, len(maps1), SECOND, FIRST)
            below *= 1 - maps1 * maps1
            below = below.reshape(len(maps1), -1)
            layer("kernel1", _patches(_framed(crops[block], below.dtype), FIRST), below.T)
        return gradients, z


def _affine(inputs: Float, weights: Float, bias: Float) -> Float:
    z = inputs @ weights
    z += bias
    return z


def _blocks(n: int) -> list[slice]:
    """n crops in blocks of at most BLOCK, as even as can be."""
    bounds = np.linspace(0, n, -(-n // BLOCK) + 1).astype(int).tolist()
    return [slice(low, high) for low, high in pairwise(bounds)]


def _framed(crops: Float, dtype: np.dtype) -> Float:
    """Crops (N, C, 28, 28) as (C, 29, 29, N), the last row and column empty."""
    n, channels = crops.shape[:2]
    framed = np.zeros((channels, SIDE + 1, SIDE + 1, n), dtype=dtype)
    framed[:, :SIDE, :SIDE] = crops.transpose(1, 2, 3, 0)
    return framed


def _patches(maps: Float, side: int) -> Float:
    """(25 * C, side * side * N) patches of maps (C, S, S, N), those under the kernel at side x side places."""
    channels, _, _, n = maps.shape
    c, y, x, b = maps.strides
    shape, strides = (KERNEL, KERNEL, channels, side, side, n), (y, x, c, STRIDE * y, STRIDE * x, b)
    view = np.lib.stride_tricks.as_strided(maps, shape, strides, writeable=False)
    return view.reshape(KERNEL * KERNEL * channels, side * side * n)


def _scatter(patches: Float, channels: int, side: int, size: int) -> Float:
    """The transpose of `_patches`: sums patches (25 * C, side * side * N) into maps (C, size, size, N)."""
    patches = patches.reshape(KERNEL, KERNEL, channels, side, side, -1)
    maps = np.zeros((channels, size, size, patches.shape[-1]), dtype=patches.dtype)
    reach = STRIDE * (side - 1) + 1
    for y in range(KERNEL):
        for x in range(KERNEL):
            maps[:, y:y + reach:STRIDE, x:x + reach:STRIDE] += patches[y, x]
    return maps
