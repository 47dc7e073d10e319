"""Marks by their shape and place, on fields of bars drawn for the purpose, and in readings of amounts."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline import Reader
from pipeline.reading.marks import Mark, find_marks, name_marks, name_of
from segmenter.cuts import find_cuts
from segmenter.ink import extract_ink
from segmenter.pieces import cut_pieces

EXAMPLES = Path(__file__).parents[3] / "examples"
LEFT, RIGHT = 60, 170  # columns of the first and the last digit


def field(mark: dict[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    """Four upright bars 40 rows high, for digits, and rectangles for a mark: {(top, left): (height, width)}."""
    grey = np.full((90, 250), 0.9, dtype=np.float32)
    for left in (LEFT, 95, 135, RIGHT):
        grey[25:65, left : left + 5] = 0.1
    for (top, left), (height, width) in mark.items():
        grey[top : top + height, left : left + width] = 0.1
    return grey


BETWEEN, BEHIND, BEFORE = 115, 190, 35
MARKS = {
    ".": {(60, BETWEEN): (6, 6)},
    ",": {(60, BETWEEN): (18, 6)},
    "-": {(42, BEHIND): (5, 22)},
    "=": {(36, BEHIND): (5, 22), (50, BEHIND): (5, 22)},
    "¤": {(22, BEFORE): (46, 6)},
}


@pytest.mark.parametrize("name", MARKS)
def test_drawn_marks_are_named(name: str) -> None:
    ink = extract_ink(field(MARKS[name]))
    pieces = cut_pieces(ink, find_cuts(ink))
    left, right = (np.linalg.inv(np.vstack([ink.to_source, [0, 0, 1]])) @ [x, 45, 1] for x in (LEFT - 2, RIGHT + 8))
    boxes = pieces.boxes
    inside = (boxes[:, 0] >= left[0]) & (boxes[:, 2] <= right[0]) & (boxes[:, 3] - boxes[:, 1] > 25)
    marks = name_marks(find_marks(pieces, inside), left[0], right[0])
    assert [found for _, found in marks] == [name]


def mark(**changes) -> Mark:
    return Mark(
        **{
            **dict(
                left=0.0, right=5.0, width=0.15, height=0.15, top=0.85, bottom=1.0, fill=0.9, layers=1.0, touches=False
            ),
            **changes,
        }
    )


def test_places_decide() -> None:
    dot, comma = mark(), mark(height=0.4, bottom=1.25)
    assert name_of(dot, False, False) == "." and name_of(comma, False, False) == ","
    high = mark(top=0.05, bottom=0.2)
    assert name_of(high, False, False) == "'" and name_of(high, True, False) == ""
    assert name_of(mark(top=0.4, bottom=0.55), False, False) == "·"
    bracket = mark(width=0.2, height=1.0, top=0.0, fill=0.3, bow=-0.08)
    assert name_of(bracket, True, False) == "(" and name_of(replace(bracket, bow=0.08), False, True) == ")"
    bar = mark(width=0.5, height=0.1, top=0.4, bottom=0.5)
    assert name_of(bar, False, True) == "-"
    slash = mark(width=0.4, height=1.0, top=0.0, fill=0.2)
    assert name_of(slash, False, True) == "/" and name_of(slash, True, False) == "¤"
    debris = mark(touches=True)
    assert name_marks([debris], 10, 20) == [(debris, "t")]
    grain = mark(area=0.1)
    assert name_marks([grain], 10, 20) == [(grain, "d")]
    assert name_marks([mark(touches=True, top=0.1, bottom=0.25)], 10, 20) == []


def test_amounts_have_what_is_written_and_a_value_and_others_do_not() -> None:
    reader = Reader()
    reading = reader.read(EXAMPLES / "amount.png", "amount")
    record = reading.to_json()
    assert (record["text"], record["written"], record["value"]) == ("1250", "1.250.-", "1250")
    assert "value_note" not in record
    json.dumps(record)
    plain = reader.read(EXAMPLES / "amount.png").to_json()
    assert "written" not in plain and "value" not in plain
    doubtful = reader.read(EXAMPLES / "date.png", "amount").to_json()
    assert doubtful["value"] is None and doubtful["value_note"]


@pytest.mark.slow
def test_an_amount_with_a_check_behind_is_an_amount() -> None:
    record = Reader().read(EXAMPLES / "amount.png", "amount,luhn").to_json()
    assert record["text"] and record["text"] != "1250"  # whose check digit is wrong
    assert "".join(filter(str.isdigit, record["written"])) == record["text"] and "value" in record
