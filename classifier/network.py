"""A network with shared weights: strided convolutions, a hidden layer, sigmoid outputs.

Convolutions whose stride is 2 here and there do away with pooling (Simard, Steinkraus and Platt 2003, "Best practices
for convolutional neural networks applied to visual document analysis"). Units are symmetric sigmoids,
tanh(z) = 2 sigma(2z) - 1 (LeCun et al. 1998b, "Efficient BackProp", section 4.4), or rectified linear, max(0, z)
(Nielsen ch. 3 and 6; Glorot, Bordes and Bengio 2011); outputs are always sigmoid neurons. Besides the crop the hidden
layer sees a few measures of the character (its size and place in the field). Inside, the batch is the last axis of all
maps: patches are then copied in long runs, in blocks that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from classifier.arrays import Activations, Crops, Logits, Maps, Measures, Weights
from classifier.crops import SIDE
from classifier.patches import FRAME, add_layer, affine, even_blocks, framed_crops, patches_of, scattered

DIGITS, SKIP = 10, 10  # outputs 0..9 are the digits; output 10 skips: "a mark: no digit, but written here on purpose"
SYMBOLS = 11
PATCHES = 600_000  # numbers in the patches that are in memory at once: what stays in the processor's cache
BLOCK = 64  # crops whose activations are in memory at once
UNITS = ("tanh", "rectified")


@dataclass(frozen=True)
class Convolution:
    """One layer of feature maps: kernels of kernel x kernel pixels at every stride-th place, no padding."""

    kernel: int
    stride: int
    maps: int

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "maps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    def side(self, below: int) -> int:
        """Side of the maps over maps or a crop of side `below`."""
        return (below - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class Shape:
    """Channels of the crop, convolutions from the crop upward, measures beside the crop, hidden units, their kind."""

    channels: int = 2
    convolutions: tuple[Convolution, ...] = (Convolution(5, 2, 16), Convolution(5, 2, 64))
    measures: int = 16
    hidden: int = 200
    unit: str = "tanh"

    def __post_init__(self) -> None:
        layers = tuple(each if isinstance(each, Convolution) else Convolution(**each) for each in self.convolutions)
        object.__setattr__(self, "convolutions", layers)
        for name in ("channels", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.measures < 0:
            raise ValueError(f"measures must not be negative, got {self.measures}")
        if self.unit not in UNITS:
            raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {self.unit!r}")
        if min(self.sides) < 1:
            raise ValueError(f"convolutions {layers} leave nothing of a crop of {SIDE} pixels")

    @cached_property
    def sides(self) -> tuple[int, ...]:
        """Sides of the framed crop and of each layer of maps."""
        sides = [FRAME]
        for layer in self.convolutions:
            sides.append(layer.side(sides[-1]))
        return tuple(sides)

    @cached_property
    def maps(self) -> tuple[int, ...]:
        """Channels of the crop and maps of each layer."""
        return (self.channels, *(layer.maps for layer in self.convolutions))

    @property
    def features(self) -> int:
        """Activations of the topmost maps."""
        return self.sides[-1] ** 2 * self.maps[-1]

    @cached_property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Inputs of one unit and number of units of each layer, by the name of its weights."""
        kernels = {
            kernel_name(k): (layer.kernel**2 * self.maps[k], layer.maps) for k, layer in enumerate(self.convolutions)
        }
        return {**kernels, "dense": (self.features + self.measures, self.hidden), "output": (self.hidden, SYMBOLS)}

    @cached_property
    def block(self) -> int:
        """Crops that go through the convolutions at once."""
        kernels = zip(self.convolutions, self.maps, self.sides[1:], strict=False)
        largest = max((layer.kernel**2 * below * side**2 for layer, below, side in kernels), default=1)
        return max(4, min(32, PATCHES // largest))


def kernel_name(layer: int) -> str:
    """Name of the weights of a convolution, counted from 0."""
    return f"kernel{layer + 1}"


@dataclass
class ConvolutionNetwork:
    """Weights by name; `forward` gives weighted sums, whose sigmoid are the outputs.

    weights: kernel1, kernel2, ... (kernel * kernel * maps below, maps), dense (features + measures, hidden),
    output (hidden, 11) and a bias for each, all float32.
    """

    shape: Shape
    weights: dict[str, Weights]

    @classmethod
    def initialise(cls, shape: Shape, rng: np.random.Generator) -> ConvolutionNetwork:
        """Gaussian weights with variance 1 / fan-in (LeCun et al. 1998b, section 4.6), zero biases.

        Under rectified units, half of which are silent, the variance is 2 / fan-in (He et al. 2015).
        """
        weights: dict[str, Weights] = {}
        gain = np.sqrt(2.0) if shape.unit == "rectified" else 1.0
        for name, (fan_in, units) in shape.sizes.items():
            scale = (1.0 if name == "output" else gain) / np.sqrt(fan_in)
            weights[name] = (rng.standard_normal((fan_in, units)) * scale).astype(np.float32)
            weights[f"{name}_bias"] = np.zeros(units, dtype=np.float32)
        return cls(shape, weights)

    def __post_init__(self) -> None:
        for name, size in self.shape.sizes.items():
            for key, expected in ((name, size), (f"{name}_bias", size[1:])):
                if key not in self.weights or self.weights[key].shape != expected:
                    raise ValueError(f"weights {key} must be {expected}")

    def forward(self, crops: Crops, measures: Measures) -> Logits:
        """Weighted sums (N, 11) of the outputs.

        crops: (N, channels, 28, 28) in [0, 1]; measures: (N, measures).
        """
        return self._activate(crops, measures, keep=False)[-1]

    def _activate(
        self, crops: Crops, measures: Measures, keep: bool = True
    ) -> tuple[list[list[Maps]], Activations, Activations, Logits]:
        """Activations: of each block, the framed crops and all maps (maps, side, side, B); the inputs of the dense
        layer (features + measures, N), the hidden layer (N, hidden) and the weighted sums of the outputs (N, 11).
        """
        w, seen = self.weights, self.shape.features
        features = np.empty((seen + self.shape.measures, len(crops)), dtype=w["dense"].dtype)
        features[seen:] = measures.T
        layers = []
        for block in even_blocks(len(crops), self.shape.block):
            maps = [framed_crops(crops[block], w["dense"].dtype)]
            for k in range(len(self.shape.convolutions)):
                maps.append(self._convolve(k, maps[-1]))
            features[:seen, block] = maps[-1].transpose(1, 2, 0, 3).reshape(seen, -1)
            if keep:
                layers.append(maps[:-1])
        hidden = self._squash(affine(features.T, w["dense"], w["dense_bias"]))
        return layers, features, hidden, affine(hidden, w["output"], w["output_bias"])

    def _convolve(self, k: int, maps: Maps) -> Maps:
        """Feature maps (units, side, side, N) of the maps or the crops (C, S, S, N) below."""
        name, layer, side = kernel_name(k), self.shape.convolutions[k], self.shape.sides[k + 1]
        z = self.weights[name].T @ patches_of(maps, layer, side)
        z += self.weights[f"{name}_bias"][:, None]
        return self._squash(z).reshape(-1, side, side, maps.shape[-1])

    def _squash(self, z: Activations) -> Activations:
        """The units' outputs, in place of their weighted sums."""
        return np.tanh(z, out=z) if self.shape.unit == "tanh" else np.maximum(z, 0, out=z)

    def _slope(self, a: Activations) -> Activations:
        """The derivative of the units' outputs a by their weighted sums."""
        return 1 - a * a if self.shape.unit == "tanh" else (a > 0).astype(a.dtype)

    def backpropagate(
        self, crops: Crops, measures: Measures, error_of: Callable[[Logits], Logits]
    ) -> tuple[dict[str, Weights], Logits]:
        """Gradients of a cost by name, and the weighted sums (N, 11).

        error_of: from the weighted sums to dC/dz (N, 11), the delta of the output layer; the cost is its own
        business. Equations BP1-BP4 of the book, the layers with shared weights summing over all places.
        """
        w, seen = self.weights, self.shape.features
        layers, features, hidden, z = self._activate(crops, measures)
        gradients = {name: np.zeros_like(value) for name, value in w.items()}

        delta = error_of(z)
        add_layer(gradients, "output", hidden.T, delta)
        delta = (delta @ w["output"].T) * self._slope(hidden)
        add_layer(gradients, "dense", features, delta)
        delta = (w["dense"][:seen] @ delta.T) * self._slope(features[:seen])
        for block, maps in zip(even_blocks(len(crops), self.shape.block), layers, strict=True):
            side, top = self.shape.sides[-1], self.shape.maps[-1]
            above = delta[:, block].reshape(side * side, top, -1).transpose(1, 0, 2).reshape(top, -1)
            self._descend(maps, above, gradients)
        return gradients, z

    def _descend(self, maps: list[Maps], above: Activations, gradients: dict[str, Weights]) -> None:
        """Adds the gradients of the convolutions for one block; above: (maps, side * side * B) delta of the topmost."""
        for k in reversed(range(len(maps))):
            layer, side = self.shape.convolutions[k], self.shape.sides[k + 1]
            add_layer(gradients, kernel_name(k), patches_of(maps[k], layer, side), above.T)
            if k:
                below = scattered(self.weights[kernel_name(k)] @ above, layer, side, maps[k].shape)
                below *= self._slope(maps[k])
                above = below.reshape(len(below), -1)


def forward_blocks(network: ConvolutionNetwork, crops: Crops, measures: Measures) -> Logits:
    """Weighted sums (N, 11), computed in blocks of BLOCK crops."""
    parts = [network.forward(crops[k : k + BLOCK], measures[k : k + BLOCK]) for k in range(0, len(crops), BLOCK)]
    return np.concatenate(parts) if parts else np.zeros((0, SYMBOLS), dtype=np.float32)
