"""The likeliest texts of a lattice, the likeliest first: best-first search over the beginnings of texts.

A beginning is worth what all paths that begin so are worth together, a sum that no text which begins so exceeds (Hart,
Nilsson and Raphael 1968, "A formal basis for the heuristic determination of minimum cost paths"). Its paths are one
vector over the cuts, and one matrix takes it on by every digit, whatever is skipped in between.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from classifier.arrays import Scores
from pipeline.formats.automaton import REFUSED
from pipeline.reading.lattices.lattice import SKIP, Lattice
from pipeline.reading.lattices.paths import Fit
from segmenter.arrays import Index

TOGETHER = 16  # beginnings that are continued at once
DIGITS = 10
Beginning = tuple[float, str, int, Scores]  # minus its worth, the text, the automaton's state, (cuts,) its last digit's


@dataclass(frozen=True, eq=False)
class Steps:
    """What follows a digit that ended at each of n cuts. onward: (n, 10 * n) probability of another digit that ends at
    each; finish: (n,) of no other; cuts: (n,) which cuts of the lattice they are, the first and the last included."""

    onward: Scores
    finish: Scores
    cuts: Index

    @classmethod
    def of(cls, lattice: Lattice, chain: Scores) -> Steps:
        """Of a lattice whose spans go on with these probabilities (N, 11), 0 where a reading is left out."""
        spans, symbols = np.nonzero(chain)
        cuts = np.unique(np.concatenate([[0, lattice.nodes - 1], lattice.start[spans], lattice.end[spans]]))
        start, end = np.searchsorted(cuts, lattice.start[spans]), np.searchsorted(cuts, lattice.end[spans])
        n = len(cuts)
        table = np.bincount((symbols * n + start) * n + end, chain[spans, symbols], (SKIP + 1) * n * n)
        table = table.reshape(SKIP + 1, n, n)
        passed = np.linalg.inv(np.eye(n) - table[SKIP])  # over any number of spans that are skipped
        onward: Scores = passed @ table[:SKIP].transpose(1, 0, 2).reshape(n, DIGITS * n)
        return cls(onward, passed[:, -1], cuts)


def likeliest_texts(fit: Fit, count: int, wide: int, prune: float) -> list[str]:
    """At most `count` texts that fit, likeliest first. wide: how many beginnings wait at most; exact where there are no
    more. prune: texts, and readings of spans, that are less likely than this among what fits are left out."""
    least = prune * fit.share
    steps = Steps.of(fit.lattice, np.where(fit.used >= least, fit.chain, 0.0))
    n, accepting = len(steps.cuts), fit.automaton.accepting
    after = np.where(fit.automaton.step == REFUSED, len(accepting), fit.automaton.step)
    behind = np.zeros((len(accepting) + 1, n))  # the last state is refusal
    behind[:-1] = fit.behind[steps.cuts].T
    waiting: list[Beginning] = [(-1.0, "", 0, np.eye(1, n)[0])]
    found: list[tuple[float, str]] = []  # a heap of the `count` likeliest, the least likely on top
    while waiting and -waiting[0][0] > least:
        some = [heapq.heappop(waiting) for _ in range(min(TOGETHER, len(waiting)))]
        places, states = np.stack([each[3] for each in some]), np.array([each[2] for each in some])
        for (_, text, _, _), chance in zip(some, (places @ steps.finish * accepting[states]).tolist(), strict=True):
            if chance > least:
                (heapq.heappush if len(found) < count else heapq.heappushpop)(found, (chance, text))
                least = max(least, found[0][0]) if len(found) == count else least
        longer = (places @ steps.onward).reshape(len(some), DIGITS, n)
        worth = np.einsum("bdn,bdn->bd", longer, behind[after[states]])
        for row, digit in np.argwhere(worth > least).tolist():
            state = int(after[states[row], digit])
            beginning = (-float(worth[row, digit]), some[row][1] + str(digit), state, longer[row, digit])
            heapq.heappush(waiting, beginning)
        if len(waiting) > 2 * wide:
            waiting = heapq.nsmallest(wide, waiting)  # ordered, and so a heap
    return [text for _, text in sorted(found, reverse=True)]
