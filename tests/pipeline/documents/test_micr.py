"""The MICR line: its characters under blur, growth, noise and scale; its parts and check digit; on drawn cheques."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.common.drawn_micr import draw_cheque, draw_shapes
from pipeline.documents.layout.sheet import make_sheet
from pipeline.documents.micr.e13b import PITCH, ROWS, SHAPES, match_strip, template
from pipeline.documents.micr.micr_line import UNREAD, read_micr
from pipeline.documents.micr.strips import STRIPS, _alike
from pipeline.documents.templates.filling import draft
from pipeline.images import load_grey
from pipeline.reading.field_reader import FieldReader

DOCUMENTS = Path(os.environ.get("DIGITSTRING_DATA", "")) / "documents"
US, INDIA = "⑈001234⑈ ⑆021000021⑆ 5557301⑈", "⑈083660⑈ 500025033⑆ 290062⑈ 31"


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(alphabet=list(SHAPES), min_size=4, max_size=20),
    high=st.integers(14, 50),
    seed=st.integers(0, 99),
    grow=st.integers(-1, 2),
    blur=st.floats(0.3, 0.8),
    noise=st.floats(0, 0.1),
)
def test_characters_are_told_apart(text, high, seed, grow, blur, noise):
    matches = match_strip(draw_shapes(text, high, seed, grow, blur, noise))
    assert "".join(match.symbol for match in matches) == text
    distances = np.diff([match.right for match in matches])
    assert np.abs(distances - PITCH / ROWS).max() < 0.2


def test_shapes_are_on_the_grid_and_unlike_one_another():
    shapes = [template(symbol) for symbol in SHAPES]
    assert {shape.shape for shape in shapes} == {(ROWS, 7)}
    assert min(np.abs(one - other).sum() for k, one in enumerate(shapes) for other in shapes[:k]) >= 5


def test_an_empty_strip_has_no_characters():
    assert match_strip(np.zeros((18, 200), np.float32)) == []


def cheque(text):
    """A cheque of 1180 pixels with an E-13B line."""
    return draw_cheque(draw_shapes(text, 18, blur=0.4), (520, 1180))


@pytest.mark.parametrize(
    "text, parts",
    [
        (US, {"serial": "001234", "routing": "021000021", "account": "5557301"}),
        (INDIA, {"serial": "083660", "routing": "500025033", "account": "290062"}),
        ("⑆021000021⑆ 5557301⑈ 0042", {"routing": "021000021", "account": "5557301", "serial": "0042"}),
        (US + " 0042", {"serial": "001234", "routing": "021000021", "account": "5557301"}),
        ("⑈001⑈ ⑆12345⑉678⑆ 1234⑉567⑈", {"serial": "001", "routing": "12345678", "account": "1234567"}),
        ("⑈12⑈ 345678901234⑉ 77", {}),
    ],
)
def test_the_line_of_a_cheque_and_its_parts(text, parts):
    whole, *others = read_micr(make_sheet(cheque(text), skew=0.0), 0.9)
    assert whole.reading.written == text
    assert whole.reading.text == "".join(filter(str.isdigit, text))
    assert {part.name: part.reading.text for part in others} == parts
    assert all(part.reading.accepted and part.reading.note is None for part in others)
    left, top, _, bottom = whole.reading.digits[0].box
    assert 468 <= top < bottom <= 490 and left >= 200
    lefts = [digit.box[0] for digit in whole.reading.digits]
    assert lefts == sorted(lefts)


def test_a_routing_number_whose_check_digit_is_wrong_is_not_accepted():
    parts = {part.name: part.reading for part in read_micr(make_sheet(cheque(US.replace("21⑆", "12⑆")), skew=0.0), 0.5)}
    assert parts["routing"].text == "021000012" and not parts["routing"].accepted
    assert "check digit" in parts["routing"].note
    assert parts["account"].accepted and not parts["micr"].accepted


@pytest.mark.parametrize("character, doubted", [(8, set()), (21, {"account"}), (25, {"account"})])
def test_ink_that_is_no_character_is_doubted_and_no_space(character, doubted):
    page = cheque(US)
    right = 200 + round((character + 1) * 18 * PITCH / ROWS)
    page[470:488, right - 14 : right] = 0.15
    whole, *parts = read_micr(make_sheet(page, skew=0.0), 0.5)
    assert whole.reading.written == US[:character].rstrip() + " " + US[character + 1 :].lstrip()
    assert not whole.reading.accepted and whole.reading.note == UNREAD
    assert {part.name for part in parts} == {"serial", "routing", "account"}
    assert {part.name for part in parts if not part.reading.accepted} == doubted
    assert all(part.reading.note == UNREAD for part in parts if part.name in doubted)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(8, 14)), min_size=1, max_size=60))
def test_boxes_alike_are_counted_as_by_a_table_of_pairs(rows):
    boxes = np.array([(0, top, 9, top + height) for top, height in rows])
    edges = boxes[:, [1, 3]]
    pairs = (np.abs(edges[:, None] - edges) <= STRIPS.level).all(axis=2)
    assert (_alike(boxes) == pairs.sum(axis=1)).all()


def test_a_draft_of_a_template_leaves_the_line_out(random_weights):
    template = draft(FieldReader(random_weights), make_sheet(cheque(US), skew=0.0))
    assert not {"micr", "routing"} & {field.name for field in template.fields}


def test_print_alone_is_no_line():
    assert read_micr(make_sheet(cheque(""), skew=0.0), 0.9) == []


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="DIGITSTRING_DATA names no data folder")
@pytest.mark.parametrize(
    "name, written",
    [("083660", INDIA), ("309086", "⑈309086⑈ 500211012⑆ 426160⑈ 31")],
)
def test_the_lines_of_real_cheques(name, written):
    whole, *parts = read_micr(make_sheet(load_grey(DOCUMENTS / f"cheque-{name}.jpg")), 0.9)
    assert whole.reading.written == written and whole.reading.accepted
    assert [part.name for part in parts] == ["serial", "routing", "account"]
