"""Pages and their parts: lines, boxes, combs, crops, skew, the ways back to the page; against pages drawn here."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from pipeline.documents.fields import parse_fields
from pipeline.documents.given import sheet_box
from pipeline.documents.layout.cleaning import keep_inside, without_sign
from pipeline.documents.layout.cutouts import Cutout, cut_out
from pipeline.documents.layout.field_finding import Layout, find_candidates
from pipeline.documents.layout.sheet import make_sheet
from pipeline.documents.layout.skew import estimate_skew
from pipeline.documents.naming import field_names
from pipeline.errors import UsageError

SHAPE = (600, 900)


def page(draw_on=None, shape=SHAPE):
    image = Image.new("L", shape[::-1], 245)
    if draw_on is not None:
        draw_on(ImageDraw.Draw(image))
    return np.asarray(image, np.float32) / 255


def frames(grey):
    sheet = make_sheet(grey, skew=0.0)
    return [(box.frame.left, box.frame.top, box.frame.right, box.frame.bottom) for box in Layout.of(sheet).boxes]


@settings(max_examples=25, deadline=None)
@given(
    left=st.integers(20, 300),
    top=st.integers(20, 400),
    width=st.integers(70, 500),
    height=st.integers(30, 60),
    line=st.integers(1, 3),
    dark=st.integers(0, 150),
)
@pytest.mark.slow
def test_a_printed_rectangle_is_found_where_it_is(left, top, width, height, line, dark):
    found = frames(page(lambda draw: draw.rectangle([left, top, left + width, top + height], outline=dark, width=line)))
    assert len(found) == 1
    assert np.abs(np.array(found[0]) - [left + line, top + line, left + width - line, top + height - line]).max() <= 4


def test_lines_that_enclose_nothing_make_no_box():
    def three_sides(draw):
        draw.line([(100, 200), (100, 250), (400, 250), (400, 200)], 0, 2)

    assert frames(page(three_sides)) == []


def comb(draw, count, left=100, top=100, cell=32, height=40, missing=()):
    draw.rectangle([left, top, left + count * cell, top + height], outline=40, width=2)
    for k in range(1, count):
        if k not in missing:
            draw.line([(left + k * cell, top), (left + k * cell, top + height)], 40, 2)


@pytest.mark.parametrize("count, missing", [(3, ()), (6, ()), (8, ()), (8, (3,)), (8, (2, 6))])
def test_a_comb_has_its_cells_even_where_a_separator_is_missing(count, missing):
    sheet = make_sheet(page(lambda draw: comb(draw, count, missing=missing)), skew=0.0)
    (box,) = Layout.of(sheet).boxes
    assert len(box.cells) == count
    assert all(abs(cell.width - 29) <= 3 for cell in box.cells)


def test_a_comb_whose_end_is_hidden_has_its_last_cell():
    def drawn(draw):
        comb(draw, 8)
        draw.line([(100 + 8 * 32, 70), (100 + 8 * 32, 190)], 90, 2)  # a pattern of the paper goes on from its end

    (box,) = Layout.of(make_sheet(page(drawn), skew=0.0)).boxes
    assert len(box.cells) == 8 and abs(box.frame.right - 355) <= 3


def test_strokes_in_cells_are_no_separators():
    def drawn(draw):
        comb(draw, 8)
        for k in (1, 2, 5):
            draw.line([(117 + 32 * k, 105), (117 + 32 * k, 135)], 10, 3)

    sheet = make_sheet(page(drawn), skew=0.0)
    layout = Layout.of(sheet)
    assert [len(box.cells) for box in layout.boxes] == [8]
    assert all(abs((line.middle - 101) / 32 - round((line.middle - 101) / 32)) < 0.2 for line in layout.down)


def test_a_stroke_that_crosses_the_frame_stays_whole_and_the_frame_goes():
    def drawn(draw):
        draw.rectangle([100, 100, 300, 150], outline=60, width=2)
        draw.line([(200, 110), (205, 160)], 0, 5)

    sheet = make_sheet(page(drawn), skew=0.0)
    (candidate,) = find_candidates(sheet, Layout.of(sheet))
    labels, count = ndimage.label(candidate.crop.grey < 0.5)
    assert count == 1
    rows = np.flatnonzero((labels > 0).any(axis=1))
    assert rows[-1] - rows[0] >= 40
    assert not (labels[:, :40] > 0).any() and not (labels[:, -40:] > 0).any()


def test_the_joined_feet_of_digits_in_a_box_are_no_printed_line():
    def drawn(draw):
        draw.rectangle([100, 100, 400, 160], outline=60, width=2)
        for x in (180, 205, 230):
            draw.line([(x, 112), (x, 148)], 0, 4)
        draw.line([(180, 148), (230, 148)], 0, 4)

    layout = Layout.of(make_sheet(page(drawn), skew=0.0))
    assert all(line.middle < 104 or line.middle > 156 for line in layout.across)
    (candidate,) = find_candidates(make_sheet(page(drawn), skew=0.0), layout)
    assert (candidate.crop.grey < 0.4).any(axis=0).sum() >= 50  # the feet are still there


def test_a_box_lower_than_the_print_of_the_page_is_none():
    def drawn(draw):
        for k in range(12):
            draw.text((100, 200 + 30 * k), "WORDS IN ROWS OF PRINT", 0, ImageFont.load_default(28))
        for left, height in ((100, 16), (300, 60)):
            draw.rectangle([left, 100, left + 120, 100 + height], outline=60, width=1)
            draw.ellipse([left + 40, 104, left + 58, 96 + height // 2], outline=0, width=3)

    sheet = make_sheet(page(drawn), skew=0.0)
    candidates = find_candidates(sheet, Layout.of(sheet))
    assert [candidate.frame.left // 100 for candidate in candidates] == [3]


@pytest.mark.parametrize("quarters", range(4))
def test_a_page_that_lies_straight_is_cut_out_pixel_by_pixel(quarters):
    grey = np.random.default_rng(1).random((60, 90), dtype=np.float32)
    sheet = make_sheet(grey, skew=0.0).turned(quarters)
    assert sheet.quarters == quarters
    cutout = cut_out(sheet, (10, 5, 40, 35), [], [])
    np.testing.assert_array_equal(cutout.grey, np.rot90(grey, quarters)[5:35, 10:40])
    left, top, right, bottom = cutout.page_box((3, 4, 5, 6), grey.shape)
    np.testing.assert_array_equal(np.rot90(grey[top:bottom, left:right], quarters), cutout.grey[4:6, 3:5])


def test_an_empty_box_and_a_label_above_are_no_candidate():
    def drawn(draw):
        draw.rectangle([100, 100, 300, 150], outline=60, width=2)
        draw.text((120, 86), "1234", 0)

    sheet = make_sheet(page(drawn), skew=0.0)
    assert find_candidates(sheet, Layout.of(sheet)) == []


def test_what_lies_outside_goes_and_what_reaches_in_stays():
    grey = np.full((60, 100), 0.9, np.float32)
    grey[2:8, 10:30] = 0.1
    grey[4:40, 60:64] = 0.1
    cleaned, written = keep_inside(grey, (5, 15, 95, 55))
    assert written
    assert cleaned[:12, :40].min() > 0.8
    assert cleaned[4, 61] == pytest.approx(0.1)


def form(draw):
    draw.rectangle([100, 100, 400, 150], outline=0, width=2)
    comb(draw, 6, top=250)
    for k in range(6):
        draw.text((100, 380 + 25 * k), "printed words in a row, printed words in a row", 30)


@pytest.mark.parametrize("degrees", [-19, -11, -5, -2.3, 0, 1, 4.4, 16])
def test_skew_is_measured(degrees):
    turned = ndimage.rotate(page(form), -degrees, order=1, cval=0.96)
    sheet = make_sheet(np.clip(turned, 0, 1).astype(np.float32))
    measured = np.arctan2(sheet.to_page[1, 0], sheet.to_page[0, 0])
    assert np.degrees(measured) == pytest.approx(degrees, abs=0.2)
    assert sorted(len(box.cells) for box in Layout.of(sheet).boxes) == [1, 6]


def test_a_blank_page_has_no_skew():
    assert estimate_skew(np.zeros((100, 200), np.float32)) == 0


@settings(max_examples=30, deadline=None)
@given(quarters=st.integers(-4, 7), x=st.integers(0, 89), y=st.integers(0, 59))
def test_the_way_back_from_a_turned_sheet(quarters, x, y):
    grey = np.random.default_rng(0).random((60, 90), dtype=np.float32)
    sheet = make_sheet(grey, skew=0.0).turned(quarters)
    turned = np.rot90(grey, quarters)
    x, y = x % turned.shape[1], y % turned.shape[0]
    column, row = np.floor(sheet.to_page @ [x + 0.5, y + 0.5, 1]).astype(int)
    assert grey[row, column] == turned[y, x]


def test_boxes_on_the_page_and_on_the_sheet_are_one_another():
    turned = np.clip(ndimage.rotate(page(form), -4, order=1, cval=0.96), 0, 1).astype(np.float32)
    sheet = make_sheet(turned)
    box = (200, 150, 500, 200)
    left, top, right, bottom = sheet.page_box(sheet_box(sheet, box))
    assert (left + right, top + bottom) == pytest.approx((700, 350), abs=3)
    assert right - left >= 298 and bottom - top >= 48  # it surrounds the level box


def test_fields_are_parsed():
    assert parse_fields(["amount=1,2,30,40", " a b = 0, 0, 5,5"]) == {"amount": (1, 2, 30, 40), "a b": (0, 0, 5, 5)}


@pytest.mark.parametrize("spec", ["amount", "=1,2,3,4", "a=1,2,3", "a=1,2,x,4", "a=5,2,3,4", "a=-1,2,3,4", "a=1,4,3,4"])
def test_fields_that_cannot_be_meant(spec):
    with pytest.raises(UsageError):
        parse_fields([spec])


def test_fields_of_one_name():
    with pytest.raises(UsageError, match="two fields"):
        parse_fields(["a=1,2,3,4", "a=5,6,7,8"])


@given(st.lists(st.sampled_from([("amount", False), ("comb", True), ("comb", False), ("box", False)]), max_size=12))
def test_no_two_fields_have_one_name(entries):
    names = field_names([kind for kind, _ in entries], [is_date for _, is_date in entries])
    assert len(set(names)) == len(names) == len(entries)
    assert ("amount" in names) == any(kind == "amount" for kind, _ in entries)
    assert ("date" in names) == any(is_date for kind, is_date in entries if kind != "amount")


@pytest.mark.parametrize(
    "sign, number, cut",
    [((8, 24), (80, 200), True), ((8, 24), (36, 200), False), ((90, 106), (170, 280), False), (None, (80, 200), False)],
)
def test_a_sign_apart_at_the_left_is_cut_away(sign, number, cut):
    grey = np.full((60, 300), 0.9, np.float32)
    for part in (sign, number):
        if part is not None:
            for x in range(part[0], part[1], 8):
                grey[15:45, x : x + 3] = 0.1
    crop = without_sign(Cutout(grey, np.array([[1.0, 0, 70], [0, 1.0, 30]])))
    assert (crop.grey.shape[1] < 300) == cut
    first = int(np.flatnonzero((crop.grey < 0.5).any(axis=0))[0])
    expected = number[0] if cut or sign is None else sign[0]
    assert crop.page_box((first, 15, first + 3, 45), (200, 500))[0] == 70 + expected
