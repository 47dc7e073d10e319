"""Calibration of a trained network on strings by writers that it never saw."""

from __future__ import annotations

from typing import Any

import numpy as np

from classifier.weights import Networks
from pipeline.reading.calibration import fit_calibration, thresholds
from pipeline.reading.field_reader import find_texts
from pipeline.reading.search import SearchConfig
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import CALIBRATION

SEED = 1999


def calibrate(networks: Networks, held_out: Sources, count: int) -> dict[str, Any]:
    """The card's `calibration` and `thresholds`, from `count` strings read as the reader reads them."""
    rng = np.random.default_rng(SEED)
    posteriors, right = np.zeros(count), np.zeros(count, dtype=bool)
    for k in range(count):
        string = draw_string(rng, held_out, CALIBRATION)
        _, _, texts = find_texts(string.image.astype(np.float32) / np.float32(255), networks, SearchConfig(), 1)
        text, posteriors[k] = texts[0] if texts else ("", 0.0)
        right[k] = text == string.text
    calibration = fit_calibration(posteriors, right)
    confidences = np.array([calibration.confidence(p) for p in posteriors])
    return {
        "calibration": calibration.to_json(),
        "thresholds": thresholds(confidences, right),
        "calibrated_on": {"style": CALIBRATION.name, "strings": count, "seed": SEED, "right": float(right.mean())},
    }
