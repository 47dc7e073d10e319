"""The lattice: all ways to read a field as a row of spans, each one digit or a mark to skip; sums and best paths.

A path's score is the sum of the weighted sums z = ln(a / (1 - a)) of the outputs it uses. Since every span off the
path should have all outputs low, this is, up to a constant, the log-likelihood of the whole lattice under
independent sigmoid outputs. Sums over paths are those of LeCun et al. 1998, sections VI-IX.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

SKIP = 10  # the column of the scores that skips a span; columns 0..9 read it as that digit
SYMBOLS = 11


@dataclass(frozen=True, eq=False)
class Lattice:
    """N spans between cuts 0..nodes - 1 and their scores.

    start, end: (N,) with start < end, ordered by end. scores: (N, 11) log-odds of the ten digits and of skipping;
    -inf where a reading is out of the question.
    """

    nodes: int
    start: NDArray[np.intp]
    end: NDArray[np.intp]
    scores: Float

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
    def build(cls, nodes: int, start: NDArray[np.intp], end: NDArray[np.intp], scores: Float) -> "Lattice":
        """A lattice of spans in any order."""
        order = np.argsort(end, kind="stable")
        return cls(nodes, start[order], end[order], np.asarray(scores, dtype=np.float64)[order])


def lattice_scores(sums: NDArray[np.float32], empty: NDArray[np.bool_]) -> Float:
    """(N, 11) scores of a lattice from the network's weighted sums; spans without ink are skipped for nothing."""
    scores = sums.astype(np.float64)
    scores[empty] = -np.inf
    scores[empty, SKIP] = 0.0
    return scores


def log_sum(values: Float, axis: int | None = None) -> Float:
    """ln of the sum of exp, stable, -inf where everything is."""
    peak = np.max(values, axis=axis, keepdims=True, initial=-np.inf)
    safe = np.where(np.isfinite(peak), peak, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(values - safe).sum(axis=axis, keepdims=True)) + safe
    return np.squeeze(total, axis=axis) if axis is not None else total.reshape(())[()]


def forward(lattice: Lattice) -> Float:
    """(nodes,) log-sum of the scores of all partial paths from the first cut to each cut."""
    return _sweep(lattice.nodes, lattice.start, lattice.end, log_sum(lattice.scores, axis=1), range(lattice.nodes))


def backward(lattice: Lattice) -> Float:
    """(nodes,) log-sum of the scores of all partial paths from each cut to the last."""
    order = np.argsort(lattice.start, kind="stable")
    totals = log_sum(lattice.scores, axis=1)[order]
    return _sweep(lattice.nodes, lattice.end[order], lattice.start[order], totals, range(lattice.nodes - 1, -1, -1))


def _sweep(nodes: int, source: NDArray[np.intp], target: NDArray[np.intp], totals: Float, order: range) -> Float:
    """Log-sums over paths that arrive at each node; spans ordered by target, ascending."""
    sums = np.full(nodes, -np.inf)
    sums[order[0]] = 0.0
    bounds = np.searchsorted(target, np.arange(nodes + 1))
    for node in order[1:]:
        here = slice(bounds[node], bounds[node + 1])
        sums[node] = np.logaddexp.reduce(sums[source[here]] + totals[here])
    return sums


def span_posteriors(lattice: Lattice) -> tuple[Float, float]:
    """(N, 11) probability that a path drawn by its score uses each span as each symbol; and ln of the sum of all."""
    alpha, beta = forward(lattice), backward(lattice)
    total = float(alpha[-1])
    if total == -np.inf:
        return np.zeros_like(lattice.scores), total
    around = alpha[lattice.start] + beta[lattice.end] - total
    return np.exp(lattice.scores + around[:, None]), total


def transitions(lattice: Lattice) -> tuple[Float, float]:
    """The paths as a Markov chain, and ln of the sum of all their scores.

    (N, 11) probability that a path drawn by its score, once it has come to the start of a span, goes on with that
    span read as each symbol. Products along a path are its posterior, so that no sum over paths needs logarithms.
    """
    beta = backward(lattice)
    total = float(beta[0])
    left = beta[lattice.start]
    onward = beta[lattice.end] - np.where(left > -np.inf, left, 0.0)
    return np.exp(lattice.scores + onward[:, None]), total


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


def best_path(lattice: Lattice) -> Path:
    """The path of highest score, exactly, by dynamic programming. ValueError when no path gets across."""
    symbol = lattice.scores.argmax(axis=1)
    value = lattice.scores[np.arange(len(symbol)), symbol]
    best = np.full(lattice.nodes, -np.inf)
    best[0] = 0.0
    arrived = np.full(lattice.nodes, -1)
    for s in range(len(symbol)):
        score = best[lattice.start[s]] + value[s]
        if score > best[lattice.end[s]]:
            best[lattice.end[s]] = score
            arrived[lattice.end[s]] = s
    return _walk_back(lattice, symbol, arrived, float(best[-1]))


def _walk_back(lattice: Lattice, symbol: NDArray[np.intp], arrived: NDArray[np.intp], score: float) -> Path:
    spans: list[int] = []
    node = lattice.nodes - 1
    while node > 0:
        if arrived[node] < 0:
            raise ValueError("no path gets across the lattice")
        spans.append(int(arrived[node]))
        node = int(lattice.start[spans[-1]])
    spans.reverse()
    return Path(tuple(spans), tuple(int(symbol[s]) for s in spans), score)
