"""Columns composed with an automaton: how much of them fits a format, and the likeliest texts that do.

A state of both is a state of the automaton and what the column before said: a digit, which counts once however often it
is repeated, or a blank (connectionist temporal classification, Graves et al. 2006). Columns are of digits and blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Columns, Scores
from classifier.line.line_columns import certain_runs, likely_prefixes
from classifier.line.line_network import BLANK
from pipeline.formats.automaton import REFUSED, Automaton

if TYPE_CHECKING:
    from pipeline.formats.format import Format

LEAST = 1e-5  # a digit less likely than this in a column goes into no text of the beam
LEAST_FIT = 1e-6  # of all texts by their probability: where less fits a format, nothing does


def likely_line_texts(columns: Columns, format: Format | None, count: int) -> tuple[list[str], float]:
    """About `count` of the likeliest texts, of those that fit a format, if one is given, or are empty; and ln of the
    probability of all that fit. None where next to nothing fits."""
    if format is None:
        return likely_prefixes(columns, count), 0.0
    side = columns[::-1] if format.mirrored else columns
    behind, total = sums_behind(side, format.or_nothing)
    if np.exp(total) - np.exp(empty_share(columns)) < LEAST_FIT:
        return [], total
    texts = _beam(side, format.or_nothing, behind, count)
    return [text[::-1] for text in texts] if format.mirrored else texts, total


def empty_share(columns: Columns) -> float:
    """ln of the probability that all columns are blank."""
    return float(columns[:, BLANK].astype(np.float64).sum())


def sums_behind(columns: Columns, automaton: Automaton) -> tuple[Scores, float]:
    """(T + 1, S, 11) sums over what columns t, t + 1, ... may say that leads from a state to an accepting one, when the
    column before said each digit, or blank; each column's divided by the largest. And ln of the sum over all.

    columns: (T, 11) log-probabilities.
    """
    probabilities = np.exp(columns.astype(np.float64))
    after = np.where(automaton.step == REFUSED, len(automaton.accepting), automaton.step)
    sums = np.zeros((len(columns) + 1, len(automaton.accepting) + 1, BLANK + 1))
    sums[-1, :-1] = automaton.accepting[:, None]
    digits, scale = np.arange(BLANK), 0.0
    for t in range(len(columns) - 1, -1, -1):
        here, following = probabilities[t], sums[t + 1]
        begun = here[:BLANK] * following[after, digits]  # (S, 10) a digit that has not been said yet
        paused = here[BLANK] * following[:-1, BLANK] + begun.sum(axis=1)
        sums[t, :-1, BLANK] = paused
        sums[t, :-1, :BLANK] = paused[:, None] - begun + here[:BLANK] * following[:-1, :BLANK]
        peak = sums[t].max()
        if peak <= 0:
            return np.zeros_like(sums), -np.inf
        sums[t] /= peak
        scale += float(np.log(peak))
    with np.errstate(divide="ignore"):
        return sums[:, :-1], scale + float(np.log(sums[0, 0, BLANK]))


def _beam(columns: Columns, automaton: Automaton, behind: Scores, beam: int) -> list[str]:
    """Texts that fit, at most `beam` kept at each column: by what a prefix has so far, times what may follow and
    fits."""
    step = automaton.step.tolist()
    kept: dict[str, tuple[int, float, float]] = {"": (0, 1.0, 0.0)}  # state; ends in a blank, in its last digit
    probabilities = np.exp(columns.astype(np.float64))
    first = certain_runs(probabilities, LEAST)
    ends = np.append(first[1:], len(columns))
    for column, onward in zip(probabilities[first], behind[ends], strict=True):
        kept = _fittest(_extended(kept, column, step), onward, beam)
    return [text for text, (state, _, _) in kept.items() if automaton.accepting[state]]


def _extended(
    kept: dict[str, tuple[int, float, float]], column: NDArray[np.float64], step: Sequence[Sequence[int]]
) -> dict[str, list[float]]:
    """Prefixes after one more column: state, probability of ending in a blank, of ending in their last digit."""
    chances = column.tolist()
    likely = [digit for digit in range(BLANK) if chances[digit] > LEAST]
    found: dict[str, list[float]] = {}
    for text, (state, paused, spoken) in kept.items():
        same = found.setdefault(text, [state, 0.0, 0.0])
        same[1] += (paused + spoken) * chances[BLANK]
        if text:
            same[2] += spoken * chances[int(text[-1])]
        for digit in likely:
            before = paused if text and int(text[-1]) == digit else paused + spoken
            after = step[state][digit]
            if before > 0 and after != REFUSED:
                found.setdefault(text + str(digit), [after, 0.0, 0.0])[2] += before * chances[digit]
    return found


def _fittest(
    prefixes: dict[str, list[float]], onward: NDArray[np.float64], beam: int
) -> dict[str, tuple[int, float, float]]:
    """The prefixes likeliest to be what is read, given that it fits; their probabilities divided by the largest."""
    if not prefixes:
        return {}
    texts, last = list(prefixes), [int(text[-1]) if text else BLANK for text in prefixes]
    state, paused, spoken = np.array(list(prefixes.values())).T
    state = state.astype(np.intp)
    worth = paused * onward[state, BLANK] + spoken * onward[state, last]
    best = np.argsort(-worth, kind="stable")[:beam]
    best = best[worth[best] > 0]
    most = float((paused + spoken)[best].max(initial=0.0)) or 1.0
    return {texts[k]: (int(state[k]), float(paused[k] / most), float(spoken[k] / most)) for k in best.tolist()}
