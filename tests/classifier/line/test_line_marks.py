"""Marks about digits: posteriors against sums over every way to write a text, spelled out."""

import itertools

import numpy as np
import pytest

from classifier.line.line_columns import text_log_probabilities
from classifier.line.line_marks import gap_shares, options_of
from classifier.line.line_network import BLANK, FIRST_MARK, SYMBOLS


def random_columns(seed: int, count: int) -> np.ndarray:
    sums = 2 * np.random.default_rng(seed).standard_normal((count, SYMBOLS))
    return (sums - np.log(np.exp(sums).sum(axis=1, keepdims=True))).astype(np.float32)


@pytest.mark.parametrize(("text", "columns"), [("1", 3), ("7", 6), ("11", 5), ("30", 6)])
def test_gap_shares_are_sums_over_all_ways_to_write_it(text: str, columns: int) -> None:
    read = random_columns(len(text) + columns, columns)
    options = [options_of(gap, len(text)) for gap in range(len(text) + 1)]
    ways = list(itertools.product(*options))
    written = [way[0] + "".join(digit + mark for digit, mark in zip(text, way[1:], strict=True)) for way in ways]
    chances = np.exp(text_log_probabilities(read, written))
    found = gap_shares(read, text)
    assert found is not None
    for gap, options_here in enumerate(options):
        assert found[gap].keys() == set(options_here)
        for option in options_here:
            expected = chances[[way[gap] == option for way in ways]].sum() / chances.sum()
            assert found[gap][option] == pytest.approx(expected, abs=1e-6)


def test_a_mark_that_the_columns_say_is_there() -> None:
    columns = np.full((7, SYMBOLS), -30.0, np.float32)
    for place, symbol in enumerate([1, BLANK, FIRST_MARK + 1, 5, BLANK, 5, BLANK]):  # 1,55
        columns[place, symbol] = 0.0
    found = gap_shares(columns, "155")
    assert found is not None
    assert [max(gap, key=gap.__getitem__) for gap in found] == ["", ",", "", ""]
    assert found[1][","] == pytest.approx(1.0, abs=1e-6)


def test_columns_that_cannot_spell_the_text_say_nothing_of_its_marks() -> None:
    assert gap_shares(random_columns(0, 2), "1234") is None
