"""The line network in PyTorch, for training: batch norm, loss, and what becomes of it in numpy.

Batch norm (Ioffe and Szegedy 2015) is what makes an hour of training enough; `folded` takes it into the kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from classifier.line.line_network import BLANK, RESIDUAL, LineNetwork, LineShape
from pipeline.training.line.line_strings import LineBatch, symbols_of

IMPOSSIBLE = -1e4  # log-probability of a mark where marks are not told from blanks


class LineModel(nn.Module):
    """(N, 1, ROWS, W) framed pictures to weighted sums (N, T, symbols). Layers are named as in LineShape."""

    def __init__(self, shape: LineShape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape, below = shape, 1
        self.layers, self.norms = nn.ModuleDict(), nn.ModuleDict()
        for name, layer in shape.layers.items():
            self.layers[name] = nn.Conv2d(
                below, layer.maps, layer.kernel, layer.step, layer.around, (1, layer.apart), bias=False
            )
            self.norms[name], below = nn.BatchNorm2d(layer.maps), layer.maps
        self.drop, self.output = nn.Dropout2d(dropout), nn.Conv2d(below, shape.symbols, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Weighted sums (N, T, symbols) of pictures (N, 1, ROWS, W)."""
        maps = pictures
        for name in self.layers:
            above = functional.relu(self.norms[name](self.layers[name](maps)))
            maps = maps + above if name in RESIDUAL else above
            maps = self.drop(maps) if name in ("column", "near") else maps
        return self.output(maps).squeeze(2).transpose(1, 2)


def ctc_loss(sums: Tensor, batch: LineBatch) -> Tensor:
    """Mean over strings of -ln P(written) divided by its length (Graves et al. 2006).

    Where a string's marks are not known, their symbols count as blanks (line_network.without_marks).
    """
    columns = functional.log_softmax(sums.float(), dim=2)
    merged = columns[:, :, BLANK:].logsumexp(dim=2, keepdim=True)
    marks = torch.full_like(columns[:, :, BLANK + 1 :], IMPOSSIBLE)
    known = torch.from_numpy(batch.marks_known)[:, None, None]
    columns = torch.where(known, columns, torch.cat([columns[:, :, :BLANK], merged, marks], dim=2))
    targets = torch.tensor([symbol for text in batch.written for symbol in symbols_of(text)], dtype=torch.long)
    lengths = torch.tensor([len(text) for text in batch.written])
    return functional.ctc_loss(
        columns.transpose(0, 1), targets, torch.from_numpy(batch.columns), lengths, blank=BLANK, zero_infinity=True
    )


def folded(model: LineModel) -> LineNetwork:
    """The network for reading: y = g (W x - m) / sqrt(v + e) + b is one product and one bias."""
    weights: dict[str, Any] = {}
    for name, layer in model.layers.items():
        norm = model.norms[name]
        gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
        weights[name] = _matrix(layer) * gain
        weights[f"{name}_bias"] = _array(norm.bias) - _array(norm.running_mean) * gain
    weights["output"], weights["output_bias"] = _matrix(model.output), _array(model.output.bias)
    return LineNetwork(model.shape, {name: value.astype(np.float32) for name, value in weights.items()})


def _matrix(layer: Any) -> np.ndarray:
    """(kernel rows * kernel columns * maps below, maps) of a convolution (maps, maps below, rows, columns)."""
    kernel = _array(layer.weight)
    return kernel.transpose(2, 3, 1, 0).reshape(-1, kernel.shape[0])


def _array(value: Any) -> np.ndarray:
    return value.detach().double().numpy()
