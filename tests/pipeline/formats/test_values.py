"""Values of written amounts: exact where there is no doubt, and none, with a reason, where there is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.values import Value, is_grouping, value_of

CLEAR = {
    "0": "0",
    "1990": "1990",
    "1,990.50": "1990.50",
    "1.234,56": "1234.56",
    "3.975,00.-": "3975.00",
    "22,35,000/-": "2235000",
    "***500.00": "500.00",
    "500=": "500",
    "¤12.50": "12.50",
    "*¤1.990,50*": "1990.50",
    "1.990.000": "1990000",
    "1'990'000.5": "1990000.5",
    "1.990,-": "1990",
    "1,990/-": "1990",
    "39.000.-": "39000",
    "12.5": "12.5",
    "0.50": "0.50",
    "1'990": "1990",
    "12,50-": None,
    "-125": "-125",
    "-264.27": "-264.27",
    "-¤12.50": "-12.50",
    "¤-12.50": "-12.50",
    "+12.5": "12.5",
    "(125)": "-125",
    "(1,125.50)": "-1125.50",
    "*(12.50)*": "-12.50",
    "(125": None,
    "125)": None,
    "125-": None,
    "-125-": None,
    "--125": None,
    "-125,-": "-125",
    "125--": "125",
    "-125=": None,
    "1250/100": "12.50",
    "12.50/100": "12.50",
    "1,23450/100": "1234.50",
    "50/100": "0.50",
    "5/100": None,
    "1:250/100": None,
    "1.2,3450/100": None,
    "1,2350/100": None,
    "-1250/100": "-12.50",
    "10/24": None,
    "10/24/99": None,
    "12:50": None,
    "7.": "7",
    "250,-": "250",
    "1.50/-": "1.50",
    "1.990": None,
    "1,990": None,
    "1.990-": None,
    "1.990=": None,
    "12.3456": None,
    "1.99.50": None,
    "1.990.50": None,
    "1,990.500": None,
    "1.990,5.0": None,
    "0123": None,
    "1..990": None,
    "1-990": None,
    "1?990": None,
    "": None,
    "-": None,
    "1.2,3.4": None,
    "0.990": None,
    "1.990,50,-": "1990.50",
    "22,35,00": None,
}


@pytest.mark.parametrize(("written", "amount"), CLEAR.items())
def test_written_amounts(written: str, amount: str | None) -> None:
    value = value_of(written)
    assert value.amount == (None if amount is None else Decimal(amount))
    assert (value.reason is None) == (amount is not None)
    if amount is not None:
        assert str(value.amount) == amount


def grouped(number: int, mark: str, indian: bool) -> str:
    digits = str(number)
    head, groups = digits[:-3], [digits[-3:]]
    step = 2 if indian else 3
    while head:
        groups.insert(0, head[-step:])
        head = head[:-step]
    return mark.join(groups)


@given(
    st.integers(0, 10**12),
    st.integers(0, 99),
    st.sampled_from([".,", ",."]),
    st.booleans(),
    st.sampled_from(["", "¤", "***", "="]),
    st.sampled_from(["", "--", "=", "*", "."]),
)
def test_amounts_with_cents_come_back_exactly(number, cents, marks, indian, before, after) -> None:
    body = grouped(number, marks[0], indian)
    value = value_of(f"{before}{body}{marks[1]}{cents:02d}{after}")
    assert value.amount == Decimal(f"{number}.{cents:02d}")


@given(st.integers(0, 10**12), st.sampled_from(".,"), st.booleans(), st.sampled_from(["", ",-", ".-", "/-", "/="]))
def test_grouped_whole_numbers_have_a_value_where_no_decimals_can_be_meant(number, mark, indian, ending) -> None:
    value = value_of(grouped(number, mark, indian) + ending)
    if ending or number < 1000 or number >= 10**6 or (indian and number >= 10**5):
        assert value.amount == number
    else:
        assert value.amount is None and "may group thousands or begin decimals" in value.reason


@given(st.integers(0, 10**7), st.integers(0, 99), st.sampled_from(["-", "()", "(¤)", "¤-", "+"]), st.sampled_from(".,"))
def test_signs(number: int, cents: int, sign: str, mark: str) -> None:
    before, after = sign.replace(")", ""), ")" if ")" in sign else ""
    value = value_of(f"{before}{number}{mark}{cents:02d}{after}")
    assert value.amount == Decimal(f"{number}.{cents:02d}") * (1 if sign == "+" else -1)
    assert value_of(f"{before}{number}{cents:02d}/100{after}").amount == value.amount


@given(st.text("0123456789.,'-=/*¤?+()", max_size=14))
def test_a_value_never_has_other_digits_than_are_written(written: str) -> None:
    value = value_of(written)
    assert (value.amount is None) != (value.reason is None)
    if value.amount is not None:
        digits = "".join(filter(str.isdigit, written))
        given_digits = "".join(filter(str.isdigit, str(value.amount)))
        assert given_digits == digits or given_digits.lstrip("0") + "100" == digits.lstrip("0")


def test_what_nobody_writes_is_told_from_what_may_be_meant_in_two_ways() -> None:
    two_ways = ("1.990", "1250-", "-1250-", "10/24", "10/24/1999", "1?990", "1.990,-")
    nobody = ("1.99.50", "(125", "125)", "-+1", "7/11650100", "953/52288", "12:50", "0123", "12.3456")
    assert not any(value_of(written).malformed for written in two_ways)
    assert all(value_of(written).malformed for written in nobody)


def test_groupings() -> None:
    assert is_grouping(["1", "000"]) and is_grouping(["22", "35", "000"]) and is_grouping(["100", "000", "000"])
    assert not any(map(is_grouping, (["1000", "000"], ["0", "990"], ["1", "00"], ["123", "45", "000"], ["01"])))


def test_a_value_is_an_amount_or_a_reason() -> None:
    for wrong in ((None, None), (Decimal(1), "why")):
        with pytest.raises(ValueError):
            Value(*wrong)
