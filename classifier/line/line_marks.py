"""Which marks stand about the digits of a text: exact posteriors of the columns of the line network.

All texts whose digits are the given ones, with any of some marks before, between and behind them, are one automaton of
connectionist temporal classification (Graves et al. 2006, section 4.1): before each digit lies a gap, and in it the
marks of one option, each with a blank behind it that a path may leave out. The forward-backward sums over its paths
tell how likely each option is in each gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Columns
from classifier.line.line_columns import CHARACTERS
from classifier.line.line_network import BLANK

if TYPE_CHECKING:
    from scipy import sparse

BEFORE = ("", ".", ",", "-", "/", ":", "*", "**", "***", "--")
BETWEEN = ("", ".", ",", "-", "/", ":", "*")
BEHIND = ("", ".", ",", "-", "/", ":", "*", "**", "***", "--", ".-", ",-", "/-", "-*", ".*", ",*", "/*")

GapShares = tuple[Mapping[str, float], ...]
"""Of each gap of a text, before its first digit to behind its last: option -> probability; they sum to 1."""


def options_of(gap: int, digits: int) -> tuple[str, ...]:
    """What may stand in a gap of a text of so many digits; "" is nothing."""
    return BEFORE if gap == 0 else BEHIND if gap == digits else BETWEEN


def gap_shares(columns: Columns, text: str) -> GapShares | None:
    """What stands in each gap of a text of one or more digits. columns: (T, SYMBOLS) log-probabilities. None where no
    path of these columns spells the text."""
    paths = _Paths.of(text)
    emitted = np.exp(columns.astype(np.float64))[:, paths.symbol]
    ahead, scale = _forward(paths, emitted)
    end = ahead[-1] @ paths.ends if len(ahead) else 0.0
    if not end > 0:
        return None
    behind = _backward(paths, emitted, scale, end)
    entering = np.concatenate([paths.starts[None], ahead[:-1] @ paths.onward])
    entries = (entering * emitted * behind / scale[:, None]).sum(axis=0)
    shares = []
    for options in paths.first_marks:
        said = {option: float(entries[state]) for option, state in options.items()}
        total = max(1.0, sum(said.values()))
        said = {option: share / total for option, share in said.items()}
        shares.append({"": max(0.0, 1.0 - sum(said.values())), **said})
    return tuple(shares)


@dataclass(eq=False)
class _Paths:
    """The automaton. symbol: (S,) of each state; onward: (S, S) 1 where a path may go on from one state to another
    one; starts, ends: (S,) 1 where a path may begin and end; first_marks: of each gap, the states at which options
    begin."""

    symbol: NDArray[np.intp]
    onward: sparse.csr_array
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    first_marks: list[dict[str, int]]

    @classmethod
    def of(cls, text: str) -> _Paths:
        """For a text of digits."""
        draft = _Draft()
        leaving = [draft.add(BLANK)]  # the blank of the gap, which may be left for whatever comes in it
        starts, first_marks = list(leaving), []
        for gap in range(len(text) + 1):
            begun: dict[str, int] = {}
            arrived = list(leaving)
            for option in filter(None, options_of(gap, len(text))):
                begun[option], ends = draft.chain(option, leaving)
                arrived += ends
            first_marks.append(begun)
            starts += begun.values() if gap == 0 else []
            if gap == len(text):
                return draft.finished(starts, arrived, first_marks)
            digit = draft.add(CHARACTERS[text[gap]])
            draft.join([each for each in arrived if draft.symbol[each] != draft.symbol[digit]], digit)
            starts += [digit] if gap == 0 else []
            leaving = [digit, draft.add(BLANK)]
            draft.join([digit], leaving[1])
        raise AssertionError("the last gap returns")


@dataclass
class _Draft:
    """States and arcs so far."""

    symbol: list[int] = field(default_factory=list)
    arcs: list[tuple[int, int]] = field(default_factory=list)

    def add(self, symbol: int) -> int:
        self.symbol.append(symbol)
        return len(self.symbol) - 1

    def join(self, before: Sequence[int], after: int) -> None:
        self.arcs += [(each, after) for each in before]

    def chain(self, marks: str, before: Sequence[int]) -> tuple[int, list[int]]:
        """Marks one after the other; the state of the first, and the two at which the last may be left."""
        first = len(self.symbol)
        leaving = list(before)
        for mark in marks:
            state = self.add(CHARACTERS[mark])
            self.join([each for each in leaving if self.symbol[each] != self.symbol[state]], state)
            blank = self.add(BLANK)
            self.join([state], blank)
            leaving = [state, blank]
        return first, leaving

    def finished(self, starts: Sequence[int], ends: Sequence[int], first_marks: list[dict[str, int]]) -> _Paths:
        from scipy import sparse  # which takes as long to import as a picture to read, and only amounts need

        size = len(self.symbol)
        source, target = np.array(self.arcs).T
        onward = sparse.csr_array((np.ones(len(source)), (source, target)), shape=(size, size))
        first, last = np.zeros(size), np.zeros(size)
        first[list(starts)] = 1.0
        last[list(ends)] = 1.0
        return _Paths(np.array(self.symbol), onward, first, last, first_marks)


def _forward(paths: _Paths, emitted: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(T, S) sums over the beginnings of paths, each column's divided by their sum, which is (T,) the scale."""
    ahead, scale = np.zeros_like(emitted), np.ones(len(emitted))
    turned = paths.onward.T.tocsr()
    for t, column in enumerate(emitted):
        before = ahead[t - 1] + turned @ ahead[t - 1] if t else paths.starts
        ahead[t] = before * column
        total = ahead[t].sum()
        if total > 0:
            ahead[t] /= total
            scale[t] = total
    return ahead, scale


def _backward(
    paths: _Paths, emitted: NDArray[np.float64], scale: NDArray[np.float64], end: float
) -> NDArray[np.float64]:
    """(T, S) sums over what is left of paths, in the scale of the forward sums: with those they multiply to the
    probability that a path comes through a state."""
    behind = np.zeros_like(emitted)
    behind[-1] = paths.ends / end
    for t in range(len(emitted) - 2, -1, -1):
        following = emitted[t + 1] * behind[t + 1] / scale[t + 1]
        behind[t] = following + paths.onward @ following
    return behind
