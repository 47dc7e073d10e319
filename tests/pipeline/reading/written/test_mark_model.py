"""The model of marks: what two sources say of a gap, multiplied."""

import json

import pytest

from pipeline.reading.written.mark_model import MarkModel, place_of

SEEN = {
    "before": {"": {"": 90}, "¤": {"¤": 8, "?": 2}, "(": {"(": 3}},
    "between": {"": {"": 190, ".": 10}, ".": {".": 80, "": 20}, ",": {",": 50, ".": 50}, "'": {"'": 9}},
    "behind": {"": {"": 100}, ".-": {".-": 5}},
}


def test_without_a_source_the_other_decides() -> None:
    model = MarkModel(line=1, shapes=1, seen=SEEN)
    ink = model.shares("between", None, ".")
    line = model.shares("between", {"": 0.1, ",": 0.9}, None)
    neither = model.shares("between", None, None)
    assert max(ink, key=ink.__getitem__) == "." and max(line, key=line.__getitem__) == ","
    assert max(neither, key=neither.__getitem__) == ""
    for shares in (ink, line, neither):
        assert sum(shares.values()) == pytest.approx(1)


def test_both_sources_are_multiplied() -> None:
    said = {"": 0.05, ".": 0.5, ",": 0.45}
    both = MarkModel(line=1, shapes=1, seen=SEEN).shares("between", said, ",")
    assert both[","] > 0.9
    deaf = MarkModel(line=1, shapes=0, seen=SEEN).shares("between", said, ",")
    assert deaf["."] / deaf[","] == pytest.approx(0.5 / 0.45, rel=0.05)


def test_what_the_line_network_has_no_symbol_for_is_told_by_its_shape() -> None:
    model = MarkModel(seen=SEEN)
    currency = model.shares("before", {"": 1.0}, "¤")
    assert max(currency, key=currency.__getitem__) == "¤"
    bracket = model.shares("before", {"*": 0.8, "": 0.2}, "(")
    assert max(bracket, key=bracket.__getitem__) == "("


def test_a_shape_that_never_came_says_little() -> None:
    model = MarkModel(seen=SEEN)
    strange, nothing = model.shares("between", {".": 1.0}, "=/="), model.shares("between", {".": 1.0}, None)
    assert strange["."] == pytest.approx(nothing["."], abs=0.2) and strange["."] > 0.5


def test_the_card_holds_a_model() -> None:
    model = MarkModel(0.7, 0.5, 2.0, 0.93, SEEN)
    again = MarkModel.from_json(json.loads(json.dumps(model.to_json())))
    assert again == model and again.shares("behind", None, ".-") == model.shares("behind", None, ".-")
    for wrong in ({}, {**model.to_json(), "least": 2}, {**model.to_json(), "seen": {"above": {}}}):
        with pytest.raises((KeyError, ValueError)):
            MarkModel.from_json(wrong)


def test_places() -> None:
    assert [place_of(gap, 2) for gap in range(3)] == ["before", "between", "behind"]
