"""A training in PyTorch as named arrays, for checkpoints: the model, the running mean of its weights, the optimiser."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def training_arrays(model: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """Arrays of the checkpoint, by name."""
    parameters = dict(model.named_parameters())
    moments = optimiser.state_dict()["state"]
    found = {f"model/{name}": value for name, value in model.state_dict().items()}
    found |= {f"mean/{name}": value for name, value in mean.state_dict().items()}
    for place, (name, parameter) in enumerate(parameters.items()):
        of = moments.get(place, {})
        found |= {f"{key}/{name}": of.get(key, torch.zeros_like(parameter)) for key in MOMENTS[1:]}
        found[f"step/{name}"] = of.get("step", torch.zeros(()))
    return {name: np.ascontiguousarray(value.detach().numpy()) for name, value in found.items()}


def restore_training(
    arrays: dict[str, np.ndarray], model: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer | None
) -> None:
    """Back to where `training_arrays` was taken; optimiser: None leaves it as it is."""
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}

    def part(kind: str) -> dict[str, Any]:
        return {name.removeprefix(kind): value for name, value in tensors.items() if name.startswith(kind)}

    model.load_state_dict(part("model/"))
    mean.load_state_dict(part("mean/"))
    if optimiser is not None:
        names = [name for name, _ in model.named_parameters()]
        states = {place: {key: tensors[f"{key}/{name}"] for key in MOMENTS} for place, name in enumerate(names)}
        optimiser.load_state_dict({**optimiser.state_dict(), "state": states})
