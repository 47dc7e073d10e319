"""A threshold with a promise, from a labelled sample: at most so many of the accepted are wrong, with such confidence.

Errors among the accepted are counted, and Clopper and Pearson's exact bound (1934) says how large their share may be.
Looking for the lowest threshold that passes would break the promise, since the luckiest of many tests passes too
easily. So the thresholds are tested in a sequence that was fixed before the sample was seen, downwards from the surest,
each at the full level, and the first that fails ends it: the last that passed keeps the promise (fixed sequence
testing: Angelopoulos et al. 2021, "Learn then Test"; selection by confidence: Geifman and El-Yaniv 2017, "Selective
classification for deep neural networks").

The sequence begins where at least a third of the sample is accepted, and as many as no error at all would need: nearer
to the top a single error would end it. That start depends on how many are accepted, not on which of them are wrong; it
keeps the level wherever the share of errors does not grow with the threshold, which is what a confidence is for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betaincinv

from pipeline.errors import UsageError

SEQUENCE = 1 - 1e-4 * np.arange(1, 9_900)  # the thresholds in the order in which they are tested
START = 1 / 3  # of the sample that the first of them accepts, at least
MOST_ROWS = 10_000_000  # no advice is given on larger samples
Confidences = NDArray[np.float64]


@dataclass(frozen=True)
class Guarantee:
    """threshold: from which on readings are accepted. accepted, wrong: counts in the sample. bound: the largest share
    of errors that the confidence leaves possible."""

    threshold: float
    accepted: int
    wrong: int
    bound: float


def upper_bound(wrong: int, accepted: int, confidence: float) -> float:
    """The largest share of errors that such a count leaves possible, one-sided (Clopper and Pearson, Biometrika 26)."""
    return 1.0 if wrong >= accepted else float(betaincinv(wrong + 1, accepted - wrong, confidence))


def fewest_accepted(max_error: float, confidence: float) -> int:
    """How many must be accepted, none of them wrong, for the promise."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-max_error))


def find_threshold(
    confidences: Confidences, right: NDArray[np.bool_], max_error: float, confidence: float
) -> Guarantee | None:
    """The lowest threshold that keeps the promise; None where the sample shows none.

    confidences: (N,) in [0, 1] of the readings of a sample; right: (N,) whether each was exactly right.
    Raises UsageError for shares that are none.
    """
    check_shares(max_error, confidence)
    accepted, wrong = _counts(confidences, right)
    start = max(fewest_accepted(max_error, confidence), math.ceil(START * len(confidences)))
    # Thresholds that accept the same readings pass or fail together; the last of them speaks for all.
    tested = np.flatnonzero((accepted >= start) & (np.diff(accepted, append=-1) != 0))
    # A threshold passes where so few errors would be unlikely if it did not keep the promise.
    passed = bdtr(wrong[tested], accepted[tested], max_error) <= 1 - confidence
    last = len(tested) if passed.all() else int(np.argmin(passed))
    if last == 0:
        return None
    k = tested[last - 1]
    counts = int(accepted[k]), int(wrong[k])
    return Guarantee(float(SEQUENCE[k]), *counts, upper_bound(counts[1], counts[0], confidence))


def check_shares(max_error: float, confidence: float) -> None:
    """Raise UsageError for shares that are none."""
    for name, share in (("largest error", max_error), ("confidence", confidence)):
        if not 0 < share < 1:
            raise UsageError(f"the {name} must be between 0 and 1, not {share}")


def missing_rows(confidences: Confidences, right: NDArray[np.bool_], max_error: float, confidence: float) -> float:
    """About how many rows more would do, if of them the same shares were accepted and wrong as of these; infinity
    where more of the same would not do."""
    rows = len(confidences)
    counts = {(int(n), int(k)) for n, k in zip(*_counts(confidences, right), strict=True)}
    hopeful = [(n / rows, k / n) for n, k in counts if n >= START * rows and k < max_error * n]
    needed = [_rows_needed(share, error, max_error, confidence) for share, error in hopeful]
    return max(1, min(needed, default=math.inf) - rows)


def _counts(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(K,) how many are accepted at each threshold of the sequence, and how many of them are wrong."""
    order = np.argsort(-confidences, kind="stable")
    accepted = np.searchsorted(-confidences[order], -SEQUENCE, side="right")
    return accepted, np.concatenate([[0], np.cumsum(~right[order])])[accepted]


def _rows_needed(share: float, error: float, max_error: float, confidence: float) -> float:
    """The size of a sample that passes where such a share is accepted with such an error; infinity beyond MOST_ROWS."""
    sizes = np.unique(np.geomspace(1, MOST_ROWS, 1500).astype(int))
    accepted = (share * sizes).astype(int)
    passed = bdtr((error * accepted).astype(int), accepted, max_error) <= 1 - confidence
    passed &= accepted >= fewest_accepted(max_error, confidence)
    return float(sizes[np.argmax(passed)]) if passed.any() else math.inf
