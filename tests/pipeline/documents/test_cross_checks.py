"""Cross-checks: the likeliest texts that fit, against every combination; notes where none does; the template's file."""

import datetime
import itertools
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.documents.fields import FieldReading
from pipeline.documents.templates.cross_checks import DOUBTED, Check, checked
from pipeline.documents.templates.template_file import load_template, to_toml
from pipeline.errors import UsageError
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Alternative, Digit
from tests.pipeline.documents.test_templates import TEMPLATE

TODAY = datetime.date(2026, 3, 1)


def field(name, *options, format=None):
    """A field that may be each of (text, confidence), the first the likeliest."""
    (text, confidence), *others = options
    digits = tuple(Digit(digit, confidence, (k, 0, k + 1, 9)) for k, digit in enumerate(text))
    alternatives = tuple(Alternative(*other) for other in others)
    return FieldReading(
        name, "given", 1, (0, 0, 99, 9), Reading(text, confidence, True, digits, alternatives, 1, format)
    )


def texts(fields):
    return [one.reading.text for one in fields]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(10, 30), st.integers(10, 30), st.floats(0.51, 0.7)), min_size=2, max_size=3))
def test_the_likeliest_texts_that_add_up_are_taken(parts):
    addends = [
        field(f"p{k}", (str(a), p), *([(str(b), 0.95 - p)] if a != b else [])) for k, (a, b, p) in enumerate(parts)
    ]
    total = field("total", (str(sum(b for _, b, _ in parts)).zfill(3), 0.9))
    fields = [*addends, total]
    result = checked(fields, [Check("sum", tuple(one.name for one in fields))], 0.9, TODAY)
    options = [
        [
            (int(one.reading.text), one.reading.confidence),
            *((int(o.text), o.confidence) for o in one.reading.alternatives),
        ]
        for one in addends
    ]
    fitting = [c for c in itertools.product(*options) if sum(v for v, _ in c) == int(total.reading.text)]
    best = max(fitting, key=lambda c: math.prod(p for _, p in c))
    assert sum(int(text) for text in texts(result)[:-1]) == int(texts(result)[-1])
    likelihood = math.prod(dict(o)[int(t)] for o, t in zip(options, texts(result), strict=False))
    assert likelihood == pytest.approx(math.prod(p for _, p in best))
    assert all(one.reading.accepted == (one.reading.confidence >= 0.9) for one in result)


def test_a_text_that_another_field_corrects_has_a_note():
    fields = [field("a", ("17", 0.6), ("11", 0.3)), field("b", ("22", 0.98)), field("total", ("33", 0.97))]
    result = checked(fields, [Check("sum", ("a", "b", "total"))], 0.9, TODAY)
    assert texts(result) == ["11", "22", "33"]
    assert "by itself" in result[0].reading.note and result[1].reading.note is None
    assert result[0].reading.confidence > 0.3


def test_what_does_not_fit_is_said_and_doubted():
    fields = [field("a", ("17", 0.99)), field("b", ("22", 0.98)), field("total", ("33", 0.97))]
    result = checked(fields, [Check("sum", ("a", "b", "total"))], 0.9, TODAY)
    assert texts(result) == ["17", "22", "33"]
    for one in result:
        assert "a + b = total" in one.reading.note and one.reading.confidence <= DOUBTED and not one.reading.accepted


def test_the_same_number_twice_and_dates_that_are_past():
    again = checked(
        [field("a", ("4711", 0.6), ("4717", 0.35)), field("b", ("4717", 0.7))], [Check("same", ("a", "b"))], 0.9, TODAY
    )
    assert texts(again) == ["4717", "4717"]
    day = field("day", ("01042026", 0.5), ("01042020", 0.4), format="date:DDMMYYYY")
    assert texts(checked([day], [Check("past", ("day",))], 0.9, TODAY)) == ["01042020"]
    assert texts(checked([day], [Check("past", ("day",))], 0.9, datetime.date(2026, 4, 1))) == ["01042026"]


def test_an_unlikely_text_is_not_taken_because_it_fits():
    """Whoever wrote the date may have erred, which is likelier than a digit that both readers are sure of."""
    day = field("day", ("12082099", 0.98), ("12082009", 0.0002), format="date:DDMMYYYY")
    (late,) = checked([day], [Check("past", ("day",))], 0.9, TODAY)
    assert late.reading.text == "12082099" and not late.reading.accepted and "in the future" in late.reading.note
    fields = [field("a", ("17", 0.97), ("11", 0.001)), field("b", ("22", 0.98)), field("total", ("33", 0.97))]
    assert texts(checked(fields, [Check("sum", ("a", "b", "total"))], 0.9, TODAY)) == ["17", "22", "33"]


