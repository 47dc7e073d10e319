"""The mean of several weights of one training's stages: as a rule better than each (Izmailov et al. 2018, "Averaging
weights leads to wider optima and better generalization"; Wortsman et al. 2022, "Model soups").

They must have begun with one another's weights, or the mean is no reader. A layer that one of them lacks, because the
network has grown since, is nothing in it: it is added to what it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from classifier.line.line_network import RESIDUAL
from classifier.weights import Networks, load_networks, network_arrays, network_card, rounded
from pipeline.errors import UsageError
from pipeline.training.checkpoints import TrainingFiles

Part = tuple[Path, float]


def average_weights(parts: Sequence[Part], out: Path, *, force: bool = False) -> Networks:
    """Write the mean of weights files, each with its share, with the card of the first; it is to be calibrated again.

    Raises UsageError where shares are not positive or networks differ in more than in layers that were added,
    WeightsError.
    """
    files = TrainingFiles(out)
    files.check(resume=False, force=force)
    if not parts or min(share for _, share in parts) <= 0:
        raise UsageError("the mean of weights needs weights, each with a share above 0")
    loaded = [load_networks(path) for path, _ in parts]
    whole = sum(share for _, share in parts)
    result = mean_of([(networks, share / whole) for (networks, _), (_, share) in zip(loaded, parts, strict=True)])
    card = {key: value for key, value in loaded[0][1].items() if key != "weights_sha256"}
    files.save(network_arrays(result), {**card, **network_card(result), "mean_of": _named(parts, loaded)})
    return result


def mean_of(parts: Sequence[tuple[Networks, float]]) -> Networks:
    """The networks of the first, each the mean of all parts' by their shares, which sum to 1. Raises UsageError."""
    means: dict[str, Any] = {}
    for name, network in parts[0][0].named().items():
        others = [(networks.named().get(name), share) for networks, share in parts]
        if any(other is None for other, _ in others):
            raise UsageError(f"one of the weights has no {name} network")
        weights = {key: _mean(key, value, others) for key, value in network.weights.items()}
        mean: Any = replace(network, weights=weights)
        means[name] = rounded(mean)
    return replace(parts[0][0], **means)


def _mean(key: str, value: np.ndarray, parts: Sequence[tuple[Any, float]]) -> np.ndarray:
    total = np.zeros_like(value)
    for network, share in parts:
        added = network.weights.get(key)
        if added is None and key.removesuffix("_bias") in RESIDUAL:
            continue
        if added is None or added.shape != value.shape:
            raise UsageError(f"the weights differ in {key}: they are not of one training")
        total += np.float32(share) * added
    return total


def _named(parts: Sequence[Part], loaded: Sequence[tuple[Networks, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What the card says of the parts."""
    return [
        {"weights_sha256": card["weights_sha256"], "share": share}
        for (_, share), (_, card) in zip(parts, loaded, strict=True)
    ]
