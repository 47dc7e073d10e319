"""The value of a written amount, and only where its grouping leaves no doubt.

A point or comma may group thousands or begin the cents, and people write both. It is clear which where two kinds of
separator stand (`1,990.50`), where one comes again and again in groups that a country writes (`1.990.000`,
`22,35,000`), where one or two digits follow it (`12.50`), or where the ending says that there are no cents (`1.990,-`).
Cents may be a fraction (`12 50/100`). Elsewhere, as in `1.990`, there is no value: a decimal point is never guessed.
A stroke before the number, or brackets about it, are its sign; a stroke behind it may be one or close it off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

SEPARATORS = ".,'"
CURRENCY = "¤"  # a currency sign, whichever it is
UNKNOWN = "?"  # a mark that has no name here
PARTS = re.compile(
    rf"(?P<before>[*=+\-({CURRENCY}]*)(?P<body>\d(?:.*\d)?)"
    rf"(?P<ending>(?:[.,]?[/\-=]+|[.,])?)(?P<after>[*){CURRENCY}]*)"
)
NO_CENTS = re.compile(r"[.,]-+|/[-=]+")  # `,-` and `/-`: nothing behind the whole number
HUNDREDTHS = "/100"
SLASHED = re.compile(r"\d{1,4}/\d{1,2}(?:/\d{1,2})?|\d{1,2}/\d{1,2}/\d{4}|\d{1,3}/\d{1,4}")  # dates and fractions


@dataclass(frozen=True)
class Value:
    """amount: exact, or None with the reason, a sentence. malformed: nobody writes an amount so, so that a mark was
    probably misread; not where an amount may be meant in two ways."""

    amount: Decimal | None
    reason: str | None = None
    malformed: bool = False

    def __post_init__(self) -> None:
        if (self.amount is None) == (self.reason is None):
            raise ValueError("a value is either an amount or the reason why there is none")


@lru_cache(maxsize=4096)
def value_of(written: str) -> Value:
    """The value of an amount as it is written: digits, separators `.` `,` `'`, and about them `* = - + / ( )` and a
    currency sign."""
    if UNKNOWN in written:
        return Value(None, "a mark stands there that may mean anything")
    found = PARTS.fullmatch(written)
    if found is None:
        return Value(None, "it is not written as an amount: marks stand about it that do not belong together", True)
    value = _unsigned(found["body"], found["ending"])
    return value if value.amount is None else _signed(value, found)


def _unsigned(body: str, ending: str) -> Value:
    if body.endswith(HUNDREDTHS) and not ending:
        return _with_fraction(body.removesuffix(HUNDREDTHS))
    if re.fullmatch(r"\d+/\d+(?:/\d+)?", body):
        reason = "a slash stands between the digits: a fraction or a date"
        return Value(None, reason, not SLASHED.fullmatch(body))
    if not re.fullmatch(rf"\d+(?:[{SEPARATORS}]\d+)*", body):
        return Value(None, "it is not written as an amount: digits with single points or commas between them", True)
    groups, marks = re.split(rf"[{SEPARATORS}]", body), re.findall(rf"[{SEPARATORS}]", body)
    return _without_marks(groups[0]) if not marks else _with_marks(groups, marks, bool(NO_CENTS.fullmatch(ending)))


def _with_fraction(digits: str) -> Value:
    """Of `12 50/100`; digits: of the whole number, which may have its thousands marked, and of the cents."""
    whole, cents = digits[:-2].rstrip(SEPARATORS) or "0", digits[-2:]
    if not re.fullmatch(rf"\d+(?:([{SEPARATORS}])\d+(?:\1\d+)*)? \d\d", f"{whole} {cents}"):
        return Value(None, "hundredths stand behind it, but no whole number and two digits of them", True)
    groups = re.split(rf"[{SEPARATORS}]", whole)
    if not is_grouping(groups):
        return Value(None, "the digits before the cents are not grouped as thousands are", True)
    return Value(Decimal(f"{''.join(groups)}.{cents}"))


def _signed(value: Value, found: re.Match[str]) -> Value:
    """The value with the sign that the marks about it give it."""
    assert value.amount is not None
    before, after, ending = found["before"], found["after"], found["ending"]
    signs = [mark for mark in before if mark in "+-("]
    if len(signs) > 1:
        return Value(None, "more than one sign stands before it", True)
    if (signs == ["("]) != (")" in after) or after.count(")") > 1:
        return Value(None, "one bracket stands there without the other", True)
    if ending == "-" or (signs and ending in ("--", "=")):
        return Value(None, "a stroke behind it may be a minus or close it off")
    return Value(-value.amount) if signs and signs[0] in "-(" else value


def _without_marks(digits: str) -> Value:
    if len(digits) > 1 and digits[0] == "0":
        return Value(None, "it begins with a zero, so that a separator may be missing", True)
    return Value(Decimal(digits))


def _with_marks(groups: list[str], marks: list[str], no_cents: bool) -> Value:
    last = groups[-1]
    if len(set(marks)) == 1:
        if len(marks) == 1:
            return _one_mark(groups, marks[0], no_cents)
        if is_grouping(groups):
            return Value(Decimal("".join(groups)))
        return Value(None, f"the digits between the marks {marks[0]} are not grouped as thousands are", True)
    if marks[-1] in marks[:-1] or len(set(marks)) > 2 or marks[-1] == "'":
        return Value(None, "points and commas take turns, so that it is not clear which begins the cents", True)
    if len(last) > 2:
        return Value(None, f"{len(last)} digits follow the last mark, which are no cents", True)
    if not is_grouping(groups[:-1]):
        return Value(None, "the digits before the cents are not grouped as thousands are", True)
    return Value(Decimal(f"{''.join(groups[:-1])}.{last}"))


def _one_mark(groups: list[str], mark: str, no_cents: bool) -> Value:
    whole, last = groups
    if mark != "'" and len(last) <= 2 and (whole == "0" or whole[0] != "0"):
        return Value(Decimal(f"{whole}.{last}"))
    if is_grouping(groups):
        if mark == "'" or no_cents:
            return Value(Decimal(whole + last))
        return Value(None, f"{mark} may group thousands or begin decimals: {whole}{last} or {whole}.{last}")
    return Value(None, f"{len(last)} digits follow the {mark}, which neither cents nor thousands do", True)


def is_grouping(groups: list[str]) -> bool:
    """Whether groups of digits are those of thousands (1.990.000) or of the Indian system (22,35,000)."""
    first, *rest = groups
    if not rest:
        return first == "0" or first[0] != "0"
    if first[0] == "0" or len(rest[-1]) != 3:
        return False
    western = len(first) <= 3 and all(len(group) == 3 for group in rest)
    indian = len(first) <= 2 and all(len(group) == 2 for group in rest[:-1])
    return western or indian
