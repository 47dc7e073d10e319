"""Formats by name, against regular expressions, the calendar, and the definitions of the checks."""

import calendar
import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.formats.automaton import Automaton, digit_counts
from pipeline.formats.check_digits import IBAN_DIGITS
from pipeline.formats.format import parse_format
from pipeline.formats.patterns import compile_pattern

digits = st.text("0123456789", max_size=9)
atoms = st.sampled_from(["0", "7", r"\d", "[1-3]", "[^5]", "[08]"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "{2,}"])).map(lambda p: f"(?:{p[0]}){p[1]}"),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@given(pattern=patterns, texts=st.lists(st.text("01257", max_size=6), min_size=5, max_size=20))
@settings(max_examples=200, deadline=None)
def test_patterns_are_regular_expressions(pattern, texts):
    automaton = compile_pattern(pattern)
    backwards = automaton.reversed()
    for text in texts:
        expected = re.fullmatch(pattern, text) is not None
        assert automaton.accepts(text) == backwards.accepts(text[::-1]) == expected


@pytest.mark.slow
@given(one=patterns, other=patterns, texts=st.lists(st.text("0127", max_size=5), min_size=5, max_size=20))
@settings(max_examples=100, deadline=None)
def test_both_and_either(one, other, texts):
    first, second = compile_pattern(one), compile_pattern(other)
    for text in texts:
        assert (first & second).accepts(text) == (first.accepts(text) and second.accepts(text))
        assert (first | second).accepts(text) == (first.accepts(text) or second.accepts(text))


@pytest.mark.slow
@given(pattern=patterns)
@settings(max_examples=50, deadline=None)
def test_the_least_automaton_is_the_same_however_it_came_about(pattern):
    automaton = compile_pattern(pattern)
    again = automaton.reversed().reversed()
    assert len(automaton.accepting) == len(again.accepting) == len((automaton & again).accepting)


def test_marks_of_a_pattern_are_skipped():
    for pattern in (r"\d{2}-\d{3}", r"\d{2} / \d{3}", r"\d{2}[-./]\d{3}", r"\d{2}[\]]\d{3}", r"^\d{2}\.\d{3}$"):
        format = parse_format(pattern)
        assert format.fits("12345") and not format.fits("1234") and not format.fits("123456")
    assert parse_format(r"\d{1,2}(\.\d{3})*,\d{2}").fits("1234500")


@pytest.mark.parametrize("spec, fits, fails", [
    ("digits", ["0", "0012"], [""]), ("digits:3", ["000", "123"], ["12", "1234"]),
    ("digits:3-6", ["123", "123456"], ["12", "1234567"]),
    ("amount", ["5", "1990", "050", "0", "9" * 12], ["", "0500", "00100", "9" * 13]),
    ("luhn", ["79927398713", "18"], ["79927398710", "0", ""]), ("digits:2,luhn", ["18"], ["0018", "79927398713"]),
    ("mod11", ["86011117947", "19"], ["86011117948", "0"]), ("digits:11,mod11", ["86011117947"], ["19"]),
    ("ean13", ["4006381333931"], ["4006381333932", "0"]), ("aba", ["111000025", "021000021"], ["111000024"]),
    ("iban:DE", ["89370400440532013000"], ["89370400440532013001", "8937040044053201300"]),
    ("iban:NO", ["9386011117947"], ["9386011117946"]), ("digits:13,iban:NO", ["9386011117947"], ["9386011117946"]),
    (r"((-{100}){100}){100}\d", ["7"], ["77", ""]), (r"9344\d{9},mod11,iban:NO", ["9344090775387"], ["9344090775388"]),
    (r"\d{4}-\d{2},luhn,digits", [], []),
    (r"9\d{5},luhn", ["923458"], ["123455", "923454"]), ("iban:AT", ["611904300234573201"], ["621904300234573201"]),
])  # fmt: skip
@pytest.mark.slow
def test_what_fits(spec, fits, fails):
    if not fits:
        with pytest.raises(UsageError):
            parse_format(spec)
        return
    format = parse_format(spec)
    assert all(map(format.fits, fits)) and not any(map(format.fits, fails))
    assert format.or_nothing.accepts("")


