"""Why a string was read wrong: the stage of the reader at which each of its digits was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifier.sigmoid import sigmoid
from pipeline.reading.field_reader import Trace
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.lattices.search import Round
from segmenter.pieces import Pieces
from segmenter.spans import Spans, find_spans

CAUSES = {
    "a lost": "a  ink lost",
    "a dirty": "a  ink dirty",
    "b none": "b  no span fits",
    "b unsearched": "b' a span fits, the search never cut there",
    "c misread": "c  span there, wrong digit on top",
    "c low": "c' right digit on top, output below 0.3",
    "d path": "d  network right, path not chosen",
    "e skipped": "e  digit skipped as a mark",
    "e mark": "e  mark or debris read as a digit",
    "other": "-  not explained",
}
"""Causes in the order in which they are looked for: the first that holds explains a digit, and a string."""

LOW_OUTPUT = 0.3
SAME_DIGIT = 0.5  # overlap of a span with a true digit from which on reading the span is reading the digit


class Truth(Protocol):
    """What is known of one image: its digits, and how spans agree with them."""

    @property
    def text(self) -> str: ...

    def ink_faults(self, pieces: Pieces) -> list[str | None]:
        """For each true digit "a lost", "a dirty" or None."""
        ...

    def overlaps(self, pieces: Pieces, spans: Spans) -> NDArray[np.float32]:
        """(T, N) agreement in [0, 1] of true digits and spans, generous: which digit a span is about."""
        ...

    def fits(self, pieces: Pieces, spans: Spans) -> NDArray[np.bool_]:
        """(T, N) whether a span is that true digit, by the definition of the segmenter's recall."""
        ...


@dataclass(frozen=True)
class DigitVerdict:
    """What became of one true digit. cause: a key of CAUSES, None where it was read; seen: the digit that the network
    puts on top of the best of the fitting spans, "" where none fits; output: sigmoid output of the true digit
    there."""

    digit: str
    cause: str | None
    seen: str = ""
    output: float = 0.0


@dataclass(frozen=True)
class StringVerdict:
    """One string. cause: None where it was read right; extras: digits that were read and are none."""

    digits: tuple[DigitVerdict, ...]
    extras: str
    cause: str | None


def judge(trace: Trace, truth: Truth) -> StringVerdict:
    """Compare a trace with the truth, stage by stage."""
    if trace.pieces is None or trace.path is None:
        lost = tuple(DigitVerdict(digit, "a lost") for digit in truth.text)
        return StringVerdict(lost, "", "a lost" if lost else None)
    last, path = trace.rounds[-1], trace.path
    used = np.array(path.spans, dtype=np.intp)
    symbols = np.array(path.symbols, dtype=np.intp)
    overlaps = truth.overlaps(trace.pieces, last.spans)[:, used]
    taken = _match(truth.text, overlaps, symbols)
    digits = _verdicts(trace.pieces, last, truth, used, symbols, taken)
    extras = "".join(str(symbols[k]) for k in np.flatnonzero(symbols != SKIP) if k not in taken)
    return StringVerdict(digits, extras, _first_cause(digits, extras, path.text == truth.text))


def _match(text: str, overlaps: NDArray[np.float32], symbols: NDArray[np.intp]) -> list[int]:
    """For each true digit the place on the path where it was read, or -1; no place is used twice."""
    taken: list[int] = []
    for digit, row in zip(text, overlaps, strict=True):
        good = np.logical_and(symbols == int(digit), row >= SAME_DIGIT)
        good[[place for place in taken if place >= 0]] = False
        taken.append(int(np.where(good, row, -1).argmax()) if good.any() else -1)
    return taken


def _first_cause(digits: Sequence[DigitVerdict], extras: str, right: bool) -> str | None:
    if right:
        return None
    found = {verdict.cause for verdict in digits} | ({"e mark"} if extras else set())
    return next((cause for cause in CAUSES if cause in found), "other")


def _verdicts(
    pieces: Pieces, last: Round, truth: Truth, used: NDArray[np.intp], symbols: NDArray[np.intp], taken: list[int]
) -> tuple[DigitVerdict, ...]:
    faults = truth.ink_faults(pieces)
    searched = truth.fits(pieces, last.spans)
    anywhere = truth.fits(pieces, find_spans(pieces)).max(axis=1)
    verdicts = []
    for t, digit in enumerate(truth.text):
        seen, output = _best_view(last.lattice.scores, np.flatnonzero(searched[t]), int(digit))
        cause: str | None = None
        if taken[t] < 0:
            skipped = bool(searched[t, used[np.equal(symbols, SKIP)]].any())
            cause = _digit_cause(faults[t], bool(anywhere[t]), seen, output, digit, skipped)
        verdicts.append(DigitVerdict(digit, cause, seen, output))
    return tuple(verdicts)


def _best_view(scores: NDArray[np.float64], fitting: NDArray[np.intp], digit: int) -> tuple[str, float]:
    """The digit on top, and the output of the true one, at the fitting span that speaks most for the true digit."""
    if not len(fitting):
        return "", 0.0
    rows = scores[fitting, :SKIP]
    on_top = (rows.argmax(axis=1) == digit).astype(float)
    row = rows[np.lexsort((rows[:, digit], on_top))[-1]]
    return str(int(row.argmax())), float(sigmoid(row[digit]))


def _digit_cause(fault: str | None, anywhere: bool, seen: str, output: float, digit: str, skipped: bool) -> str:
    if fault is not None:
        return fault
    if not seen:
        return "b unsearched" if anywhere else "b none"
    if seen != digit:
        return "c misread"
    if output < LOW_OUTPUT:
        return "c low"
    return "e skipped" if skipped else "d path"
