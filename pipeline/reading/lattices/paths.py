"""The path algebra: sums over the paths of a lattice that an automaton accepts, and the best of them.

Any digits, one text, some texts, a format: each is an automaton, and what fits is its composition with the lattice
(Mohri 2002, "Weighted finite-state transducers"); a skipped span leaves the state as it is. Sums and maxima are the
same recursion over cuts and states, in three semirings: probabilities, their logarithms, and the best score
(LeCun et al. 1998, sections VI-IX).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from classifier.arrays import Scores
from pipeline.formats.automaton import ANY, Arcs, Automaton
from pipeline.reading.lattices.lattice import SYMBOLS, Lattice, Path
from segmenter.arrays import Index

if TYPE_CHECKING:
    from pipeline.formats.format import Format


@dataclass(frozen=True)
class Semiring:
    """How weights are summed over paths (`plus`) and multiplied along them (`times`), with their neutral elements."""

    plus: np.ufunc
    times: np.ufunc
    zero: float
    one: float


PROBABILITY = Semiring(np.add, np.multiply, 0.0, 1.0)
LOG = Semiring(np.logaddexp, np.add, -np.inf, 0.0)
BEST = Semiring(np.maximum, np.add, -np.inf, 0.0)


def sweep(lattice: Lattice, automaton: Automaton, semiring: Semiring, weights: Scores, back: bool = False) -> Scores:
    """(nodes, S) sums over partial paths: from the first cut and state to each; `back`: from each to the last cut and
    an accepting state. weights: (N, 11) of the spans as each symbol."""
    source, target, nodes = lattice.start, lattice.end, range(1, lattice.nodes)
    sums = np.full((lattice.nodes, len(automaton.accepting)), semiring.zero)
    if back:
        order = np.argsort(source, kind="stable")
        source, target, weights = target[order], source[order], weights[order]
        nodes = range(lattice.nodes - 2, -1, -1)
        sums[-1, automaton.accepting] = semiring.one
    else:
        sums[0, 0] = semiring.one
    bounds = np.searchsorted(target, np.arange(lattice.nodes + 1)).tolist()
    arcs = automaton.arcs_from if back else automaton.arcs_into
    if len(automaton.accepting) == 1:
        _sweep_one_state(sums[:, 0], source, bounds, nodes, semiring, _over_symbols(weights, arcs, semiring))
        return sums
    for node in nodes:
        here = slice(bounds[node], bounds[node + 1])
        if here.start < here.stop:
            arriving = _over_spans(weights[here], sums[source[here]], arcs, semiring)
            semiring.plus.reduceat(arriving, arcs.first, out=sums[node])
    return sums


def _over_symbols(weights: Scores, arcs: Arcs, semiring: Semiring) -> Scores:
    """(N,) sums over the symbols that the arcs of a single state allow."""
    allowed = weights if len(arcs.symbol) == SYMBOLS else weights[:, arcs.symbol]
    if semiring is not LOG or not len(weights):
        return semiring.plus.reduce(allowed, axis=1)
    peak = allowed.max(axis=1)  # one exp for each weight; logaddexp takes two functions for each
    peak[np.isneginf(peak)] = 0.0
    with np.errstate(divide="ignore"):
        return np.log(np.exp(allowed - peak[:, None]).sum(axis=1)) + peak


def _sweep_one_state(
    sums: Scores, source: Index, bounds: list[int], nodes: range, semiring: Semiring, totals: Scores
) -> None:
    """Fills the sums (nodes,) of an automaton of one state, where arcs need not be looked up."""
    plus, times = semiring.plus.reduce, semiring.times
    for node in nodes:
        here = slice(bounds[node], bounds[node + 1])
        if here.start < here.stop:
            sums[node] = plus(times(sums[source[here]], totals[here]))


def _over_spans(weights: Scores, before: Scores, arcs: Arcs, semiring: Semiring) -> Scores:
    """(A,) sums over n spans of what arrives by each arc; weights: (n, 11), before: (n, S)."""
    if semiring is PROBABILITY:
        return (weights.T @ before)[arcs.symbol, arcs.source]
    return semiring.plus.reduce(semiring.times(before[:, arcs.source], weights[:, arcs.symbol]), axis=0)


def forward(lattice: Lattice) -> Scores:
    """(nodes,) log-sum of the scores of all partial paths from the first cut to each cut."""
    return sweep(lattice, ANY, LOG, lattice.scores)[:, 0]


def backward(lattice: Lattice) -> Scores:
    """(nodes,) log-sum of the scores of all partial paths from each cut to the last."""
    return sweep(lattice, ANY, LOG, lattice.scores, back=True)[:, 0]


def posteriors(lattice: Lattice, automaton: Automaton = ANY) -> tuple[Scores, float]:
    """(N, 11) probability that a path drawn by its score from those that fit uses each span as each symbol; and ln of
    the sum of all that fit."""
    ahead = sweep(lattice, automaton, LOG, lattice.scores)
    behind = sweep(lattice, automaton, LOG, lattice.scores, back=True)
    total, arcs = float(behind[0, 0]), automaton.arcs
    if total == -np.inf or not len(lattice.start):
        return np.zeros_like(lattice.scores), total
    around = ahead[lattice.start][:, arcs.source] + behind[lattice.end][:, arcs.target] - total
    return _by_symbol(np.exp(around + lattice.scores[:, arcs.symbol]), arcs), total


def _by_symbol(values: Scores, arcs: Arcs) -> Scores:
    """(N, 11) sums of values (N, A) over the arcs of each symbol."""
    if len(arcs.symbol) == SYMBOLS == len(arcs.first):
        return values
    result = np.zeros((len(values), SYMBOLS))
    result[:, arcs.symbol[arcs.first]] = np.add.reduceat(values, arcs.first, axis=1)
    return result


def best_path(lattice: Lattice, automaton: Automaton = ANY) -> Path:
    """The path of highest score that fits, exactly, by dynamic programming. ValueError when there is none."""
    best, arcs = sweep(lattice, automaton, BEST, lattice.scores), automaton.arcs_into
    last = np.where(automaton.accepting, best[-1], -np.inf)
    state, node, steps = int(last.argmax()), lattice.nodes - 1, []
    if last[state] == -np.inf:
        raise ValueError("no path fits")
    bounds = np.searchsorted(lattice.end, np.arange(lattice.nodes + 1)).tolist()
    groups = [*arcs.first.tolist(), len(arcs.symbol)]
    while node > 0:
        here, into = slice(bounds[node], bounds[node + 1]), slice(groups[state], groups[state + 1])
        value = best[lattice.start[here]][:, arcs.source[into]] + lattice.scores[here][:, arcs.symbol[into]]
        span, arc = divmod(int(value.argmax()), into.stop - into.start)
        span, arc = here.start + span, into.start + arc
        steps.append((span, int(arcs.symbol[arc])))
        node, state = int(lattice.start[span]), int(arcs.source[arc])
    steps.reverse()
    return Path(tuple(span for span, _ in steps), tuple(each for _, each in steps), float(last.max()))


def markov_chain(lattice: Lattice) -> tuple[Scores, float]:
    """The paths as a Markov chain, and ln of the sum of all their scores.

    (N, 11) probability that a path drawn by its score, once it has come to the start of a span, goes on with that
    span read as each symbol. Products along a path are its posterior, so that no sum over paths needs logarithms.
    """
    behind = backward(lattice)
    left = behind[lattice.start]
    onward = behind[lattice.end] - np.where(left > -np.inf, left, 0.0)
    return np.exp(lattice.scores + onward[:, None]), float(behind[0])


@dataclass(frozen=True, eq=False)
class Fit:
    """What an automaton leaves of a lattice, as probabilities among *all* its paths.

    chain: (N, 11) as of `markov_chain`. ahead: (nodes, S) that a path drawn by its score comes through a cut in a
    state; behind: (nodes, S) that from there on it fits.
    """

    lattice: Lattice
    automaton: Automaton
    chain: Scores
    ahead: Scores
    behind: Scores

    @classmethod
    def of(cls, lattice: Lattice, automaton: Automaton = ANY) -> Fit:
        """Of a lattice and an automaton; of the same two, the same."""
        if automaton not in lattice.found:
            lattice.found[automaton] = cls._of(lattice, automaton)
        return lattice.found[automaton]

    @classmethod
    def _of(cls, lattice: Lattice, automaton: Automaton) -> Fit:
        chain, total = markov_chain(lattice)
        ahead = sweep(lattice, automaton, PROBABILITY, chain)
        if automaton is ANY:  # from every cut that the chain comes to it gets across
            behind = (ahead > 0).astype(np.float64) if total > -np.inf else np.zeros_like(ahead)
        else:
            behind = sweep(lattice, automaton, PROBABILITY, chain, back=True)
        return cls(lattice, automaton, chain, ahead, behind)

    @property
    def share(self) -> float:
        """The probability that a path drawn by its score fits."""
        return float(self.behind[0, 0])

    @cached_property
    def used(self) -> Scores:
        """(N, 11) probability that a path drawn by its score fits and uses each span as each symbol."""
        if not len(self.chain):
            return np.zeros_like(self.chain)
        arcs, lattice = self.automaton.arcs, self.lattice
        around = self.ahead[lattice.start][:, arcs.source] * self.behind[lattice.end][:, arcs.target]
        return _by_symbol(around, arcs) * self.chain


def best_reading(lattice: Lattice, format: Format | None = None) -> tuple[Path, Scores]:
    """The best path, and the posteriors (N, 11) of the spans, among the paths that fit the format, if one is given.

    Where none fits, the best path of all: the search then goes on where that is unsure.
    """
    if format is not None:
        side, order = lattice.mirrored() if format.mirrored else (lattice, np.arange(len(lattice.start)))
        fit = Fit.of(side, format.or_nothing)
        if fit.share > 0:
            result = np.empty_like(fit.used)
            result[order] = fit.used / fit.share
            return _in_source(best_path(side, format.or_nothing), order, format.mirrored), result
    return best_path(lattice), Fit.of(lattice).used


def _in_source(path: Path, order: Index, mirrored: bool) -> Path:
    """A path of the mirrored lattice as one of the lattice itself."""
    if not mirrored:
        return path
    return Path(tuple(int(order[span]) for span in path.spans[::-1]), path.symbols[::-1], path.score)
