"""The line network: a picture of the whole line in, columns of log-probabilities out, one for every four pixels.

Convolutions halve the picture twice and its rows once more, a kernel as high as what is left makes one row of it, and
convolutions along the line, each added to what it sees (He et al. 2016), give every column its surroundings. What
is read from the columns is connectionist temporal classification (Graves et al. 2006; line_columns.py). It is trained
in PyTorch (pipeline/training/line/line_model.py); batch norm is folded into the kernels, so that here is nothing but
products, sums and rectifiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Columns, LinePicture, Weights
from classifier.line.line_picture import ROWS
from classifier.patches import even_blocks

ALPHABET = "0123456789"
BLANK = 10  # the symbol of a column at which nothing is read
MARKS = ".,-/:"  # symbols from FIRST_MARK on: written on purpose between digits
OTHER = "*"  # the last symbol: any other sign that was written on purpose and is no letter
FIRST_MARK = BLANK + 1
SYMBOLS = FIRST_MARK + len(MARKS) + 1
STRIDE = 4  # pixels of a line picture for each column
MARGIN = 8  # pixels of paper set at both ends: a digit cut at the edge needs columns, too

PATCHES = 200_000  # numbers in the patches that are in memory at once: what stays in the processor's cache
RESIDUAL = ("joints", "near", "far", "farther")  # layers that are added to what they see

LineMaps = NDArray[np.float32]  # (rows, columns, maps)


@dataclass(frozen=True)
class LineLayer:
    """One convolution: kernel rows x columns, how far it steps, paper set around, distance of its inputs."""

    maps: int
    kernel: tuple[int, int] = (3, 3)
    step: tuple[int, int] = (1, 1)
    around: tuple[int, int] = (1, 1)
    apart: int = 1  # along the line

    def size(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of its maps over maps of this size."""
        reach = self.apart * (self.kernel[1] - 1) + 1
        high = (rows + 2 * self.around[0] - self.kernel[0]) // self.step[0] + 1
        return high, (columns + 2 * self.around[1] - reach) // self.step[1] + 1


