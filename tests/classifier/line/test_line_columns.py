"""Texts from columns, against sums and maxima over every path there is."""

import itertools

import numpy as np
import pytest

from classifier.line.line_columns import SPELT, align, beam_texts, likeliest_path, text_log_probabilities
from classifier.line.line_network import BLANK, OTHER, SYMBOLS, log_softmax, without_marks

LIKELY = (0, 7, BLANK)  # symbols that brute force walks over


def spelt(path):
    return "".join(SPELT[k] for k, _ in itertools.groupby(path) if k != BLANK)


def columns_over(symbols, length, seed, sharpness=1.0):
    """(length, SYMBOLS) columns in which all the probability lies on a few symbols."""
    columns = np.full((length, SYMBOLS), -np.inf, np.float32)
    sums = sharpness * np.random.default_rng(seed).standard_normal((length, len(symbols)))
    columns[:, list(symbols)] = log_softmax(sums.astype(np.float32))
    return columns


def every_path(columns, symbols):
    """text -> [(ln P of the path, path), ...]"""
    found = {}
    for path in itertools.product(symbols, repeat=len(columns)):
        found.setdefault(spelt(path), []).append((float(sum(columns[t, k] for t, k in enumerate(path))), path))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_texts_probability_is_the_sum_over_its_paths(seed):
    columns = columns_over(LIKELY, 6, seed, sharpness=2)
    paths = every_path(columns, LIKELY)
    texts = sorted(paths)
    expected = [np.logaddexp.reduce([value for value, _ in paths[text]]) for text in texts]
    np.testing.assert_allclose(text_log_probabilities(columns, texts), expected, atol=1e-5)
    assert np.logaddexp.reduce(expected) == pytest.approx(0, abs=1e-5)
    assert list(text_log_probabilities(columns, ["0707070", "00000", "3"])) == [-np.inf] * 3
    assert text_log_probabilities(columns, []).shape == (0,)


def test_texts_together_are_texts_alone():
    columns = log_softmax(3 * np.random.default_rng(3).standard_normal((30, SYMBOLS)).astype(np.float32))
    texts = ["", "1", "11", "12.50", "7777777", "0123456789"]
    alone = [text_log_probabilities(columns, [text])[0] for text in texts]
    np.testing.assert_allclose(text_log_probabilities(columns, texts), alone, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_beam_finds_the_likeliest_texts(seed):
    columns = columns_over(LIKELY, 6, seed, sharpness=3)
    paths = every_path(columns, LIKELY)
    exact = sorted(((np.logaddexp.reduce([v for v, _ in some]), text) for text, some in paths.items()), reverse=True)
    found = beam_texts(columns, 40)
    assert [text for text, _ in found[:5]] == [text for _, text in exact[:5]]
    np.testing.assert_allclose([value for _, value in found[:5]], [value for value, _ in exact[:5]], atol=1e-5)
    assert beam_texts(columns, 1)[0] == (found[0][0], pytest.approx(found[0][1]))


def test_a_beam_over_certain_blanks_finds_the_empty_text():
    columns = np.full((5, SYMBOLS), -np.inf, np.float32)
    columns[:, BLANK] = 0
    assert beam_texts(columns, 3) == [("", 0.0)]
    assert likeliest_path(columns) == ""
    with pytest.raises(ValueError, match="at least one"):
        beam_texts(columns, 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("text", ["0", "7", "07", "77", "070", ""])
def test_the_alignment_is_the_likeliest_path(seed, text):
    columns = columns_over(LIKELY, 6, seed)
    best = max(every_path(columns, LIKELY)[text])[1]
    groups, place = [], 0
    for symbol, some in itertools.groupby(best):
        length = len(list(some))
        if symbol != BLANK:
            groups.append((place, place + length - 1))
        place += length
    assert align(columns, text) == groups


def test_what_cannot_be_spelt_is_not_aligned():
    columns = columns_over(LIKELY, 3, 0)
    for text in ("777", "3", "0707"):
        with pytest.raises(ValueError, match="cannot spell"):
            align(columns, text)


@pytest.mark.parametrize("seed", range(3))
def test_marks_added_to_the_blank_leave_exactly_the_digits(seed):
    symbols = (3, BLANK, 11, SYMBOLS - 1)  # a digit, the blank, "." and any other sign
    columns = columns_over(symbols, 5, seed, sharpness=2)
    sums = {}
    for text, paths in every_path(columns, symbols).items():
        digits = text.replace(".", "").replace(OTHER, "")
        sums.setdefault(digits, []).extend(value for value, _ in paths)
    texts = sorted(sums)
    expected = [np.logaddexp.reduce(sums[text]) for text in texts]
    np.testing.assert_allclose(text_log_probabilities(without_marks(columns), texts), expected, atol=1e-5)
    np.testing.assert_allclose(np.exp(without_marks(columns)).sum(axis=1), 1, atol=1e-6)


def test_the_likeliest_path_counts_repeats_once():
    columns = np.full((7, SYMBOLS), -9, np.float32)
    columns[np.arange(7), [4, 4, BLANK, 4, 11, 0, 0]] = 0
    assert likeliest_path(columns) == "44.0"
