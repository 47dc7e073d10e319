"""Sums over the paths that spell a text, and the likeliest texts, against every path of small lattices."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reading.lattice import SKIP, SYMBOLS, Lattice, best_path, forward
from pipeline.reading.texts import best_path_of, likely_texts, text_posteriors, text_score, text_sums

pytestmark = pytest.mark.filterwarnings("error")
seeds = st.integers(0, 2**32 - 1)
texts = st.text("17", max_size=4)
NO_SPANS = np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, SYMBOLS))


def spelled(steps) -> str:
    return "".join(str(symbol) for _, symbol in steps if symbol != SKIP)


def total_of(scores) -> float:
    weight = math.fsum(math.exp(score) for score in scores)
    return math.log(weight) if weight else -math.inf


def scores_by_text(paths) -> dict[str, list[float]]:
    found = defaultdict(list)
    for steps, score in paths:
        found[spelled(steps)].append(score)
    return found


@given(seed=seeds, text=texts)
@settings(max_examples=100, deadline=None)
def test_text_sums_are_over_the_paths_that_spell_it(small_lattice, all_paths, seed, text):
    lattice = small_lattice(seed)
    ahead, behind = text_sums(lattice, text)
    assert ahead.shape == behind.shape == (lattice.nodes, len(text) + 1)
    for node in range(lattice.nodes):
        before, after = (scores_by_text(all_paths(lattice, *ends)) for ends in ((0, node), (node, lattice.nodes - 1)))
        for done in range(len(text) + 1):
            assert ahead[node, done] == pytest.approx(total_of(before[text[:done]]), rel=1e-9, abs=1e-9)
            assert behind[node, done] == pytest.approx(total_of(after[text[done:]]), rel=1e-9, abs=1e-9)
    assert text_score(lattice, text) == pytest.approx(ahead[-1, -1])


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
    posteriors, found = text_posteriors(lattice, text)
    assert found == pytest.approx(total, rel=1e-9)
    np.testing.assert_allclose(posteriors, expected, rtol=1e-9, atol=1e-12)


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


@given(seed=seeds, text=texts)
@settings(max_examples=60, deadline=None)
def test_the_best_path_of_a_text(small_lattice, all_paths, seed, text):
    lattice = small_lattice(seed)
    paths = {steps: score for steps, score in all_paths(lattice) if spelled(steps) == text}
    if not paths:
        with pytest.raises(ValueError, match="no path spells"):
            best_path_of(lattice, text)
        return
    best = best_path_of(lattice, text)
    assert best.text == text and best.score == pytest.approx(max(paths.values()))
    assert paths[tuple(zip(best.spans, best.symbols, strict=True))] == pytest.approx(best.score)


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
    posteriors, total = text_posteriors(gap, "12")
    assert posteriors.shape == (0, SYMBOLS) and total == -math.inf


def test_a_blank_field_reads_as_the_empty_text():
    scores = np.full((1, SYMBOLS), -9.0)
    scores[0, SKIP] = 9.0
    (text, share), *_ = likely_texts(Lattice(2, np.array([0]), np.array([1]), scores), 3)
    assert text == "" and share > 0.999
