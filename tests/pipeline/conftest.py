"""Small lattices and every path through them: the oracle of the sums over paths."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pipeline.reading.lattices.lattice import SYMBOLS, Lattice

Step = tuple[int, int]  # span, symbol


def random_lattice(seed: int, most_nodes: int = 5) -> Lattice:
    """A lattice of up to `most_nodes` cuts, with gaps, spans that come twice, and few readings of each."""
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(1, most_nodes + 1))
    pairs = [(i, j) for i in range(nodes) for j in range(i + 1, nodes)]
    chosen = [pair for pair in pairs for _ in range(int(rng.choice(3, p=(0.3, 0.55, 0.15))))]
    start, end = np.array(chosen, dtype=np.intp).reshape(-1, 2)[rng.permutation(len(chosen))].T
    scores = rng.normal(0, 3, (len(chosen), SYMBOLS))
    # Few symbols, so that the same text is spelled in several ways.
    scores[:, ~np.isin(np.arange(SYMBOLS), (1, 7, 10))] = -np.inf
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    return Lattice.build(nodes, start, end, scores)


def walk(lattice: Lattice, first: int = 0, last: int | None = None) -> Iterator[tuple[tuple[Step, ...], float]]:
    """Every path between two cuts, by default across, with its score; readings of score -inf left out."""
    last = lattice.nodes - 1 if last is None else last
    if first == last:
        yield (), 0.0
    for s in np.flatnonzero((lattice.start == first) & (lattice.end <= last)):
        for symbol in np.flatnonzero(lattice.scores[s] > -np.inf):
            for steps, score in walk(lattice, int(lattice.end[s]), last):
                yield ((int(s), int(symbol)), *steps), float(lattice.scores[s, symbol]) + score


@pytest.fixture(scope="session")
def small_lattice() -> Callable[..., Lattice]:
    return random_lattice


@pytest.fixture(scope="session")
def all_paths() -> Callable[..., Iterator[tuple[tuple[Step, ...], float]]]:
    return walk
