"""A mask leaves open the one digit that is unsure, and says how sure the rest is."""

import csv
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.batch.layouts import FileLayout
from pipeline.batch.records import make_record
from pipeline.commands.reading.printing import _plain_lines
from pipeline.errors import UsageError
from pipeline.reader import Reader
from pipeline.reading.confidence.masking import mask_of
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Alternative, Digit, Mask

ZEROS = Path(__file__).resolve().parents[4] / "examples" / "zeros.png"
texts = st.text("012", min_size=1, max_size=4)


def alternatives(*pairs: tuple[str, float]) -> list[Alternative]:
    return [Alternative(text, confidence) for text, confidence in pairs]


def test_the_unsure_digit_is_open_and_its_alternatives_named() -> None:
    others = alternatives(("1254", 0.25), ("1224", 0.14), ("124", 0.003), ("1974", 0.002))
    mask = mask_of("1274", 0.6, others, 0.99)
    assert mask is not None and (mask.text, mask.place) == ("12?4", 2)
    assert mask.confidence == pytest.approx(0.99)
    assert [(each.text, each.confidence) for each in mask.alternatives] == [("7", 0.6), ("5", 0.25), ("2", 0.14)]


@pytest.mark.parametrize(
    ("text", "confidence", "others"),
    [
        ("1274", 0.6, [("1254", 0.2), ("1224", 0.18)]),  # 0.98 together
        ("1274", 0.6, [("124", 0.39)]),  # a digit may be missing
        ("1274", 0.6, [("1354", 0.39)]),  # two digits are unsure
        ("7", 0.6, [("1", 0.4)]),  # nothing would be left
    ],
)
def test_where_more_than_one_digit_is_unsure_there_is_no_mask(text: str, confidence: float, others: list) -> None:
    assert mask_of(text, confidence, alternatives(*others), 0.99) is None


@given(st.dictionaries(texts, st.floats(0.001, 1), min_size=2, max_size=12))
def test_confidence_is_the_sum_over_the_texts_that_fit(weights: dict[str, float]) -> None:
    """Against brute force over all places."""
    total = sum(weights.values())
    ordered = sorted(((text, weight / total) for text, weight in weights.items()), key=lambda pair: -pair[1])
    (text, confidence), *others = ordered
    mask = mask_of(text, confidence, alternatives(*others), 0.0)
    if len(text) < 2:
        assert mask is None
        return
    sums = [
        sum(p for other, p in ordered if len(other) == len(text) and all(
            k == place or a == b for k, (a, b) in enumerate(zip(text, other, strict=True))))
        for place in range(len(text))
    ]  # fmt: skip
    assert mask is not None and mask.confidence == pytest.approx(min(1, max(sums)))


@pytest.mark.slow
def test_a_reading_that_is_accepted_is_not_masked() -> None:
    unsure = Reader(mask=0.9, threshold=1.0).read(ZEROS)
    assert unsure.mask is not None and unsure.mask.text.replace("?", unsure.text[unsure.mask.place]) == unsure.text
    assert unsure.mask.confidence >= unsure.confidence
    assert Reader(mask=0.9, threshold=0.1).read(ZEROS).mask is None
    assert Reader(threshold=1.0).read(ZEROS).mask is None
    assert Reader(threshold=1.0).variant(mask=0.9).read(ZEROS) == unsure


def test_records_say_what_is_open() -> None:
    mask = Mask("1?", 1, 0.995, (Alternative("7", 0.6), Alternative("1", 0.395)))
    digits = tuple(Digit(digit, 0.6, (0, 0, 1, 1)) for digit in "17")
    record = make_record("a.png", Reading("17", 0.6, False, digits, mask=mask), None)
    assert record["text"] == "17" and record["mask"]["text"] == "1?" and record["mask"]["place"] == 1
    assert b",1?," in FileLayout(".csv").to_bytes(record)


def test_of_an_amount_the_same_digit_is_open_in_what_is_written() -> None:
    """Or 1.7 would be printed as 1?, which is ten times as much."""
    mask = Mask("1?4", 1, 0.995, (Alternative("7", 0.6), Alternative("1", 0.395))).in_writing("-1,74")
    assert mask.written == "-1,?4" and mask.to_json()["written"] == "-1,?4"
    digits = tuple(Digit(digit, 0.6, (0, 0, 1, 1)) for digit in "174")
    reading = Reading("174", 0.6, False, digits, mask=mask, written="-1,74", value=Decimal("-1.74"))
    assert list(_plain_lines(["a"], reading, False)) == ["a\t-1,?4\t0.9950\n"]
    others = (Alternative("194", 0.2), Alternative("1714", 0.1))
    assert list(_plain_lines([], replace(reading, alternatives=others), True))[1:] == [
        "-1,94\t0.2000\n",
        "1714\t0.1000\n",  # where its marks would stand, nobody knows
    ]
    cells = next(csv.reader([FileLayout(".csv").to_bytes(make_record("a.png", reading, None)).decode()]))
    assert cells[4] == "1?4" and cells[7] == "'-1,?4"  # no formula


@pytest.mark.slow
def test_amounts_are_masked_with_their_marks() -> None:
    reading = Reader(mask=0.5, threshold=1.0, format="amount").read(ZEROS.with_name("amount.png"))
    assert reading.written and reading.mask is not None and reading.mask.written is not None
    assert reading.mask.written.replace("?", reading.text[reading.mask.place]) == reading.written


def test_masks_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="open"):
        Mask("12", 0, 0.5, ())
    with pytest.raises(ValueError, match="open"):
        Mask("??", 0, 0.5, ())
    with pytest.raises(ValueError, match="mask"):
        Reading("1", 0.9, False, (Digit("1", 0.9, (0, 0, 1, 1)),), mask=Mask("?1", 0, 0.9, ()))
    for level in (0, 1, 2, float("nan")):
        with pytest.raises(UsageError):
            Reader(mask=level)


def test_blank_and_unreadable_are_two_things() -> None:
    blank = Reader().read(np.ones((60, 200)))
    assert blank.blank and blank.to_json()["blank"] is True
    ruled = np.ones((60, 200))
    ruled[40:42, 5:195] = 0  # a line to write on is not written
    assert Reader().read(ruled).blank
    unreadable = Reader(format="digits:2").read(ZEROS)
    assert unreadable.text is None and not unreadable.blank and "blank" not in unreadable.to_json()
