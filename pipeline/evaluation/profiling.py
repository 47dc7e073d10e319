"""A profile made from a labelled sample: every image is read, the threshold found, and both written down."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pipeline.batch.outcomes import ReaderOptions
from pipeline.errors import PipelineError
from pipeline.evaluation.evaluation import Truth, evaluate
from pipeline.evaluation.guarantee import check_shares, fewest_accepted, find_threshold, missing_rows
from pipeline.files import write_whole
from pipeline.reading.confidence.profile import Profile


class NoGuarantee(PipelineError):
    """The sample is too small for the promise, or no threshold keeps it."""


def measure(
    truths: Sequence[Truth],
    options: ReaderOptions,
    max_error: float,
    confidence: float,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Profile:
    """The profile of a sample. Raises UsageError, what `evaluate` raises, and NoGuarantee where none can be made."""
    check_shares(max_error, confidence)
    _, outcomes = evaluate(truths, options, workers=workers, progress=progress)
    readings = [outcome.reading for outcome in outcomes]
    confidences = np.array([0.0 if reading is None else reading.confidence for reading in readings])
    texts = [None if reading is None else reading.text or "" for reading in readings]
    right = np.array([text == truth.text for text, truth in zip(texts, truths, strict=True)])
    found = find_threshold(confidences, right, max_error, confidence)
    if found is None:
        raise NoGuarantee(
            _why_not(missing_rows(confidences, right, max_error, confidence), len(truths), max_error, confidence)
        )
    weights = str(options().card["weights_sha256"])
    counts = len(truths), found.accepted, found.wrong
    return Profile(found.threshold, weights, options.format, max_error, confidence, *counts, found.bound)


def _why_not(missing: float, rows: int, max_error: float, confidence: float) -> str:
    promise = f"{max_error:.4g} wrong with {confidence:.4g} confidence"
    if math.isinf(missing):
        return (
            f"no threshold keeps {promise}: too many of the surest readings are wrong for more rows to help; allow "
            "more errors, or make weights for such pictures with `digitstring adapt`"
        )
    fewest = fewest_accepted(max_error, confidence)
    return (
        f"{rows} rows are too few for {promise}, which takes {fewest} accepted without a single error, or more with "
        f"some; about {missing:.0f} more rows like these may do"
    )


def write_profile(profile: Profile, out: Path) -> None:
    """Write a profile. Raises UsageError, OutputError."""
    write_whole(out, json.dumps(profile.to_json(), indent=2) + "\n")
