"""The lattice: all ways to read a field as a row of spans, each one digit or a mark to skip.

A path's score is the sum of the weighted sums z = ln(a / (1 - a)) of the outputs it uses. Since every span off the
path should have all outputs low, this is, up to a constant, the log-likelihood of the whole lattice under
independent sigmoid outputs.
Sums over its paths and the best of them: `paths`.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Scores
from classifier.network import SKIP as SKIP
from classifier.network import SYMBOLS as SYMBOLS


@dataclass(frozen=True, eq=False)
class Lattice:
    """N spans between cuts 0..nodes - 1 and their scores.

    start, end: (N,) with start < end, ordered by end. scores: (N, 11) log-odds of the ten digits and of skipping;
    -inf where a reading is out of the question. found: what `paths` found out about it, so that it does so once.
    """

    nodes: int
    start: NDArray[np.intp]
    end: NDArray[np.intp]
    scores: Scores
    found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.start), SYMBOLS) or len(self.start) != len(self.end):
            raise ValueError("start, end and scores differ in number")
        if self.nodes < 1:
            raise ValueError(f"a lattice has at least one cut, not {self.nodes}")
        if len(self.start) and not ((self.start < self.end).all() and (np.diff(self.end) >= 0).all()):
            raise ValueError("spans must have start < end and be ordered by end")
        if len(self.start) and (self.start.min() < 0 or self.end[-1] >= self.nodes):
            raise ValueError(f"spans must lie between cuts 0 and {self.nodes - 1}")

    @classmethod
    def build(cls, nodes: int, start: NDArray[np.intp], end: NDArray[np.intp], scores: Scores) -> "Lattice":
        """A lattice of spans in any order."""
        order = np.argsort(end, kind="stable")
        return cls(nodes, start[order], end[order], np.asarray(scores, dtype=np.float64)[order])

    def mirrored(self) -> tuple["Lattice", NDArray[np.intp]]:
        """The lattice read from its end, and which span of this one each of its spans is, (N,)."""
        if "mirrored" not in self.found:
            self.found["mirrored"] = self._mirrored()
        return self.found["mirrored"]

    def _mirrored(self) -> tuple["Lattice", NDArray[np.intp]]:
        order = np.argsort(-self.start, kind="stable")
        last = self.nodes - 1
        return Lattice(self.nodes, last - self.end[order], last - self.start[order], self.scores[order]), order


def lattice_scores(sums: NDArray[np.float32], empty: NDArray[np.bool_]) -> Scores:
    """(N, 11) scores of a lattice from the network's weighted sums; spans without ink are skipped for nothing."""
    scores = sums.astype(np.float64)
    scores[empty] = -np.inf
    scores[empty, SKIP] = 0.0
    return scores


@dataclass(frozen=True)
class Path:
    """The best path: span numbers in order, the symbol of each (10 = skipped), and the score."""

    spans: tuple[int, ...]
    symbols: tuple[int, ...]
    score: float

    @property
    def text(self) -> str:
        """The digits on the path."""
        return "".join(str(symbol) for symbol in self.symbols if symbol != SKIP)
