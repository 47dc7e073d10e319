"""Calibration of trained networks on strings by writers that they never saw, in surroundings that they may have.

Where the weights hold a line network, it is also found how the two readers are joined (calibrate_joint.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from classifier.weights import Networks
from pipeline.reading.calibration import fit_calibration, thresholds
from pipeline.reading.finding import Found, find_texts
from pipeline.reading.joint import Joint
from pipeline.reading.line.readers import NetworkReader
from pipeline.reading.search import SearchConfig
from pipeline.reading.together import LineSide
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import CALIBRATION, SURROUNDED, StringStyle
from pipeline.training.calibrate_joint import Evidence, best_posteriors, fit_joint

SEED = 1999


def calibrate(networks: Networks, held_out: Sources, count: int) -> dict[str, Any]:
    """The card's `calibration` and `thresholds`, and `joint` where there are two readers, from `count` strings read as
    the reader reads them."""
    style = CALIBRATION if networks.line is None else SURROUNDED
    found, texts = _read(networks, held_out, count, style)
    if networks.line is None:
        posteriors = np.array([each.best[1] for each in found])
        right = np.array([each.best[0] == text for each, text in zip(found, texts, strict=True)])
        joint = {}
    else:
        evidence = Evidence.collect([each.opinions for each in found if each.opinions is not None], texts)
        fitted = fit_joint(evidence)
        posteriors, right = best_posteriors(evidence, fitted)
        joint = {"joint": fitted.to_json()}
    calibration = fit_calibration(posteriors, right)
    confidences = np.array([calibration.confidence(p) for p in posteriors])
    return {
        "calibration": calibration.to_json(),
        "thresholds": thresholds(confidences, right),
        "calibrated_on": {"style": style.name, "strings": count, "seed": SEED, "right": float(right.mean())},
        **joint,
    }


def _read(networks: Networks, held_out: Sources, count: int, style: StringStyle) -> tuple[list[Found], list[str]]:
    """`count` strings drawn and read, and the texts that they should have."""
    rng = np.random.default_rng(SEED)
    line = None if networks.line is None else LineSide(NetworkReader(networks.line), Joint())
    found, texts = [], []
    for _ in range(count):
        string = draw_string(rng, held_out, style)
        grey = string.image.astype(np.float32) / np.float32(255)
        found.append(find_texts(grey, networks, SearchConfig(), 1, line=line))
        texts.append(string.text)
    return found, texts
