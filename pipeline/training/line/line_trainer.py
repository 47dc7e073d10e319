"""What trains the line network, step by step: its settings, the optimiser, the running mean of the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch

from classifier.line.line_network import RESIDUAL, LineNetwork, LineShape
from pipeline.training.line.line_model import LineModel, ctc_loss, folded
from pipeline.training.line.line_state import restore_training, training_arrays
from pipeline.training.line.line_strings import LineBatch, LineMixture


@dataclass(frozen=True)
class LineRecipe:
    """Everything that decides the line network, apart from data and versions.

    strings: seen in all; the learning rate rises over the first `warm_up` strings, stays, and falls to nothing along a
    cosine over the last `cooling` of them, so that a training that has stopped can go on to more. kept: how much of
    the running mean of weights stays at each step. saved: blocks between checkpoints.
    """

    seed: int = 6
    shape: LineShape = field(default_factory=lambda: LineShape(residual=RESIDUAL))
    mixture: LineMixture = field(default_factory=LineMixture)
    without: tuple[str, ...] = ("sta", "lex", "cec")
    strings: int = 600_000
    warm_up: int = 10_000
    cooling: int = 200_000
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    clip: float = 5.0
    kept: float = 0.998
    saved: int = 4
    bfloat16: bool = False

    def __post_init__(self) -> None:
        if min(self.strings, self.warm_up, self.cooling, self.saved) < 1 or not self.learning_rate > 0:
            raise ValueError(f"not a schedule: {self}")

    def rate(self, seen: int) -> float:
        """The learning rate after so many strings."""
        left = max(0, self.strings - seen) / self.cooling
        falling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, left))
        return self.learning_rate * min(1.0, (seen + 100) / self.warm_up) * max(falling, 1e-3)


class LineTrainer:
    """The network, its optimiser and the running mean of its weights; `seen` strings so far."""

    def __init__(self, recipe: LineRecipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.seen, self.block = recipe, 0, 0
        self.model, self.mean = LineModel(recipe.shape), LineModel(recipe.shape)
        self.mean.load_state_dict(self.model.state_dict())
        self.model = self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), recipe.learning_rate, (0.9, 0.98), weight_decay=recipe.weight_decay
        )

    def step(self, batch: LineBatch) -> float:
        """One step on a batch; its loss."""
        self.optimiser.param_groups[0]["lr"] = self.recipe.rate(self.seen)
        self.model.train()
        pictures = torch.from_numpy(batch.pictures[:, None].astype(np.float32))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bfloat16):
            sums = self.model(pictures.to(memory_format=torch.channels_last))
        loss = ctc_loss(sums, batch)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.seen += len(batch.written)
        self._average()
        return float(loss.detach())

    def _average(self) -> None:
        steps = self.seen / self.recipe.mixture.batch
        share = 1 - min(self.recipe.kept, (steps + 1) / (steps + 10))
        with torch.no_grad():
            for old, new in zip(self.mean.state_dict().values(), self.model.state_dict().values(), strict=True):
                if old.dtype.is_floating_point:
                    old.lerp_(new, share)
                else:
                    old.copy_(new)

    def network(self) -> LineNetwork:
        """The running mean, folded."""
        return folded(self.mean.eval())

    def state(self) -> dict[str, np.ndarray]:
        """Arrays of the checkpoint, by name."""
        return training_arrays(self.model, self.mean, self.optimiser)

    def restore(self, arrays: dict[str, np.ndarray], moments: bool = True) -> None:
        """Back to where `state` was taken; moments: the optimiser's, too."""
        restore_training(arrays, self.model, self.mean, self.optimiser if moments else None)
