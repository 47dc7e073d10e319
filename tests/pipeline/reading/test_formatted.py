"""The lattice with a format, against every path of small lattices that fits it."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.formats.automaton import Automaton
from pipeline.formats.format import Format, parse_format
from pipeline.reading.formatted import FormattedLattice, best_reading
from pipeline.reading.lattice import SKIP, SYMBOLS, Lattice, best_path, span_posteriors
from pipeline.reading.texts import likely_texts

pytestmark = pytest.mark.filterwarnings("error")
seeds = st.integers(0, 2**32 - 1)
# Lattices of the fixtures spell texts of 1 and 7.
SPECS = (
    "digits",
    "digits:2",
    "digits:1-3",
    r"1\d?-7",
    "(1|77)*1[7]",
    "luhn",
    "mod11",
    "digits:3,mod11",
    "digits:3,luhn",
)


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


def spelled(steps) -> str:
    return "".join(str(symbol) for _, symbol in steps if symbol != SKIP)


def fitting(paths, format):
    """{steps: score} of the paths that fit, and the weight of all paths."""
    every = list(paths)
    found = {steps: score for steps, score in every if not spelled(steps) or format.fits(spelled(steps))}
    return found, math.fsum(math.exp(score) for _, score in every)


@given(seed=seeds, format=formats)
@settings(max_examples=200, deadline=None)
def test_sums_are_over_the_paths_that_fit(small_lattice, all_paths, seed, format):
    lattice = small_lattice(seed)
    found, weight = fitting(all_paths(lattice), format)
    formatted = FormattedLattice.compose(lattice, format)
    total = math.fsum(math.exp(score) for score in found.values())
    assert formatted.share == pytest.approx(total / weight if weight else 0, rel=1e-9, abs=1e-15)
    expected = np.zeros_like(lattice.scores)
    for steps, score in found.items():
        for step in steps:
            expected[step] += math.exp(score) / total
    np.testing.assert_allclose(formatted.posteriors, expected, rtol=1e-9, atol=1e-12)


@given(seed=seeds, format=formats)
@settings(max_examples=200, deadline=None)
def test_the_best_path_that_fits(small_lattice, all_paths, seed, format):
    lattice = small_lattice(seed)
    found, _ = fitting(all_paths(lattice), format)
    formatted = FormattedLattice.compose(lattice, format)
    if not found:
        with pytest.raises(ValueError, match="no path fits"):
            formatted.best_path()
        return
    best = formatted.best_path()
    assert best.score == pytest.approx(max(found.values()))
    assert found[tuple(zip(best.spans, best.symbols, strict=True))] == pytest.approx(best.score)
    assert best_reading(lattice, format)[0] == best


@given(seed=seeds, format=formats)
@settings(max_examples=200, deadline=None)
def test_all_texts_that_fit_with_a_wide_beam(small_lattice, all_paths, seed, format):
    lattice = small_lattice(seed)
    found, _ = fitting(all_paths(lattice), format)
    by_text = defaultdict(list)
    for steps, score in found.items():
        by_text[spelled(steps)].append(math.exp(score))
    total = math.fsum(sum(weights) for weights in by_text.values())
    texts = FormattedLattice.compose(lattice, format).likely_texts(10**6, prune=0, beam=10**6)
    assert dict(texts) == pytest.approx({text: math.fsum(w) / total for text, w in by_text.items()}, rel=1e-9)
    assert [share for _, share in texts] == sorted((share for _, share in texts), reverse=True)


@given(seed=seeds, format=formats, count=st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_the_likeliest_with_the_usual_beam(small_lattice, seed, format, count):
    formatted = FormattedLattice.compose(small_lattice(seed, 6), format)
    every = formatted.likely_texts(10**6, prune=0, beam=10**6)
    found = formatted.likely_texts(count)
    assert len(found) <= count and bool(found) == bool(every)
    assert dict(found).items() <= {text: pytest.approx(share, rel=1e-9) for text, share in every}.items()
    certain = [text for text, share in every if share > 0.1]
    assert [text for text, _ in found][: len(certain)] == certain[:count]


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_a_format_that_all_texts_fit_changes_nothing(small_lattice, seed):
    lattice = small_lattice(seed, 6)
    formatted = FormattedLattice.compose(lattice, parse_format("digits"))
    np.testing.assert_allclose(formatted.posteriors, span_posteriors(lattice)[0], rtol=1e-9, atol=1e-12)
    assert dict(formatted.likely_texts(4)) == pytest.approx(dict(likely_texts(lattice, 4)), rel=1e-9)
    if formatted.share:
        assert formatted.best_path().score == pytest.approx(best_path(lattice).score)
        plain, given_none = best_path(lattice), best_reading(lattice, None)
        assert given_none[0] == plain and (given_none[1] == span_posteriors(lattice)[0]).all()


def test_the_second_best_digit_comes_up():
    """7 is likelier than 1 by far; but 18 has Luhn's check digit, and 78 has not."""
    scores = np.full((2, SYMBOLS), -np.inf)
    scores[0, 7], scores[0, 1], scores[1, 8] = 5.0, -5.0, 9.0
    lattice = Lattice(3, np.array([0, 1]), np.array([1, 2]), scores)
    assert best_path(lattice).text == "78"
    formatted = FormattedLattice.compose(lattice, parse_format("luhn"))
    assert formatted.best_path().text == "18" and formatted.likely_texts(3) == [("18", pytest.approx(1.0))]
    assert formatted.share == pytest.approx(1 / (1 + math.exp(10)))


def test_no_path_fits():
    scores = np.full((1, SYMBOLS), -np.inf)
    scores[0, 7] = 1.0
    lattice = Lattice(2, np.array([0]), np.array([1]), scores)
    formatted = FormattedLattice.compose(lattice, parse_format("digits:2"))
    assert formatted.share == 0 and formatted.likely_texts(3) == [] and not formatted.posteriors.any()
    path, posteriors = best_reading(lattice, parse_format("digits:2"))
    assert path.text == "7" and posteriors[0, 7] == 1
