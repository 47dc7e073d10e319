"""Readings refuse to be made wrong, and say the same in JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Alternative, Digit, Reading

BOX = (0, 0, 5, 9)


def digits(text):
    return tuple(Digit(character, 0.9, BOX) for character in text)


def test_json_keys_are_the_field_names():
    two = Digit("2", 0.8, (1, 2, 30, 40), (Alternative("7", 0.1),))
    reading = Reading("12", 0.7, True, (Digit("1", 0.9, BOX), two), (Alternative("17", 0.2),), 3)
    assert json.loads(json.dumps(reading.to_json())) == {
        "text": "12",
        "confidence": 0.7,
        "accepted": True,
        "digits": [
            {"digit": "1", "confidence": 0.9, "box": [0, 0, 5, 9], "alternatives": []},
            {
                "digit": "2",
                "confidence": 0.8,
                "box": [1, 2, 30, 40],
                "alternatives": [{"text": "7", "confidence": 0.1}],
            },
        ],
        "alternatives": [{"text": "17", "confidence": 0.2}],
        "rounds": 3,
    }


def test_numpy_numbers_become_json_numbers():
    digit = Digit("1", np.float32(0.5), tuple(np.array(BOX)))
    json.dumps(Reading("1", np.float32(0.5), np.bool_(True), (digit,), (), np.int64(1)).to_json())


def test_nothing_read():
    assert Reading.nothing().to_json() | {"rounds": 1} == {
        "text": None, "confidence": 0.0, "accepted": False, "digits": [], "alternatives": [], "rounds": 1,
    }  # fmt: skip


def test_formats_and_notes_are_said_where_there_are_any():
    reading = Reading("1", 0.9, True, digits("1"), format="digits:1")
    assert list(reading.to_json())[-2:] == ["rounds", "format"]
    nothing = Reading(None, 0.0, False, format="digits:2", note="nothing fits digits:2")
    assert list(nothing.to_json().items())[-2:] == [("format", "digits:2"), ("note", "nothing fits digits:2")]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Alternative("", 0.1),
        lambda: Alternative("1a", 0.1),
        lambda: Alternative("١", 0.1),
        lambda: Alternative("1", 1.1),
        lambda: Alternative("1", float("nan")),
        lambda: Digit("12", 0.5, BOX),
        lambda: Digit("1", 0.5, (0, 0, 0, 9)),
        lambda: Digit("1", 0.5, (0.5, 0, 3, 9)),
        lambda: Digit("1", 0.5, (0, 0, 3)),
        lambda: Digit("1", 0.5, BOX, (Alternative("1", 0.1),)),
        lambda: Digit("1", 0.5, BOX, (Alternative("12", 0.1),)),
        lambda: Reading("12", 0.5, True, digits("13")),
        lambda: Reading("", 0.0, False),
        lambda: Reading(None, 0.1, False),
        lambda: Reading(None, 0.0, True),
        lambda: Reading(None, 0.0, False, digits("1")),
        lambda: Reading("1", 1.5, True, digits("1")),
        lambda: Reading("1", 0.5, True, digits("1"), (Alternative("1", 0.1),)),
        lambda: Reading("1", 0.5, True, digits("1"), (Alternative("2", 0.1), Alternative("2", 0.1))),
        lambda: Reading("1", 0.5, True, digits("1"), (Alternative("2", 0.1), Alternative("3", 0.2))),
        lambda: Reading("1", 0.9, True, digits("1"), (Alternative("2", 0.2),)),
        lambda: Reading("1", 0.9, True, digits("1"), (), -1),
    ],
)
def test_what_cannot_be_is_refused(make):
    with pytest.raises(ValueError):
        make()


@given(st.text("0123456789", min_size=1, max_size=12), st.floats(0, 1))
def test_frozen_and_whole(text, confidence):
    reading = Reading(text, confidence, confidence >= 0.5, digits(text))
    assert "".join(digit["digit"] for digit in reading.to_json()["digits"]) == reading.text
    with pytest.raises(AttributeError):
        reading.text = "1"  # type: ignore[misc]


def test_the_package_hands_out_its_names():
    import pipeline

    assert {"Reader", "Reading", "ImageError", "WeightsError"} <= set(pipeline.__all__) <= set(dir(pipeline))
    with pytest.raises(AttributeError):
        pipeline.Rader  # noqa: B018
