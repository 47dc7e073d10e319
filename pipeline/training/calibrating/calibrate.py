"""Calibration of trained networks on strings by writers that they never saw, in surroundings that they may have.

Where the weights hold a line network, it is also found how the two readers are joined (calibrate_joint.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from classifier.weights import Networks, load_networks, network_arrays, network_card
from pipeline.errors import UsageError
from pipeline.reading.confidence.calibration import fit_calibration, thresholds
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.lattices.search import SearchConfig
from pipeline.reading.line.readers import ColumnReader, NetworkReader
from pipeline.reading.text_finding import Found, find_texts
from pipeline.reading.together import LineSide, line_side, third_party
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import CALIBRATION, PRINTED, WRITTEN, StringStyle
from pipeline.training.calibrating.calibrate_joint import Evidence, best_posteriors, fit_joint
from pipeline.training.calibrating.calibrate_marks import fit_marks
from pipeline.training.checkpoints import TrainingFiles
from pipeline.training.string_pool import StringData, grey_of

SEED = 1999
STYLES = (WRITTEN, CALIBRATION, WRITTEN, CALIBRATION, PRINTED)
"""In turn: pictures as people cut them out, amounts on patterned paper, and print and displays as cameras see them."""
FIRST = 4  # of so many strings one tells roughly how to join the readers, before all are read in that way


def calibrate_weights(
    weights: Path,
    out: Path,
    held_out: StringData,
    count: int,
    *,
    second: str | None = None,
    first_alone: bool = False,
    marks_alone: bool = False,
) -> None:
    """Write weights again, with a card that holds their calibration anew, or that with a third party's `second` reader.
    held_out: writers and real numbers never trained on. first_alone: the second crop network is left
    out, as beside a line network it brings nothing. marks_alone: only how marks about digits are known is found anew.

    Raises WeightsError, UsageError.
    """
    files = TrainingFiles(out)
    files.check(resume=False, force=True)
    networks, card = load_networks(weights)
    if first_alone:
        networks = replace(networks, second=None)
    card = {**card, **network_card(networks)}
    card.pop("weights_sha256", None)
    with threadpool_limits(1):
        if marks_alone:
            line, known = line_side(networks, card, weights, second)
            if line is None:
                raise UsageError(f"{weights}: these weights have no line network whose marks could be known")
            known["marks"] = fit_marks(networks, line, held_out.sources, count).to_json()
        elif second is None:
            card.pop("joint", None)
            card |= calibrate(networks, held_out, count)
        else:
            pair = calibrate_pair(networks, third_party(second), held_out, count)
            card["seconds"] = {**card.get("seconds", {}), second: pair}
        files.save(network_arrays(networks), card)


def calibrate(networks: Networks, held_out: StringData, count: int) -> dict[str, Any]:
    """The card's `calibration` and `thresholds`, and `joint` where there are two readers, from `count` drawn strings
    and all real ones, read as the reader reads them."""
    if networks.line is not None:
        return calibrate_pair(networks, NetworkReader(networks.line), held_out, count)
    best = [(found.best, text) for found, text in _read(networks, held_out, count, (CALIBRATION,), None)]
    posteriors = np.array([posterior for (_, posterior), _ in best])
    right = np.array([read == text for (read, _), text in best])
    return _confidence(posteriors, right, (CALIBRATION,), len(held_out.registers))


def calibrate_pair(networks: Networks, reader: ColumnReader, held_out: StringData, count: int) -> dict[str, Any]:
    """As `calibrate`, of the lattice with any second reader."""
    joint = Joint()
    for strings in (max(1, count // FIRST), count):
        read = _read(networks, held_out, strings, STYLES, LineSide(reader, joint))
        opinions = [(found.opinions, text) for found, text in read if found.opinions is not None]
        evidence = Evidence.collect(*zip(*opinions, strict=True))
        joint = fit_joint(evidence)
    marks = fit_marks(networks, LineSide(reader, joint), held_out.sources, count)
    confidence = _confidence(*best_posteriors(evidence, joint), STYLES, len(held_out.registers))
    return {**confidence, "joint": joint.to_json(), "marks": marks.to_json()}


def _confidence(
    posteriors: np.ndarray, right: np.ndarray, styles: tuple[StringStyle, ...], real: int
) -> dict[str, Any]:
    """What the card holds of (n,) posteriors of the best texts, and whether these are right; real: how many, the
    last of them, are not drawn."""
    calibration = fit_calibration(posteriors, right)
    confidences = np.array([calibration.confidence(p) for p in posteriors])
    # The hands of the registers are among those that the readers learned from: of unseen ones they promise too much.
    unseen = slice(len(right) - real)
    drawn = ", ".join(dict.fromkeys(style.name for style in styles))
    strings = {"style": drawn, "strings": len(right) - real, "real_strings": real, "seed": SEED}
    return {
        "calibration": calibration.to_json(),
        "thresholds": thresholds(confidences[unseen], right[unseen]),
        "calibrated_on": {**strings, "right": float(right.mean())},
    }


def _read(
    networks: Networks, held_out: StringData, count: int, styles: tuple[StringStyle, ...], line: LineSide | None
) -> Iterator[tuple[Found, str]]:
    """What is found in `count` strings, drawn in the styles in turn, and in the real ones, and the texts that they
    should have."""
    rng = np.random.default_rng(SEED)
    for k in range(count):
        string = draw_string(rng, held_out.sources, styles[k % len(styles)])
        yield find_texts(grey_of(string.image), networks, SearchConfig(), 1, line=line), string.text
    for number in held_out.registers:
        yield find_texts(grey_of(number.image), networks, SearchConfig(), 1, line=line), number.text