@given(text=digits.filter(lambda text: len(text) > 1))
def test_checks_by_their_definitions(text):
    numbers = [int(digit) for digit in text[::-1]]
    doubled = sum(number if place % 2 == 0 else sum(divmod(2 * number, 10)) for place, number in enumerate(numbers))
    assert parse_format("luhn").fits(text) == (doubled % 10 == 0)
    weights = [1] + [2 + place % 6 for place in range(len(numbers) - 1)]
    assert parse_format("mod11").fits(text) == (np.dot(weights, numbers) % 11 == 0)


@pytest.mark.slow
@given(country=st.sampled_from(sorted(IBAN_DIGITS)), seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_ibans_are_one_modulo_97(country, seed):
    account = "".join(map(str, np.random.default_rng(seed).integers(0, 10, IBAN_DIGITS[country] - 2)))
    letters = "".join(str(int(letter, 36)) for letter in country)
    check = 98 - int(account + letters + "00") % 97
    format = parse_format(f"iban:{country}")
    assert format.fits(f"{check:02}{account}") and not format.fits(f"{check % 98 + 1:02}{account}")


@pytest.mark.parametrize("order", ["DDMMYYYY", "YYYY-MM-DD", "MM/DD/YYYY", "DDMMYY", "YYMMDD", "D.M.YYYY", "M/D/YY"])
def test_dates_are_those_of_the_calendar(order):
    format = parse_format(f"date:{order}")
    years = (1900, 1999, 2000, 2023, 2024, 2100, 999) if "YYYY" in order else (2000, 2023, 2024)
    for year, month, day in product(years, range(14), (0, 1, 9, 10, 28, 29, 30, 31, 32)):
        fields = {
            "YYYY": f"{year:04}",
            "YY": f"{year % 100:02}",
            "MM": f"{month:02}",
            "DD": f"{day:02}",
            "M": str(month),
            "D": str(day),
        }
        text = "".join(fields[token] for token in re.findall(r"DD?|MM?|YYYY|YY", order))
        exists = year >= 1000 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
        ambiguous = "M/D" in order or "D.M" in order
        assert format.fits(text) == exists or (ambiguous and len(text) < len("31122024"))


def test_dates_of_one_or_two_digits():
    format = parse_format("date:D.M.YY")
    assert all(map(format.fits, ["1124", "11124", "311224", "29224"])) and not format.fits("010124")
    assert (
        not format.fits("29223")
        and parse_format("date:MM/YY").fits("1225")
        and not parse_format("date:MMYY").fits("1325")
    )


@pytest.mark.parametrize("spec, sentence", [
    ("digit", "there are digits, digits:8"), ("", "there is no format ''"), ("date", "needs its order"),
    ("date:DDMM20YY", "order of a date"), ("date:DDDD", "order of a date"), ("date:YYYY", "order of a date"),
    ("iban", "only digits are read"), ("iban:GB", "only digits are read"), ("digits:0", "from 1 to"),
    ("digits:6-3", "from 1 to"), ("digits:x", "from 1 to"), (r"\d{3", "count"), (r"\d{3,2}", "count rises"),
    (r"(\d", "ends too early"), (r"\d)", "without"), (r"\d.\d", "full stop"), (r"\dx", "only digits are read"),
    (r"\w\d", r"only \\d is known"), (r"[a-c]\d", "brackets"), (r"[1-3\d", "brackets"), (r"*\d", "cannot stand there"),
    ("digits:3,ean13", "no number fits"), (r"\d{0}", "no number fits"), ("amount,iban:FR", "only digits are read"),
    (r"\d+?", "parentheses"), (r"\d{2}{3}", "parentheses"), (r"[7-1]\d", "no digit"), (r"[^./]\d", "brackets"),
    ("(" * 99 + r"\d" + ")" * 100, "at most 200"), ("(" * 99 + r"\d" + ")" * 98, "ends too early"),
    (r"(\d{1,100}|7){1,100}1\d{100}", "too large"), ("luhn:16", "there is no"),
])  # fmt: skip
def test_what_cannot_be_meant(spec, sentence):
    with pytest.raises(UsageError, match=sentence):
        parse_format(spec)


def test_impossible_automata_are_refused():
    for step, accepting in (
        (np.zeros((1, 9), int), [True]),
        (np.full((1, 10), 1), [True]),
        (np.zeros((0, 10), int), []),
    ):
        with pytest.raises(ValueError):
            Automaton(step, np.array(accepting, bool))
    assert Automaton(np.full((1, 10), -1), np.array([True])).has_no_number and not digit_counts(2).has_no_number
