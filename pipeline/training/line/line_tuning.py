"""Fine-tuning of a line network out of a weights file, in PyTorch: the norms that were folded away come back.

A weights file holds kernels and biases only (`line_model.folded`). A norm that leaves its layer as it is makes it a
network as it was trained again: mean and variance of the layer's sums are taken from pictures, gain and offset undo
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classifier.line.line_network import RESIDUAL, LineNetwork
from pipeline.training.line.line_model import LineModel, ctc_loss, folded
from pipeline.training.line.line_state import restore_training, training_arrays
from pipeline.training.line.line_strings import LineBatch

BFLOAT16 = torch.cpu._is_avx512_bf16_supported()
"""Where the processor multiplies in bfloat16, training takes half the time; elsewhere it would take longer."""


@dataclass(frozen=True)
class TuningConfig:
    """learning_rate: the highest; it rises over `warm_up` steps and falls to nothing along a cosine. averaging: of the
    running mean of the weights. own: weight of the user's strings in the loss, the rest is that of the base strings.
    kept: how much of the parent's weights is mixed into those found (Wortsman et al. 2022). norms: whether norms are
    trained with each batch's own statistics, as they were; if not, they stay what they are: gains and offsets."""

    learning_rate: float = 5e-4
    warm_up: int = 20
    weight_decay: float = 1e-2
    clip: float = 5.0
    averaging: float = 0.98
    own: float = 0.5
    kept: float = 0.3
    norms: bool = False
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if not (self.learning_rate > 0 and 0 < self.averaging < 1 and 0 <= self.kept < 1 and 0 < self.own <= 1):
            raise ValueError(f"not a way to fine-tune: {self}")


class LineTuner:
    """A line network on its way from its parent's weights; `done` of `steps` steps so far."""

    def __init__(self, parent: LineNetwork, pictures: Sequence[LineBatch], steps: int, config: TuningConfig) -> None:
        """pictures: from which the norms' statistics are taken."""
        self.parent, self.steps, self.config, self.done = parent, steps, config, 0
        model = unfolded(parent, pictures, config.dropout)
        self.model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean = unfolded(parent, pictures, config.dropout).eval()
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), config.learning_rate, (0.9, 0.98), weight_decay=config.weight_decay
        )

    def step(self, own: LineBatch, base: LineBatch | None) -> float:
        """One step on the user's strings and, beside them, base strings; the loss of the former."""
        self.optimiser.param_groups[0]["lr"] = self.rate()
        self.model.train()
        self.model.norms.train(self.config.norms)
        self.optimiser.zero_grad()
        loss = self._learn(own, self.config.own)
        if base is not None and self.config.own < 1:
            self._learn(base, 1 - self.config.own)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimiser.step()
        self.done += 1
        self._average()
        return loss

    def rate(self) -> float:
        """The learning rate of the next step."""
        rising = min(1.0, (self.done + 1) / (self.config.warm_up + 1))
        return (
            self.config.learning_rate * rising * (0.5 + 0.5 * float(np.cos(np.pi * min(1.0, self.done / self.steps))))
        )

    def _learn(self, batch: LineBatch, weight: float) -> float:
        pictures = torch.from_numpy(batch.pictures[:, None].astype(np.float32))
        with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
            sums = self.model(pictures.to(memory_format=torch.channels_last))
        loss = ctc_loss(sums, batch)
        (weight * loss).backward()
        return float(loss.detach())

    def _average(self) -> None:
        share = 1 - min(self.config.averaging, (self.done + 1) / (self.done + 10))
        with torch.no_grad():
            for old, new in zip(self.mean.state_dict().values(), self.model.state_dict().values(), strict=True):
                if old.dtype.is_floating_point:
                    old.lerp_(new, share)

    def seed(self, seed: int) -> None:
        """Sets what decides the dropout of the steps to come."""
        torch.manual_seed(seed)

    def state(self) -> dict[str, np.ndarray]:
        """Arrays of a checkpoint, by name."""
        return {**training_arrays(self.model, self.mean, self.optimiser), "done": np.array(self.done)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Back to where `state` was taken."""
        restore_training(arrays, self.model, self.mean, self.optimiser)
        self.done = int(arrays["done"])

    def network(self) -> LineNetwork:
        """The running mean, folded, with some of the parent in it."""
        return between(folded(self.mean), self.parent, self.config.kept)


def between(network: LineNetwork, parent: LineNetwork, kept: float) -> LineNetwork:
    """The network on the straight way from a trained one to its parent, `kept` of the way."""
    share = np.float32(kept)
    weights = {name: value + share * (parent.weights[name] - value) for name, value in network.weights.items()}
    return LineNetwork(network.shape, weights)


def unfolded(network: LineNetwork, pictures: Iterable[LineBatch], dropout: float = 0.1) -> LineModel:
    """The network in PyTorch, with norms that leave it as it is; their statistics are those of the pictures."""
    model = LineModel(network.shape, dropout)
    model.eval()
    with torch.no_grad():
        _set(model.output, network, "output")
        model.output.bias.copy_(torch.from_numpy(network.weights["output_bias"]))  # type: ignore[union-attr]
        maps = [torch.from_numpy(batch.pictures[:, None].astype(np.float32)) for batch in pictures]
        for name, layer in model.layers.items():
            _set(layer, network, name)
            sums = [layer(each) for each in maps]
            _undo(model.norms[name], sums, network.weights[f"{name}_bias"])
            above = [functional.relu(model.norms[name](each)) for each in sums]
            maps = [a + b for a, b in zip(maps, above, strict=True)] if name in RESIDUAL else above
    return model


def _set(layer: Any, network: LineNetwork, name: str) -> None:
    """The kernels (maps, maps below, rows, columns) of a weights file's matrix."""
    maps, below, high, wide = layer.weight.shape
    kernel = network.weights[name].reshape(high, wide, below, maps).transpose(3, 2, 0, 1)
    layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(kernel)))


def _undo(norm: Any, sums: Sequence[Tensor], bias: np.ndarray) -> None:
    """Statistics of the sums, and gains and offsets that give them back, a bias added."""
    values = torch.cat([each.transpose(0, 1).flatten(1) for each in sums], dim=1)
    mean, variance = values.mean(dim=1), values.var(dim=1, correction=0)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(torch.sqrt(variance + norm.eps))
    norm.bias.copy_(mean + torch.from_numpy(bias))
