"""What a reader's weights and options mean, checked: which inputs, how sure, from where on accepted."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from classifier.errors import WeightsError
from classifier.weights import Networks
from pipeline.errors import UsageError
from pipeline.reading.confidence.calibration import Calibration
from pipeline.reading.lattices.characters import MEASURES
from pipeline.reading.lattices.rescoring import MEASURES as SECOND_MEASURES


def check_inputs(networks: Networks, path: FilePath) -> None:
    """Raise WeightsError unless the networks take what the reader gives them: crops of two channels, measures."""
    for name, network, inputs in (("first", networks.first, MEASURES), ("second", networks.second, SECOND_MEASURES)):
        if network is not None and (network.shape.channels, network.shape.measures) != (2, inputs):
            raise WeightsError(
                f"{path}: the {name} network does not take what this version gives it; make the weights "
                "with 'train' again"
            )


def calibration_of(card: dict[str, Any], path: FilePath) -> tuple[Calibration, dict[str, float]]:
    """Calibration and thresholds, by the share of wrong among accepted, that a card holds. Raises WeightsError."""
    try:
        table = {key: float(value) for key, value in card["thresholds"].items()}
        if not all(0 < float(bound) < 1 and 0 <= value <= 1 for bound, value in table.items()):
            raise ValueError(f"not thresholds: {table}")
        return Calibration.from_json(card["calibration"]), table
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{path}: the card of the weights has no calibration; make it with 'train'") from error


def accepted_from(table: dict[str, float], threshold: float | None, max_error: float | None) -> float:
    """The confidence from which on a reading is accepted, as given, or of the table for a largest error (1 in 100).
    Raises UsageError."""
    if threshold is not None and max_error is not None:
        raise UsageError("give either a threshold or a largest error, not both")
    if threshold is not None:
        if not 0 <= threshold <= 1:
            raise UsageError(f"the threshold must be in [0, 1], not {threshold}")
        return float(threshold)
    wanted = 0.01 if max_error is None else max_error
    if not 0 < wanted < 1:
        raise UsageError(f"the largest error must be between 0 and 1, not {wanted}")
    within = [bound for bound in table if float(bound) <= wanted]
    if not within:
        known = ", ".join(sorted(table, key=float))
        raise UsageError(f"these weights know no threshold for an error of {wanted}; they know {known}")
    return table[max(within, key=float)]


def checked_mask(level: float | None) -> float | None:
    """The confidence that a mask asks for, or None. Raises UsageError."""
    if level is not None and not 0 < level < 1:
        raise UsageError(f"the confidence of a mask must be between 0 and 1, not {level}")
    return level