@dataclass(frozen=True)
class LineShape:
    """Maps of the six layers from the picture to one row, and which of the layers that are added to what they see
    (RESIDUAL) it has; these have the maps of the layer before them."""

    maps: tuple[int, ...] = (24, 48, 64, 80, 112, 160)
    symbols: int = SYMBOLS
    residual: tuple[str, ...] = ("near", "far")

    def __post_init__(self) -> None:
        object.__setattr__(self, "maps", tuple(self.maps))
        object.__setattr__(self, "residual", tuple(self.residual))
        if len(self.maps) != 6 or min(self.maps) < 1:
            raise ValueError(f"a line network has six layers of maps, got {self.maps}")
        if any(name not in RESIDUAL for name in self.residual):
            raise ValueError(f"layers that are added are named from {RESIDUAL}, got {self.residual}")
        if self.symbols != SYMBOLS:
            raise ValueError(f"a line network has {SYMBOLS} symbols, got {self.symbols}")

    @cached_property
    def layers(self) -> dict[str, LineLayer]:
        """Convolutions by name, from the picture upward; those after `column` run along the line."""
        a, b, c, d, e, f = self.maps
        layers = {
            "edges": LineLayer(a, (5, 5), (2, 2), (2, 2)),
            "strokes": LineLayer(b),
            "corners": LineLayer(c, step=(2, 2)),
            "shapes": LineLayer(d),
            "parts": LineLayer(e, step=(2, 1)),
            "joints": LineLayer(e),
            "column": LineLayer(f, (ROWS // 8, 3), around=(0, 1)),
            "near": LineLayer(f, (1, 5), around=(0, 2)),
            "far": LineLayer(f, (1, 5), around=(0, 4), apart=2),
            "farther": LineLayer(f, (1, 5), around=(0, 8), apart=4),
        }
        return {name: layer for name, layer in layers.items() if name not in RESIDUAL or name in self.residual}

    @cached_property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Inputs of one unit and number of units of each layer, by the name of its weights."""
        below, sizes = 1, {}
        for name, layer in self.layers.items():
            sizes[name] = (layer.kernel[0] * layer.kernel[1] * below, layer.maps)
            below = layer.maps
        return {**sizes, "output": (below, self.symbols)}


@dataclass
class LineNetwork:
    """Weights by name: (kernel rows * kernel columns * maps below, maps) and a bias for each layer, all float32."""

    shape: LineShape
    weights: dict[str, Weights]

    @classmethod
    def initialise(cls, shape: LineShape, rng: np.random.Generator) -> LineNetwork:
        """Gaussian weights of variance 2 / fan-in (He et al. 2015), biases zero."""
        weights: dict[str, Weights] = {}
        for name, (fan_in, units) in shape.sizes.items():
            weights[name] = (rng.standard_normal((fan_in, units)) * np.sqrt(2 / fan_in)).astype(np.float32)
            weights[f"{name}_bias"] = np.zeros(units, np.float32)
        return cls(shape, weights)

    def __post_init__(self) -> None:
        for name, size in self.shape.sizes.items():
            for key, expected in ((name, size), (f"{name}_bias", size[1:])):
                if key not in self.weights or self.weights[key].shape != expected:
                    raise ValueError(f"weights {key} must be {expected}")

    def columns(self, picture: LinePicture) -> Columns:
        """Log-probabilities (T, SYMBOLS) of a line picture (ROWS, W); T = `column_count(W)`."""
        return log_softmax(self.sums(picture))

    def sums(self, picture: LinePicture) -> NDArray[np.float32]:
        """Weighted sums (T, SYMBOLS) of the outputs."""
        return self.features(picture) @ self.weights["output"] + self.weights["output_bias"]

    def features(self, picture: LinePicture) -> NDArray[np.float32]:
        """What the outputs see, (T, maps of the last layer)."""
        maps: LineMaps = framed(picture)[:, :, None]
        for name in self.shape.layers:
            above = self._convolve(name, maps)
            maps = maps + above if name in RESIDUAL else above
        return maps[0]

    def _convolve(self, name: str, maps: LineMaps) -> LineMaps:
        """The layer's maps over those below: a product for each block of rows, in which a row of the kernel is one run
        of memory."""
        layer, weights, bias = self.shape.layers[name], self.weights[name], self.weights[f"{name}_bias"]
        patches = _patches(layer, maps)
        rows, columns = patches.shape[:2]
        above = np.empty((rows, columns, layer.maps), np.float32)
        for block in even_blocks(rows, max(1, PATCHES // (columns * len(weights)))):
            z = above[block].reshape(-1, layer.maps)
            np.matmul(patches[block].reshape(len(z), -1), weights, out=z)
            z += bias
            np.maximum(z, 0, out=z)
        return above


def framed(picture: LinePicture) -> LinePicture:
    """The picture with MARGIN pixels of paper at both ends, and as many more as make its width a multiple of STRIDE."""
    rows, width = picture.shape
    wider = np.zeros((rows, MARGIN + width + MARGIN + -width % STRIDE), picture.dtype)
    wider[:, MARGIN : MARGIN + width] = picture
    return wider


def column_count(width: int) -> int:
    """Columns of a line picture of this width."""
    return (width + 2 * MARGIN + STRIDE - 1) // STRIDE


def column_pixels(first: int, last: int) -> tuple[int, int]:
    """The pixels [left, right) of a line picture under the columns first..last; may reach into the margin."""
    return first * STRIDE - MARGIN, (last + 1) * STRIDE - MARGIN


def log_softmax(sums: NDArray[np.float32]) -> Columns:
    """Log-probabilities (T, K) of weighted sums (T, K)."""
    shifted = sums - sums.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def without_marks(columns: Columns) -> Columns:
    """The columns (T, 11) over the digits and the blank alone: marks are blank, their probabilities are added to it.

    Exact: the probability of a text of digits is the sum over all texts with marks between its digits.
    """
    return np.concatenate([columns[:, :BLANK], np.logaddexp.reduce(columns[:, BLANK:], axis=1)[:, None]], axis=1)


def _patches(layer: LineLayer, maps: LineMaps) -> NDArray[np.float32]:
    """(rows, columns, kernel rows, kernel columns, maps below) what each unit sees, a view."""
    (up, aside), (down, along), kernel = layer.around, layer.step, layer.kernel
    padded = np.zeros((maps.shape[0] + 2 * up, maps.shape[1] + 2 * aside, maps.shape[2]), np.float32)
    padded[up : up + maps.shape[0], aside : aside + maps.shape[1]] = maps
    y, x, c = padded.strides
    shape = (*layer.size(maps.shape[0], maps.shape[1]), *kernel, maps.shape[2])
    # As by as_strided, which takes many times as long.
    return np.ndarray(shape, padded.dtype, padded, 0, (down * y, along * x, y, layer.apart * x, c))
