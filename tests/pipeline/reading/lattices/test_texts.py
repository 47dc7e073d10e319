"""The likeliest texts, with a format and without, against every path of small lattices."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.formats.automaton import spelling
from pipeline.formats.format import parse_format
from pipeline.reading.lattices.lattice import SKIP, SYMBOLS, Lattice
from pipeline.reading.lattices.paths import best_path, forward, posteriors
from pipeline.reading.lattices.texts import LEAST_FIT, best_path_of, likely_fitting, likely_texts
from tests.pipeline.reading.lattices.oracles import SPECS, scores_by_text, spelled, total_of

pytestmark = pytest.mark.filterwarnings("error")
seeds = st.integers(0, 2**32 - 1)
formats = st.sampled_from(SPECS).map(parse_format)
NO_SPANS = np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, SYMBOLS))


def text_score(lattice, text) -> float:
    """Log-sum of the scores of all paths that spell the text."""
    return posteriors(lattice, spelling([text])[0])[1]


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
def test_all_texts_with_a_wide_beam(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    paths = scores_by_text(all_paths(lattice))
    total = total_of(score for scores in paths.values() for score in scores)
    expected = {text: math.exp(total_of(scores) - total) for text, scores in paths.items()}
    found = likely_texts(lattice, 10**6, prune=0, beam=10**6)
    assert dict(found) == pytest.approx(expected, rel=1e-9)
    assert len(found) == len(expected) and sum(expected.values()) == pytest.approx(1 if paths else 0)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)


@given(seed=seeds, count=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_the_likeliest_with_the_usual_beam(small_lattice, seed, count):
    """What is found has its exact posterior; texts of small lattices all fit the beam."""
    lattice = small_lattice(seed, 6)
    every = likely_texts(lattice, 10**6, prune=0, beam=10**6)
    found = likely_texts(lattice, count)
    assert len(found) <= count
    assert dict(found).items() <= {text: pytest.approx(share, rel=1e-9) for text, share in every}.items()
    certain = [text for text, share in every if share > 0.1]
    assert [text for text, _ in found][: len(certain)] == certain[:count]


@given(seed=seeds)
@settings(max_examples=40, deadline=None)
def test_the_best_path_is_that_of_its_text(small_lattice, seed):
    lattice = small_lattice(seed, 6)
    try:
        best = best_path(lattice)
    except ValueError:
        assert likely_texts(lattice, 3) == []
        return
    assert best_path_of(lattice, best.text).score == pytest.approx(best.score)
    assert text_score(lattice, best.text) >= best.score - 1e-9


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_larger_lattices_agree_with_the_log_sums(seed):
    """Likely texts are summed as probabilities, texts alone as logarithms."""
    rng = np.random.default_rng(seed)
    nodes = 16
    pairs = np.array([(i, j) for i in range(nodes) for j in range(i + 1, min(i + 5, nodes))])
    scores = rng.normal(-6, 3, (len(pairs), SYMBOLS))
    lattice = Lattice.build(nodes, pairs[:, 0], pairs[:, 1], scores)
    total = float(forward(lattice)[-1])
    for text, share in likely_texts(lattice, 5):
        assert share == pytest.approx(math.exp(text_score(lattice, text) - total), rel=1e-6)


def test_two_ways_to_spell_a_text_count_together():
    """1 and 7 apart cost more than one 4, yet 17 in two ways is likelier."""
    start, end = np.array([0, 0, 0, 1, 2]), np.array([1, 2, 3, 3, 3])
    scores = np.full((5, SYMBOLS), -np.inf)
    scores[0, 1] = scores[1, 1] = scores[3, 7] = scores[4, 7] = 0.0
    scores[2, 4] = 0.5
    lattice = Lattice(4, start, end, scores)
    assert best_path(lattice).text == "4"
    (first, share), (second, _) = likely_texts(lattice, 2)
    assert (first, second) == ("17", "4")
    assert share == pytest.approx(2 / (2 + math.exp(0.5)))


def test_improbable_readings_may_be_left_out_but_never_invented():
    start, end = np.array([0, 1]), np.array([1, 2])
    scores = np.full((2, SYMBOLS), -np.inf)
    scores[0, 1], scores[0, 7], scores[1, 2] = 0.0, -30.0, 0.0
    lattice = Lattice(3, start, end, scores)
    assert [text for text, _ in likely_texts(lattice, 5)] == ["12"]
    every = likely_texts(lattice, 5, prune=0)
    assert [text for text, _ in every] == ["12", "72"]
    assert every[1][1] == pytest.approx(math.exp(-30), rel=1e-9)


def test_nothing_to_read():
    alone, gap = Lattice(1, *NO_SPANS), Lattice(3, *NO_SPANS)
    assert likely_texts(alone, 3) == [("", 1.0)]
    assert text_score(alone, "") == 0.0 and text_score(alone, "1") == -math.inf
    assert best_path_of(alone, "").spans == ()
    assert likely_texts(gap, 3) == [] and text_score(gap, "") == -math.inf


def test_a_blank_field_reads_as_the_empty_text():
    scores = np.full((1, SYMBOLS), -9.0)
    scores[0, SKIP] = 9.0
    (text, share), *_ = likely_texts(Lattice(2, np.array([0]), np.array([1]), scores), 3)
    assert text == "" and share > 0.999


def spelled_by(all_paths, lattice, format):
    """{text: weight} of the texts that fit, and the weight of all paths."""
    every = [(spelled(steps), math.exp(score)) for steps, score in all_paths(lattice)]
    weights = defaultdict(list)
    for text, weight in every:
        if not text or format.fits(text):
            weights[text].append(weight)
    return {text: math.fsum(found) for text, found in weights.items()}, math.fsum(weight for _, weight in every)


@given(seed=seeds, format=formats)
@settings(max_examples=200, deadline=None)
@pytest.mark.slow
def test_all_texts_that_fit_with_a_wide_beam(small_lattice, all_paths, seed, format):
    lattice = small_lattice(seed)
    weights, total = spelled_by(all_paths, lattice, format)
    found = likely_fitting(lattice, format, 10**6, prune=0, beam=10**6)
    fitting = math.fsum(weights.values())
    if not total or (fitting - weights.get("", 0)) / total < LEAST_FIT:
        assert found == []
        return
    assert dict(found) == pytest.approx({text: weight / fitting for text, weight in weights.items()}, rel=1e-9)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)


@given(seed=seeds, format=formats, count=st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_the_likeliest_that_fit_with_the_usual_beam(small_lattice, seed, format, count):
    lattice = small_lattice(seed, 6)
    every = likely_fitting(lattice, format, 10**6, prune=0, beam=10**6)
    found = likely_fitting(lattice, format, count)
    assert len(found) <= count and bool(found) == bool(every)
    assert dict(found).items() <= {text: pytest.approx(share, rel=1e-9) for text, share in every}.items()
    certain = [text for text, share in every if share > 0.1]
    assert [text for text, _ in found][: len(certain)] == certain[:count]


def test_the_second_best_digit_comes_up():
    """7 is likelier than 1 by far; but 18 has Luhn's check digit, and 78 has not."""
    scores = np.full((2, SYMBOLS), -np.inf)
    scores[0, 7], scores[0, 1], scores[1, 8] = 5.0, -5.0, 9.0
    lattice = Lattice(3, np.array([0, 1]), np.array([1, 2]), scores)
    assert best_path(lattice).text == "78"
    assert likely_fitting(lattice, parse_format("luhn"), 3) == [("18", pytest.approx(1.0))]


def test_nothing_fits():
    scores = np.full((1, SYMBOLS), -np.inf)
    scores[0, 7] = 1.0
    lattice = Lattice(2, np.array([0]), np.array([1]), scores)
    assert likely_fitting(lattice, parse_format("digits:2"), 3) == []
