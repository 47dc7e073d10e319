"""Marks of a line read in two views: told by the closer one, unless that reads another text."""

import numpy as np

from classifier.line.line_columns import CHARACTERS
from classifier.line.line_network import BLANK, SYMBOLS
from pipeline.reading.line.readers import LineColumns, digit_columns, symbol_columns
from pipeline.reading.line.reading import LineReading, View

ALPHABET = [next((c for c, s in CHARACTERS.items() if s == symbol), "") for symbol in range(SYMBOLS)]


def view(written: str) -> View:
    """A view that says this, a column for each character and a blank behind it."""
    columns = np.full((2 * len(written), SYMBOLS), -9.0, np.float32)
    for place, character in enumerate(written):
        columns[2 * place, CHARACTERS[character]] = 0
        columns[2 * place + 1, BLANK] = 0
    columns -= np.logaddexp.reduce(columns, axis=1, keepdims=True)
    read = LineColumns(columns, ALPHABET, 0.0, 1.0)
    return View(digit_columns(read), read, 0.0, (0, 0, len(columns), 9), 0.0, 1.0)


def likeliest(reading: LineReading, text: str) -> list[str]:
    shares = reading.marks(text)
    assert shares is not None
    return [max(gap, key=gap.__getitem__) for gap in shares]


def test_the_closer_view_tells_the_marks() -> None:
    both = LineReading((view("1250"), view("12.50")), ("1250",))
    assert likeliest(both, "1250") == ["", "", ".", "", ""]


def test_a_view_of_another_number_does_not() -> None:
    both = LineReading((view("12,50"), view("7.7")), ("1250",))
    assert likeliest(both, "1250") == ["", "", ",", "", ""]


def test_symbols_add_up_to_digits_and_blank() -> None:
    rng = np.random.default_rng(4)
    sums = rng.standard_normal((7, SYMBOLS)).astype(np.float32)
    read = LineColumns(sums - np.logaddexp.reduce(sums, axis=1, keepdims=True), ALPHABET, 0.0, 1.0)
    apart, together = np.exp(symbol_columns(read)), np.exp(digit_columns(read))
    assert np.allclose(apart[:, :BLANK], together[:, :BLANK], atol=1e-5)
    assert np.allclose(apart[:, BLANK:].sum(axis=1), together[:, BLANK], atol=1e-5)


def test_signs_that_share_a_symbol_are_added() -> None:
    alphabet = ["", "1", "=", "+", ".", "$", "x"]
    row = np.log(np.array([[0.1, 0.3, 0.1, 0.2, 0.05, 0.15, 0.1]], np.float32))
    found = np.exp(symbol_columns(LineColumns(row, alphabet, 0.0, 1.0)))[0]
    assert np.isclose(found[SYMBOLS - 1], 0.3 / 0.9, atol=1e-4) and np.isclose(found[BLANK], 0.25 / 0.9, atol=1e-4)
