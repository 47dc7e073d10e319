"""The MICR line in CMC-7: its characters whatever parts of the bars are printed, its parts and check digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from benchmarks.common.drawn_micr import LEFT, draw_bars, draw_cheque
from pipeline.documents.layout.sheet import make_sheet
from pipeline.documents.micr.cmc7 import BAR, GAPS, HEIGHT, PITCH, WIDTH, bars, match_strip
from pipeline.documents.micr.micr_line import read_micr
from pipeline.formats.format import parse_format

FRANCE, BRAZIL = "<0249957< 075000004908> 241410518989:", "<23731842<0010034895>777504362409:"


def test_two_of_six_gaps_are_wide_and_each_pair_is_one_character():
    assert len({frozenset(gaps) for gaps in GAPS.values()}) == len(GAPS) == 15
    assert all(0 <= one < other < 6 for one, other in GAPS.values())
    assert {symbol for symbol, gaps in GAPS.items() if 5 not in gaps} == set("0123456789")
    assert all(bars(symbol)[-1] + BAR == pytest.approx(WIDTH) for symbol in GAPS)


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(alphabet=list(GAPS), min_size=4, max_size=16),
    per_mm=st.floats(7, 16),
    seed=st.integers(0, 99),
    bar=st.floats(0.12, 0.19),
    noise=st.floats(0, 0.06),
    stretch=st.floats(0.96, 1.04),
)
def test_characters_are_told_apart(text, per_mm, seed, bar, noise, stretch):
    strip = draw_bars(text, per_mm, seed, bar, noise=noise, stretch=stretch)
    matches = match_strip(np.clip(strip, 0, None))
    assert "".join(match.symbol for match in matches) == text
    distances = np.diff([match.left for match in matches])
    assert np.abs(distances / stretch - PITCH / HEIGHT).max() < 0.06


def test_an_empty_strip_has_no_characters():
    assert match_strip(np.zeros((30, 400), np.float32)) == []
    assert match_strip(np.zeros((30, 3), np.float32)) == []


def cheque(text, per_mm=8, **drawn):
    """A cheque of 175 mm with a line of CMC-7."""
    return draw_cheque(draw_bars(text, per_mm, **drawn), (80 * per_mm, 175 * per_mm), left=20 * per_mm)


@pytest.mark.parametrize("per_mm", [6, 8, 12, 16])
@pytest.mark.parametrize(
    "text, parts",
    [
        (FRANCE, {"serial": "0249957", "routing": "075000004908", "account": "241410518989"}),
        (BRAZIL, {"routing": "2373184", "serial": "003489", "account": "7750436240"}),
        ("<23704948< 0180017935> 377506100112:", {"routing": "2370494", "serial": "001793", "account": "7750610011"}),
        ("<12< 345678901234> 77", {}),
    ],
)
def test_the_line_of_a_cheque_and_its_parts(text, parts, per_mm):
    whole, *others = read_micr(make_sheet(cheque(text, per_mm), skew=0.0), 0.9)
    assert whole.reading.written == text
    assert whole.reading.text == "".join(filter(str.isdigit, text))
    assert {part.name: part.reading.text for part in others} == parts
    assert all(part.reading.accepted and part.reading.note is None for part in others)
    (left, top, right, bottom), *_ = [digit.box for digit in whole.reading.digits]
    assert abs(bottom - top - HEIGHT * per_mm) <= 3 and abs(right - left - WIDTH * per_mm) <= 3
    assert abs(left - (20 + LEFT + PITCH) * per_mm) <= 3
    lefts = [digit.box[0] for digit in whole.reading.digits]
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("part, place", [("routing", 3), ("serial", 13), ("account", 25)])
def test_a_check_digit_that_is_wrong_is_said(part, place):
    wrong = BRAZIL[:place] + str((int(BRAZIL[place]) + 1) % 10) + BRAZIL[place + 1 :]
    whole, *parts = read_micr(make_sheet(cheque(wrong), skew=0.0), 0.5)
    assert whole.reading.written == wrong and not whole.reading.accepted
    assert {one.name for one in parts if not one.reading.accepted} == {part}
    assert whole.reading.note == f"the {part} number's check digit is wrong"


def test_check_digits_of_known_lines():
    assert all(parse_format("luhn").fits(digits) for digits in ("23731847", "00100348952", "77504362409"))


def test_a_line_a_little_askew_and_unevenly_lit():
    page = ndimage.rotate(cheque(FRANCE, 10), 1.2, reshape=False, order=1, mode="nearest")
    page = page * np.linspace(1, 0.7, page.shape[1], dtype=np.float32)
    whole, *_ = read_micr(make_sheet(page.astype(np.float32)), 0.9)
    assert whole.reading.written == FRANCE


def test_print_alone_is_no_line():
    assert read_micr(make_sheet(cheque(""), skew=0.0), 0.9) == []