@pytest.mark.parametrize("order", ["DD.MM.YYYY", "YYYYMMDD", "MM/DD/YYYY"])
def test_a_date_in_any_order_may_be_in_the_future(order):
    text = {"D": "01", "M": "12", "Y": "2031"}
    digits = "".join(text[letter] for letter in dict.fromkeys(letter for letter in order if letter in text))
    day = field("day", (digits, 0.97), format=f"date:{order}")
    (late,) = checked([day], [Check("past", ("day",))], 0.9, TODAY)
    assert late.reading.confidence <= DOUBTED and "in the future" in late.reading.note


def amount(name, text, value=None, others=()):
    """A field in the format of amounts, its value known or left open."""
    plain = field(name, (text, 0.9), *others, format="amount")
    marks = {"value": Decimal(value)} if value else {"value_note": "open"}
    return replace(plain, reading=replace(plain.reading, written=text, **marks))


@pytest.mark.parametrize("known", [(1, 1, 1), (1, 0, 1), (0, 1, 0), (0, 0, 0)])
def test_amounts_add_up_whether_or_not_their_values_are_known(known):
    """Where the marks of some leave a doubt, their digits still are cents, as those of the others."""
    told = [("1250", "12.50"), ("250", "2.50"), ("1500", "15.00")]
    fields = [
        amount(name, text, value if one else None) for name, (text, value), one in zip("abt", told, known, strict=True)
    ]
    sums = [Check("sum", ("a", "b", "t"))]
    assert all(one.reading.note is None for one in checked(fields, sums, 0.9, TODAY))
    wrong = checked([*fields[:2], amount("t", "1700", "17.00" if known[2] else None)], sums, 0.9, TODAY)
    assert all("a + b = t" in one.reading.note for one in wrong)


def test_long_sums_are_checked_too():
    """Of more fields, fewer alternatives are weighed; the sum is never left out."""
    names = [f"item{k:02d}" for k in range(14)]
    others = [("31", 0.04), ("32", 0.03), ("33", 0.02)]
    items = [field(name, ("30", 0.9), *others) for name in names[:-1]]
    items.append(field(names[-1], ("17", 0.6), ("11", 0.3)))
    sums = [Check("sum", (*names, "total"))]
    good = checked([*items, field("total", (str(13 * 30 + 11), 0.97))], sums, 0.9, TODAY)
    assert texts(good)[-2] == "11" and texts(good)[:-2] == ["30"] * 13
    bad = checked([*items, field("total", ("999", 0.97))], sums, 0.9, TODAY)
    assert all("= total" in one.reading.note for one in bad)


def test_a_field_without_text_is_left_alone():
    fields = [field("a", ("17", 0.9)), FieldReading("b", "given", 1, (0, 0, 9, 9), Reading.nothing())]
    assert checked(fields, [Check("same", ("a", "b"))], 0.9, TODAY) == tuple(fields)


CHECKS = '\n[[check]]\nsum = ["the \\"sum\\"", "the \\"sum\\""]\ntotal = "day"\n\n[[check]]\npast = "day"\n'


def test_checks_come_back_from_the_file(tmp_path):
    path = tmp_path / "form.toml"
    path.write_text(to_toml(TEMPLATE) + CHECKS)
    template = load_template(path)
    assert [check.kind for check in template.checks] == ["sum", "past"]
    path.write_text(to_toml(template))
    assert load_template(path).checks == template.checks


@pytest.mark.parametrize(
    "entry, message",
    [
        ('summe = ["day"]', "summe"),
        ('same = ["day", "night"]', "night"),
        ('same = ["day"]', "two"),
        ('sum = ["day"]\ntotal = "day"', "two"),
        ('sum = ["day", "day"]', "sum and total"),
        ('past = "the \\"sum\\""', "four digits"),
    ],
)
def test_what_is_wrong_with_a_check_is_said(tmp_path, entry, message):
    path = tmp_path / "form.toml"
    path.write_text(to_toml(TEMPLATE) + "\n[[check]]\n" + entry + "\n")
    with pytest.raises(UsageError, match=message):
        load_template(path)
