"""The path algebra against every path of small lattices: any digits, one text, formats."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.formats.automaton import ANY, Automaton, spelling
from pipeline.formats.format import Format, parse_format
from pipeline.reading.lattices.lattice import SYMBOLS, Lattice, Path
from pipeline.reading.lattices.paths import (
    LOG,
    Fit,
    backward,
    best_path,
    best_reading,
    forward,
    markov_chain,
    posteriors,
    sweep,
)
from tests.pipeline.reading.lattices.oracles import SPECS, scores_by_text, spelled, total_of

pytestmark = pytest.mark.filterwarnings("error")
seeds = st.integers(0, 2**32 - 1)
texts = st.text("17", max_size=4)


def random_format(seed: int) -> Format:
    """An automaton of up to five states, any of which may accept."""
    rng = np.random.default_rng(seed)
    states = int(rng.integers(1, 6))
    accepting = rng.random(states) < 0.4
    accepting[-1] = True
    automaton = Automaton(rng.integers(-1, states, (states, 10)), accepting)
    if automaton.has_no_number:
        return parse_format("digits:2")
    return Format("random", automaton.least(), mirrored=bool(rng.random() < 0.5))


formats = st.one_of(st.sampled_from(SPECS).map(parse_format), seeds.map(random_format))


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
@pytest.mark.slow
def test_forward_and_backward_sum_over_all_paths(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    last = lattice.nodes - 1
    ahead = [total_of(score for _, score in all_paths(lattice, 0, node)) for node in range(lattice.nodes)]
    behind = [total_of(score for _, score in all_paths(lattice, node, last)) for node in range(lattice.nodes)]
    np.testing.assert_allclose(forward(lattice), ahead, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(backward(lattice), behind, rtol=1e-9, atol=1e-9)


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
def test_posteriors_are_shares_of_all_paths(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    paths = list(all_paths(lattice))
    total = total_of(score for _, score in paths)
    expected = np.zeros_like(lattice.scores)
    for steps, score in paths:
        for step in steps:
            expected[step] += math.exp(score - total)
    used, found = posteriors(lattice)
    assert found == pytest.approx(total, rel=1e-9)
    np.testing.assert_allclose(used, expected, rtol=1e-9, atol=1e-12)


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
def test_the_best_path_is_the_best_of_all(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    paths = dict(all_paths(lattice))
    if not paths:
        with pytest.raises(ValueError, match="no path"):
            best_path(lattice)
        return
    best = best_path(lattice)
    assert best.score == pytest.approx(max(paths.values()))
    assert paths[tuple(zip(best.spans, best.symbols, strict=True))] == pytest.approx(best.score)


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_the_chain_multiplies_to_posteriors(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    chain, total = markov_chain(lattice)
    paths = list(all_paths(lattice))
    assert total == pytest.approx(total_of(score for _, score in paths), rel=1e-9)
    for path, score in paths:
        product = math.prod(chain[step] for step in path)
        assert product == pytest.approx(math.exp(score - total), rel=1e-9)
    onward = np.bincount(lattice.start, chain.sum(axis=1), lattice.nodes)
    gets_across = backward(lattice)[:-1] > -np.inf
    np.testing.assert_allclose(onward[:-1], gets_across.astype(float), atol=1e-9)


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_more_spans_and_finer_cuts_never_lower_the_best_score(small_lattice, seed):
    rng = np.random.default_rng(seed)
    lattice = small_lattice(seed, 6)
    if lattice.nodes == 1:
        return
    try:
        before = best_path(lattice).score
    except ValueError:
        before = -math.inf
    # Each old cut keeps its place among twice as many; new spans stand anywhere.
    nodes = 2 * lattice.nodes
    start = rng.integers(0, nodes - 1, 5)
    end = np.minimum(start + rng.integers(1, 4, 5), nodes - 1)
    place = 2 * np.arange(lattice.nodes)
    place[-1] = nodes - 1
    start, end = np.concatenate([place[lattice.start], start]), np.concatenate([place[lattice.end], end])
    finer = Lattice.build(nodes, start, end, np.concatenate([lattice.scores, rng.normal(0, 3, (5, SYMBOLS))]))
    try:
        after = best_path(finer).score
    except ValueError:
        after = -math.inf
    assert after >= before
    assert forward(finer)[-1] >= forward(lattice)[-1] - 1e-9


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_what_every_path_pays_changes_nothing(small_lattice, seed):
    """A price for each cut that spans pay on one side and get back on the other."""
    lattice = small_lattice(seed)
    price = np.random.default_rng(seed).normal(0, 50, lattice.nodes)
    shifted = lattice.scores + (price[lattice.end] - price[lattice.start])[:, None]
    paid = Lattice(lattice.nodes, lattice.start, lattice.end, shifted)
    np.testing.assert_allclose(posteriors(paid)[0], posteriors(lattice)[0], rtol=1e-6, atol=1e-9)


def test_scores_of_any_size_neither_overflow_nor_vanish():
    start, end = np.array([0, 0, 1]), np.array([1, 2, 2])
    scores = np.full((3, SYMBOLS), -20000.0)
    scores[0, 3], scores[1, 8], scores[2, 5] = 15000.0, 9000.0, -5999.0
    lattice = Lattice(3, start, end, scores)
    used, total = posteriors(lattice)
    assert best_path(lattice).text == "35"
    assert total == pytest.approx(9001 + math.log1p(math.exp(-1)))
    assert used[1, 8] == pytest.approx(1 / (1 + math.e))
    assert markov_chain(lattice)[0][2, 5] == pytest.approx(1)


def test_a_lattice_of_one_cut_has_the_empty_path():
    alone = Lattice(1, np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, SYMBOLS)))
    assert best_path(alone) == Path((), (), 0.0)
    assert forward(alone).tolist() == backward(alone).tolist() == [0.0]
    used, total = posteriors(alone)
    assert used.shape == (0, SYMBOLS) and total == 0.0


def test_a_lattice_without_a_way_across():
    gap = Lattice(3, np.array([0]), np.array([1]), np.zeros((1, SYMBOLS)))
    empty = Lattice(3, np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, SYMBOLS)))
    for lattice in (gap, empty):
        with pytest.raises(ValueError, match="no path"):
            best_path(lattice)
        used, total = posteriors(lattice)
        assert total == -math.inf and not used.any()
        assert not markov_chain(lattice)[0].any()


@given(seed=seeds, text=texts)
@settings(max_examples=100, deadline=None)
def test_text_sums_are_over_the_paths_that_spell_it(small_lattice, all_paths, seed, text):
    lattice = small_lattice(seed)
    automaton, _ = spelling([text])
    ahead, behind = (sweep(lattice, automaton, LOG, lattice.scores, back) for back in (False, True))
    assert ahead.shape == behind.shape == (lattice.nodes, len(text) + 1)
    for node in range(lattice.nodes):
        before, after = (scores_by_text(all_paths(lattice, *ends)) for ends in ((0, node), (node, lattice.nodes - 1)))
        for done in range(len(text) + 1):
            assert ahead[node, done] == pytest.approx(total_of(before[text[:done]]), rel=1e-9, abs=1e-9)
            assert behind[node, done] == pytest.approx(total_of(after[text[done:]]), rel=1e-9, abs=1e-9)


@given(seed=seeds, text=texts)
@settings(max_examples=100, deadline=None)
def test_posteriors_among_the_paths_of_a_text(small_lattice, all_paths, seed, text):
    lattice = small_lattice(seed)
    paths = [(steps, score) for steps, score in all_paths(lattice) if spelled(steps) == text]
    total = total_of(score for _, score in paths)
    expected = np.zeros_like(lattice.scores)
    for steps, score in paths:
        for step in steps:
            expected[step] += math.exp(score - total)
    used, found = posteriors(lattice, spelling([text])[0])
    assert found == pytest.approx(total, rel=1e-9)
    np.testing.assert_allclose(used, expected, rtol=1e-9, atol=1e-12)


@given(seed=seeds, text=texts)
@settings(max_examples=60, deadline=None)
def test_the_best_path_of_a_text(small_lattice, all_paths, seed, text):
    lattice = small_lattice(seed)
    paths = {steps: score for steps, score in all_paths(lattice) if spelled(steps) == text}
    if not paths:
        with pytest.raises(ValueError, match="no path fits"):
            best_path(lattice, spelling([text])[0])
        return
    best = best_path(lattice, spelling([text])[0])
    assert best.text == text and best.score == pytest.approx(max(paths.values()))
    assert paths[tuple(zip(best.spans, best.symbols, strict=True))] == pytest.approx(best.score)


def fitting(paths, format):
    """{steps: score} of the paths that fit, and the weight of all paths."""
    every = list(paths)
    found = {steps: score for steps, score in every if not spelled(steps) or format.fits(spelled(steps))}
    return found, math.fsum(math.exp(score) for _, score in every)


@given(seed=seeds, format=formats)
@settings(max_examples=200, deadline=None)
@pytest.mark.slow
def test_sums_are_over_the_paths_that_fit(small_lattice, all_paths, seed, format):
    lattice = small_lattice(seed)
    found, weight = fitting(all_paths(lattice), format)
    fit = Fit.of(lattice.mirrored()[0] if format.mirrored else lattice, format.or_nothing)
    total = math.fsum(math.exp(score) for score in found.values())
    assert fit.share == pytest.approx(total / weight if weight else 0, rel=1e-9, abs=1e-15)
    expected = np.zeros_like(lattice.scores)
    for steps, score in found.items():
        for step in steps:
            expected[step] += math.exp(score) / total
    if total:
        np.testing.assert_allclose(best_reading(lattice, format)[1], expected, rtol=1e-9, atol=1e-12)
    else:
        assert not fit.used.any()


@given(seed=seeds, format=formats)
@settings(max_examples=200, deadline=None)
@pytest.mark.slow
def test_the_best_path_that_fits(small_lattice, all_paths, seed, format):
    lattice = small_lattice(seed)
    found, _ = fitting(all_paths(lattice), format)
    if not found:
        with pytest.raises(ValueError, match="no path fits"):
            best_path(lattice.mirrored()[0] if format.mirrored else lattice, format.or_nothing)
        return
    best, _ = best_reading(lattice, format)
    assert best.score == pytest.approx(max(found.values()))
    assert found[tuple(zip(best.spans, best.symbols, strict=True))] == pytest.approx(best.score)


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_a_format_that_all_texts_fit_changes_nothing(small_lattice, seed):
    lattice = small_lattice(seed, 6)
    if not Fit.of(lattice).share:
        return
    path, used = best_reading(lattice, parse_format("digits"))
    np.testing.assert_allclose(used, posteriors(lattice)[0], rtol=1e-9, atol=1e-12)
    assert path.score == pytest.approx(best_path(lattice).score)
    plain, given_none = best_path(lattice), best_reading(lattice)
    assert given_none[0] == plain
    np.testing.assert_allclose(given_none[1], posteriors(lattice)[0], rtol=1e-9, atol=1e-12)


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_one_state_gives_the_same_with_and_without_looking_up_arcs(small_lattice, seed):
    """A second state that nothing leads to takes the general way."""
    lattice = small_lattice(seed, 6)
    general = Automaton(np.array([[0] * 10, [1] * 10]), np.array([True, False]))
    plain, other = Fit.of(lattice), Fit.of(lattice, general)
    np.testing.assert_allclose(other.used, plain.used, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(other.behind[:, 0] * (plain.ahead[:, 0] > 0), plain.behind[:, 0], atol=1e-9)
    np.testing.assert_allclose(posteriors(lattice, general)[0], posteriors(lattice, ANY)[0], rtol=1e-9, atol=1e-15)


def test_no_path_fits():
    scores = np.full((1, SYMBOLS), -np.inf)
    scores[0, 7] = 1.0
    lattice = Lattice(2, np.array([0]), np.array([1]), scores)
    fit = Fit.of(lattice, parse_format("digits:2").or_nothing)
    assert fit.share == 0 and not fit.used.any()
    path, used = best_reading(lattice, parse_format("digits:2"))
    assert path.text == "7" and used[0, 7] == 1
