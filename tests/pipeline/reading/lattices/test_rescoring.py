"""The second look: which spans get it, what it may change, and what it may not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.network import Convolution, ConvolutionNetwork, Shape
from pipeline.reading.lattices.characters import INK, measure, skip_costs
from pipeline.reading.lattices.lattice import SKIP, SYMBOLS, Lattice
from pipeline.reading.lattices.rescoring import LIKELY, MEASURES, likely_spans, look_again, second_measures
from pipeline.reading.lattices.search import SearchConfig, search
from pipeline.reading.text_finding import score_spans
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import TRAINING
from segmenter import cut_pieces, extract_ink, find_cuts

SMALL = Shape(convolutions=(Convolution(5, 2, 2), Convolution(5, 2, 3)), hidden=4)


def paths_through(lattice: Lattice) -> np.ndarray:
    """(N,) share of the weight of all paths that uses each span, by following every path."""
    weights = np.exp(lattice.scores).sum(axis=1)
    used, total = np.zeros(len(weights)), 0.0

    def follow(node: int, weight: float, spans: list[int]) -> None:
        nonlocal total
        if node == lattice.nodes - 1:
            used[spans] += weight
            total += weight
        for span in np.flatnonzero(lattice.start == node).tolist():
            follow(int(lattice.end[span]), weight * weights[span], [*spans, span])

    follow(0, 1.0, [])
    return used / total


@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_likely_spans_are_those_on_likely_paths(nodes, seed):
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for b in range(1, nodes) for a in range(b)]
    start, end = np.array(pairs, np.intp).T
    lattice = Lattice(nodes, start, end, rng.normal(0, 4, (len(pairs), SYMBOLS)))
    empty = rng.random(len(pairs)) < 0.2
    share = paths_through(lattice)
    clear = np.abs(share - LIKELY) > 1e-9
    likely = np.zeros(len(pairs), bool)
    likely[likely_spans(lattice, empty)] = True
    np.testing.assert_array_equal(likely[clear], ((share >= LIKELY) & ~empty)[clear])


@pytest.fixture(scope="module")
def searched():
    """Pieces of a string of our own shapes and the rounds of a search with a random network."""
    string = draw_string(np.random.default_rng(6), Sources(), TRAINING, text="4071")
    ink = extract_ink(string.image.astype(np.float32) / np.float32(255))
    pieces = cut_pieces(ink, find_cuts(ink))
    network = ConvolutionNetwork.initialise(SMALL, np.random.default_rng(1))
    return pieces, search(pieces, lambda pieces, spans: score_spans(network, pieces, spans))


def second_network(seed: int) -> ConvolutionNetwork:
    return ConvolutionNetwork.initialise(replace(SMALL, measures=MEASURES), np.random.default_rng(seed))


def test_a_second_look_changes_the_scores_of_likely_spans_only(searched):
    pieces, rounds = searched
    last = rounds[-1]
    again = look_again(pieces, last, second_network(2), SearchConfig())
    rows = likely_spans(last.lattice, last.spans.mass <= 0)
    others = np.setdiff1d(np.arange(len(last.spans)), rows)
    assert len(rows) and len(others)
    np.testing.assert_array_equal(again.rescored, rows)
    np.testing.assert_array_equal(again.lattice.scores[others], last.lattice.scores[others])
    assert (again.lattice.scores[rows] != last.lattice.scores[rows]).any(axis=1).all()
    assert again.spans is last.spans and again.active is last.active


def test_a_second_network_that_says_nothing_changes_nothing(searched):
    pieces, rounds = searched
    silent = second_network(3)
    silent.weights["output"][:] = 0
    again = look_again(pieces, rounds[-1], silent, SearchConfig())
    np.testing.assert_array_equal(again.lattice.scores, rounds[-1].lattice.scores)
    assert again.path == rounds[-1].path


def test_the_second_network_sees_the_measures_and_what_the_first_one_says():
    measures = np.linspace(-1, 1, 32, dtype=np.float32).reshape(2, 16)
    scores = np.array([[0.0, 4, -4, 100, -np.inf, 1, 2, 3, 4, 5, 6]] * 2)
    seen = second_measures(measures, scores)
    assert seen.shape == (2, MEASURES) and seen.dtype == np.float32
    np.testing.assert_array_equal(seen[:, :16], measures)
    np.testing.assert_allclose(seen[0, 16:21], [0, 1, -1, 2, -2])


def test_skipping_costs_more_the_more_ink_is_skipped(searched):
    pieces, rounds = searched
    spans = rounds[-1].spans
    costs, mass = skip_costs(measure(pieces, spans)), spans.mass
    assert (costs[mass <= 0] == 0).all() and (costs >= 0).all()
    order = np.argsort(mass)
    assert (np.diff(costs[order]) >= -1e-5).all() and costs.max() > 1
    doubled = np.zeros((1, 16), np.float32)
    doubled[0, INK] = 0.4
    assert skip_costs(2 * doubled) == pytest.approx(2 * skip_costs(doubled))


def test_scores_of_spans_are_what_the_network_says_less_what_skipping_costs(searched):
    pieces, rounds = searched
    spans = rounds[0].spans
    silent = ConvolutionNetwork.initialise(SMALL, np.random.default_rng(1))
    silent.weights["output"][:] = 0
    scores = score_spans(silent, pieces, spans)
    np.testing.assert_allclose(scores[:, SKIP], -skip_costs(measure(pieces, spans)))
    assert not np.delete(scores, SKIP, axis=1).any()
