"""The lattice composed with a format: sums over the paths that fit it, the best of them, the likeliest texts.

A path through both is one of the lattice whose digits take the format's automaton from its first state to an
accepting one (Mohri 2002, "Weighted finite-state transducers", composition); a skipped span leaves the state as it is.
The empty text always fits: a field may have been left empty. Sums are probabilities among *all* paths of the lattice,
so that they also say how well the format fits (`share`).
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.automaton import Automaton
from pipeline.formats.format import Format
from pipeline.reading.lattice import SKIP, Lattice, Path, best_path, span_posteriors, transitions
from pipeline.reading.texts import BEAM, PRUNE, path_shares

# A number fits when at least this share of the paths does. Of 120 held-out strings none had less than 1e-3 in its true
# format, while formats of two digits too many had less than this in a tenth of them.
LEAST_FIT = 1e-6

Float = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class FormattedLattice:
    """N spans, nodes cuts, S states.

    lattice, chain: the lattice and its steps as of `transitions` ((N, 11)); read from its end where the format is
    mirrored. ahead: (nodes, S + 1) probability that a path drawn by its score comes through a cut in a state;
    behind: (nodes, S + 1) that from there on it fits. The last state stands for refusal.
    """

    source: Lattice
    lattice: Lattice
    order: Index
    mirrored: bool
    automaton: Automaton
    chain: Float
    ahead: Float
    behind: Float

    @classmethod
    def compose(cls, source: Lattice, format: Format) -> "FormattedLattice":
        """The lattice and a format."""
        lattice, order = _mirror(source) if format.mirrored else (source, np.arange(len(source.start)))
        chain, _ = transitions(lattice)
        automaton = format.or_nothing
        after = _after(automaton)
        return cls(
            source,
            lattice,
            order,
            format.mirrored,
            automaton,
            chain,
            _ahead(lattice, chain, after),
            _behind(lattice, chain, after, automaton.accepting),
        )

    @property
    def share(self) -> float:
        """The probability that a path drawn by its score fits."""
        return float(self.behind[0, 0])

    @cached_property
    def posteriors(self) -> Float:
        """(N, 11) probability, given the format, that a path uses each span as each symbol; spans as in `source`."""
        result = np.zeros_like(self.chain)
        if self.share > 0:
            before, onward = self.ahead[self.lattice.start] / self.share, self.behind[self.lattice.end]
            after = _after(self.automaton)
            for symbol in range(SKIP):
                result[self.order, symbol] = np.einsum("nq,nq->n", before, onward[:, after[symbol]])
            result[self.order, SKIP] = np.einsum("nq,nq->n", before, onward)
            result[self.order] *= self.chain
        return result

    def best_path(self) -> Path:
        """The path of highest score that fits. ValueError when there is none."""
        scores, after = self.lattice.scores, _after(self.automaton)
        states = len(self.automaton.accepting)
        best = np.full((self.lattice.nodes, states + 1), -np.inf)
        best[0, 0] = 0.0
        came = np.zeros((*best.shape, 3), dtype=np.intp)  # span, symbol, state before
        bounds = np.searchsorted(self.lattice.end, np.arange(self.lattice.nodes + 1))
        for node in range(1, self.lattice.nodes):
            here = np.arange(bounds[node], bounds[node + 1])
            if len(here):
                _arrive(best, came, node, here, self.lattice.start[here], scores[here], after)
        last = np.where(self.automaton.accepting, best[-1, :-1], -np.inf)
        if last.max() == -np.inf:
            raise ValueError("no path fits the format")
        return self._walk_back(came, int(last.argmax()), float(last.max()))

    def _walk_back(self, came: Index, state: int, score: float) -> Path:
        steps: list[tuple[int, int]] = []
        node = self.lattice.nodes - 1
        while node > 0:
            span, symbol, state = (int(number) for number in came[node, state])
            steps.append((int(self.order[span]), symbol))
            node = int(self.lattice.start[span])
        if not self.mirrored:
            steps.reverse()
        return Path(tuple(span for span, _ in steps), tuple(symbol for _, symbol in steps), score)

    def likely_texts(self, count: int, prune: float = PRUNE, beam: int = BEAM) -> list[tuple[str, float]]:
        """The `count` likeliest texts that fit, with their posterior given the format; the empty one may be among them.

        As `texts.likely_texts`: exact when nothing is pruned, and exact in the sums of the texts found.
        """
        if self.share <= 0:
            return []
        kept = np.where(self.posteriors[self.order] >= prune, self.chain, 0.0)
        candidates = self._beam(kept, beam)[: count + 2] or [self.best_path().text]
        chain, _ = transitions(self.source)
        shares = path_shares(self.source, chain, candidates)
        scored = [(text, min(1.0, share / self.share)) for text, share in zip(candidates, shares, strict=True)]
        return sorted(scored, key=lambda pair: -pair[1])[:count]

    def _beam(self, chain: Float, beam: int) -> list[str]:
        """Texts by the probability of their paths, likeliest first, at most `beam` kept at each cut.

        What is kept is likeliest given the format: what a prefix has so far, times what may follow it and fits.
        """
        arriving: list[list[tuple[int, int, float]]] = [[] for _ in range(self.lattice.nodes)]
        for s, symbol in zip(*(index.tolist() for index in np.nonzero(chain)), strict=True):
            arriving[self.lattice.end[s]].append((int(self.lattice.start[s]), symbol, float(chain[s, symbol])))
        step, behind = self.automaton.step.tolist(), self.behind
        found: list[list[tuple[str, int, float]]] = [[("", 0, 1.0)]]
        for node in range(1, self.lattice.nodes):
            sums: dict[tuple[str, int], float] = defaultdict(float)
            for start, symbol, chance in arriving[node]:
                for prefix, state, share in found[start]:
                    after = state if symbol == SKIP else step[state][symbol]
                    sums[prefix if symbol == SKIP else prefix + str(symbol), after] += share * chance
            ranked = [(share * behind[node, state], text, state, share) for (text, state), share in sums.items()]
            ranked.sort(key=lambda entry: -entry[0])
            found.append([(text, state, share) for value, text, state, share in ranked[:beam] if value > 0])
        texts = [text for text, _, _ in found[-1]]
        return [text[::-1] for text in texts] if self.mirrored else texts


def likely_formatted(lattice: Lattice, format: Format, count: int, beam: int = BEAM) -> list[tuple[str, float]]:
    """`FormattedLattice.likely_texts`; none where next to nothing fits: then a sure reading would only be the least
    wrong one."""
    formatted = FormattedLattice.compose(lattice, format)
    (empty,) = path_shares(lattice, transitions(lattice)[0], [""])
    return formatted.likely_texts(count, beam=beam) if formatted.share - empty >= LEAST_FIT else []


def best_reading(lattice: Lattice, format: Format | None) -> tuple[Path, Float]:
    """The best path, and the posteriors (N, 11) of the spans, among the paths that fit the format, if one is given.

    Where none fits, the best path of all: the search then goes on where that is unsure.
    """
    if format is not None:
        formatted = FormattedLattice.compose(lattice, format)
        if formatted.share > 0:
            return formatted.best_path(), formatted.posteriors
    return best_path(lattice), span_posteriors(lattice)[0]


def _mirror(lattice: Lattice) -> tuple[Lattice, Index]:
    """The lattice read from its end, and which span of it each of its own is."""
    order = np.argsort(-lattice.start, kind="stable")
    last = lattice.nodes - 1
    start, end = last - lattice.end[order], last - lattice.start[order]
    return Lattice(lattice.nodes, start, end, lattice.scores[order]), order


def _after(automaton: Automaton) -> Index:
    """(10, S + 1) the state after each digit; the last state is refusal, and stays so."""
    states = len(automaton.accepting)
    step = np.where(automaton.step < 0, states, automaton.step)
    return np.concatenate([step, np.full((1, 10), states)]).T


def _ahead(lattice: Lattice, chain: Float, after: Index) -> Float:
    width = after.shape[1]
    sums = np.zeros((lattice.nodes, width))
    sums[0, 0] = 1.0
    bounds = np.searchsorted(lattice.end, np.arange(lattice.nodes + 1))
    for node in range(1, lattice.nodes):
        here = slice(bounds[node], bounds[node + 1])
        arrive = chain[here].T @ sums[lattice.start[here]]
        sums[node] = arrive[SKIP] + np.bincount(after.ravel(), arrive[:SKIP].ravel(), width)
        sums[node, -1] = 0.0
    return sums


def _behind(lattice: Lattice, chain: Float, after: Index, accepting: NDArray[np.bool_]) -> Float:
    sums = np.zeros((lattice.nodes, after.shape[1]))
    sums[-1, :-1] = accepting
    order = np.argsort(lattice.start, kind="stable")
    bounds = np.searchsorted(lattice.start[order], np.arange(lattice.nodes + 1))
    for node in range(lattice.nodes - 2, -1, -1):
        here = order[bounds[node] : bounds[node + 1]]
        leave = chain[here].T @ sums[lattice.end[here]]
        sums[node] = leave[SKIP] + np.take_along_axis(leave[:SKIP], after, axis=1).sum(axis=0)
    return sums


def _arrive(best: Float, came: Index, node: int, here: Index, start: Index, scores: Float, after: Index) -> None:
    """Sets the best score at a node in each state, and whence it came; the spans `here` end there."""
    states = np.arange(best.shape[1] - 1)
    before = best[start]
    for symbol in range(SKIP + 1):
        reach = before[:, :-1] + scores[:, symbol, None]
        winner = reach.argmax(axis=0)
        value = reach[winner, states]
        target = states if symbol == SKIP else after[symbol, :-1]
        # Of several that come to one state, the last assigned stays: the best of them.
        order = np.argsort(value, kind="stable")
        order = order[value[order] > best[node, target[order]]]
        best[node, target[order]] = value[order]
        came[node, target[order]] = np.stack([here[winner[order]], np.full(len(order), symbol), states[order]], axis=1)
    best[node, -1] = -np.inf
