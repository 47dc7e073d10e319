"""Columns with a format, against every path through a few columns."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.line.line_columns import text_log_probabilities
from classifier.line.line_network import BLANK
from pipeline.formats.format import parse_format
from pipeline.reading.line.fitting import LEAST_FIT, likely_line_texts, sums_behind

seeds = st.integers(0, 2**32 - 1)
SPECS = ("digits", "digits:2", "digits:1-3", r"1\d?-7", "(1|77)*1[7]", "luhn", "mod11", "digits:3,mod11")
SYMBOLS = (1, 7, BLANK)  # few, so that paths can be told


def few_columns(seed: int) -> np.ndarray:
    """(T, 11) log-probabilities of at most six columns, which say 1, 7 or blank."""
    rng = np.random.default_rng(seed)
    columns = np.full((int(rng.integers(1, 7)), BLANK + 1), -np.inf)
    columns[:, SYMBOLS] = np.log(rng.dirichlet([0.5, 0.5, 0.5], len(columns)) + 1e-4)
    return (columns - np.log(np.exp(columns).sum(axis=1, keepdims=True))).astype(np.float32)


def probabilities(columns: np.ndarray) -> dict[str, float]:
    """Of every text, summed over every path."""
    found = defaultdict(list)
    for path in itertools.product(SYMBOLS, repeat=len(columns)):
        text = "".join(str(symbol) for symbol, _ in itertools.groupby(path) if symbol != BLANK)
        found[text].append(math.prod(math.exp(columns[t, symbol]) for t, symbol in enumerate(path)))
    return {text: math.fsum(weights) for text, weights in found.items()}


def with_shares(columns: np.ndarray, format, count: int) -> list[tuple[str, float]]:
    """Likely texts and ln of their probability among all that fit, the likeliest first."""
    texts, total = likely_line_texts(columns, format, count)
    shares = text_log_probabilities(columns, texts) - total
    return sorted(zip(texts, shares.tolist(), strict=True), key=lambda pair: -pair[1])


@given(seed=seeds, spec=st.sampled_from(SPECS))
@settings(max_examples=150, deadline=None)
def test_sums_are_over_the_paths_that_fit(seed, spec):
    columns, format = few_columns(seed), parse_format(spec)
    fitting = sum(share for text, share in probabilities(columns).items() if not text or format.fits(text))
    _, total = sums_behind(columns[::-1] if format.mirrored else columns, format.or_nothing)
    assert math.exp(total) == pytest.approx(fitting, rel=1e-5)


@given(seed=seeds, spec=st.sampled_from(SPECS))
@settings(max_examples=150, deadline=None)
@pytest.mark.slow
def test_all_texts_that_fit_with_a_wide_beam(seed, spec):
    columns, format = few_columns(seed), parse_format(spec)
    fitting = {text: share for text, share in probabilities(columns).items() if not text or format.fits(text)}
    total = math.fsum(fitting.values())
    found = dict(with_shares(columns, format, 10**6))
    if total - fitting[""] < LEAST_FIT:
        assert not found
        return
    likely = {text: share / total for text, share in fitting.items() if share / total > 1e-3}
    assert {text: math.exp(found[text]) for text in likely} == pytest.approx(likely, rel=1e-4)
    assert all(text in fitting for text in found)


@given(seed=seeds, spec=st.sampled_from(SPECS))
@settings(max_examples=80, deadline=None)
def test_a_narrow_beam_keeps_what_will_fit(seed, spec):
    """Prefixes that cannot be completed take no place, however likely they are."""
    columns, format = few_columns(seed), parse_format(spec)
    found, every = (with_shares(columns, format, beam) for beam in (3, 10**6))
    assert bool(found) == bool(every)
    likeliest = next(iter(every), None)
    assert likeliest is None or math.exp(likeliest[1]) < 0.7 or found[0][0] == likeliest[0]


def test_a_check_digit_that_only_the_last_digit_satisfies():
    """78 is likelier by far, but 18 has Luhn's check digit; without a format 78 comes first."""
    columns = np.full((3, BLANK + 1), -30.0)
    columns[0, 7], columns[0, 1] = math.log(0.999), math.log(0.001)
    columns[1, BLANK] = columns[2, 8] = 0.0
    assert with_shares(columns.astype(np.float32), None, 3)[0][0] == "78"
    (text, share), *_ = with_shares(columns.astype(np.float32), parse_format("luhn"), 3)
    assert text == "18" and share == pytest.approx(0, abs=1e-3)
