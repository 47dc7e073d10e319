"""A sigmoid network with shared weights: two strided 5 x 5 convolutions, a hidden layer, sigmoid outputs.

The architecture of Simard, Steinkraus and Platt 2003 ("Best practices for convolutional neural networks applied to
visual document analysis"): convolution with stride 2 does away with pooling. Hidden units are symmetric sigmoids,
tanh(z) = 2 sigma(2z) - 1 (LeCun et al. 1998b, "Efficient BackProp", section 4.4). Besides the crop the hidden layer
sees a few measures of the character (its size and place in the field). Arrays are batched, channels last inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.crops import SIDE

Float = NDArray[np.float32]

KERNEL, STRIDE = 5, 2
FIRST, SECOND = 13, 5  # sides of the two layers of feature maps: (29 - 5) / 2 + 1 and (13 - 5) / 2 + 1
DIGITS, MARK = 10, 10  # outputs 0..9 are the digits, output 10 is "a mark: not a digit, but written here on purpose"
OUTPUTS = 11


@dataclass(frozen=True)
class Shape:
    """Channels of the crop, maps of the two convolutions, measures beside the crop, hidden units."""

    channels: int = 2
    first: int = 16
    second: int = 64
    measures: int = 16
    hidden: int = 200


@dataclass
class ConvolutionNetwork:
    """Weights by name; `forward` gives weighted sums, whose sigmoid are the outputs.

    weights: kernel1 (25 * channels, first), kernel2 (25 * first, second), dense (25 * second + measures, hidden),
    output (hidden, 11) and a bias for each, all float32.
    """

    shape: Shape
    weights: dict[str, Float]

    @classmethod
    def initialise(cls, shape: Shape, rng: np.random.Generator) -> ConvolutionNetwork:
        """Gaussian weights with variance 1 / fan-in (LeCun et al. 1998b, section 4.6), zero biases."""
        sizes = {"kernel1": (KERNEL * KERNEL * shape.channels, shape.first),
                 "kernel2": (KERNEL * KERNEL * shape.first, shape.second),
                 "dense": (SECOND * SECOND * shape.second + shape.measures, shape.hidden),
                 "output": (shape.hidden, OUTPUTS)}
        weights: dict[str, Float] = {}
        for name, (fan_in, units) in sizes.items():
            weights[name] = (rng.standard_normal((fan_in, units)) / np.sqrt(fan_in)).astype(np.float32)
            weights[f"{name}_bias"] = np.zeros(units, dtype=np.float32)
        return cls(shape, weights)

    def __post_init__(self) -> None:
        expected = {"kernel1": (KERNEL * KERNEL * self.shape.channels, self.shape.first),
                    "kernel2": (KERNEL * KERNEL * self.shape.first, self.shape.second),
                    "dense": (SECOND * SECOND * self.shape.second + self.shape.measures, self.shape.hidden),
                    "output": (self.shape.hidden, OUTPUTS)}
        for name, size in expected.items():
            if name not in self.weights or self.weights[name].shape != size:
                raise ValueError(f"weights {name} must be {size}")

    def forward(self, crops: Float, measures: Float) -> Float:
        """Weighted sums (N, 11) of the outputs. crops: (N, channels, 28, 28) in [0, 1]; measures: (N, measures)."""
        return self._activate(crops, measures)[-1]

    def _activate(self, crops: Float, measures: Float) -> tuple[Float, ...]:
        """Patches and activations of every layer, the last being the weighted sums of the outputs."""
        w, n = self.weights, len(crops)
        padded = np.zeros((n, SIDE + 1, SIDE + 1, crops.shape[1]), dtype=np.float32)
        padded[:, :SIDE, :SIDE] = crops.transpose(0, 2, 3, 1)
        patches1 = _patches(padded, FIRST)
        maps1 = np.tanh(_affine(patches1, w["kernel1"], w["kernel1_bias"]))
        patches2 = _patches(maps1.reshape(n, FIRST, FIRST, -1), SECOND)
        maps2 = np.tanh(_affine(patches2, w["kernel2"], w["kernel2_bias"]))
        features = np.concatenate([maps2.reshape(n, -1), measures], axis=1)
        hidden = np.tanh(_affine(features, w["dense"], w["dense_bias"]))
        return patches1, maps1, patches2, maps2, features, hidden, _affine(hidden, w["output"], w["output_bias"])

    def backpropagate(self, crops: Float, measures: Float, error_of) -> tuple[dict[str, Float], Float]:
        """Gradients of a cost by name, and the weighted sums (N, 11).

        error_of: from the weighted sums to dC/dz (N, 11), the delta of the output layer; the cost is its own
        business. Equations BP1-BP4 of the book, the layers with shared weights summing over all places.
        """
        w = self.weights
        patches1, maps1, patches2, maps2, features, hidden, z = self._activate(crops, measures)
        delta = error_of(z)
        gradients: dict[str, Float] = {}

        def layer(name: str, inputs: Float, delta: Float) -> None:
            gradients[name] = inputs.T @ delta
            gradients[f"{name}_bias"] = delta.sum(axis=0)

        layer("output", hidden, delta)
        delta = (delta @ w["output"].T) * (1 - hidden * hidden)
        layer("dense", features, delta)
        delta = (delta @ w["dense"][: SECOND * SECOND * self.shape.second].T).reshape(maps2.shape)
        delta *= 1 - maps2 * maps2
        layer("kernel2", patches2, delta)
        delta = _scatter(delta @ w["kernel2"].T, len(crops), SECOND, FIRST).reshape(maps1.shape)
        delta *= 1 - maps1 * maps1
        layer("kernel1", patches1, delta)
        return gradients, z


def _affine(inputs: Float, weights: Float, bias: Float) -> Float:
    z = inputs @ weights
    z += bias
    return z


def _patches(maps: Float, side: int) -> Float:
    """(N * side * side, 25 * C) patches of maps (N, S, S, C) under the kernel at each of side x side places."""
    n, _, _, channels = maps.shape
    b, y, x, c = maps.strides
    view = np.lib.stride_tricks.as_strided(
        maps, (n, side, side, KERNEL, KERNEL, channels), (b, STRIDE * y, STRIDE * x, y, x, c), writeable=False)
    return view.reshape(n * side * side, KERNEL * KERNEL * channels)


def _scatter(patches: Float, n: int, side: int, size: int) -> Float:
    """The transpose of `_patches`: sums patches (N * side * side, 25 * C) into maps (N, size, size, C)."""
    patches = patches.reshape(n, side, side, KERNEL, KERNEL, -1)
    maps = np.zeros((n, size, size, patches.shape[-1]), dtype=np.float32)
    reach = STRIDE * (side - 1) + 1
    for y in range(KERNEL):
        for x in range(KERNEL):
            maps[:, y:y + reach:STRIDE, x:x + reach:STRIDE] += patches[:, :, :, y, x]
    return maps
