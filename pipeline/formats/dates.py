"""Dates as automata: days that a month has, months of a year, and 29 February in leap years only."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product

from pipeline.errors import UsageError
from pipeline.formats.automaton import Automaton

ORDERS = "DDMMYYYY, MMDDYYYY, YYYYMMDD, DDMMYY, MMDDYY, YYMMDD, MMYY, DD.MM.YYYY, YYYY-MM-DD, D/M/YYYY"
LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
YEARS = range(1000, 3000)  # of four digits; 0999 is no year that anyone writes so


def date(order: str) -> Automaton:
    """The dates of an order such as DDMMYYYY or D.M.YY; D and M alone have one or two digits, without a zero before.

    Marks between are skipped. Raises UsageError for an order that is none.
    """
    tokens = re.findall(r"DD?|MM?|YYYY|YY", order)
    kinds = [token[0] for token in tokens]
    marks = re.sub(r"[DMY]", "", order)
    if (
        "".join(tokens) != re.sub(r"[^DMY]", "", order)
        or len(set(kinds)) != len(kinds)
        or "M" not in kinds
        or len(kinds) < 2
        or any(mark.isalnum() for mark in marks)
    ):
        raise UsageError(f"the order of a date is not {order!r} but one as {ORDERS}")
    layouts = product(*(((token, token * 2) if token in ("D", "M") else (token,)) for token in tokens))
    padded = [token in ("DD", "MM") for token in tokens]
    return reduce(Automaton.__or__, (_fixed(layout, tuple(padded)) for layout in layouts))


@dataclass(frozen=True)
class _Part:
    """What is known of a date: digits of the token being read, and of the day, month and year what matters still.

    leap: whether the year, if it was read, has 29 February.
    """

    token: int = 0
    digits: str = ""
    day: int | None = None
    month: int | None = None
    leap: bool | None = None


def _fixed(tokens: tuple[str, ...], padded: tuple[bool, ...]) -> Automaton:
    """Dates of tokens of fixed length. padded: whether a day or month of two digits may begin with 0."""

    def step(part: _Part, digit: int) -> _Part | None:
        if part.token == len(tokens):
            return None
        token, digits = tokens[part.token], part.digits + str(digit)
        if digits == "0" and token[0] in "DM" and not padded[part.token]:
            return None
        if len(digits) < len(token):
            return replace(part, digits=_what_matters(token, digits))
        return _completed(replace(part, token=part.token + 1, digits=""), token, digits)

    return Automaton.explore(_Part(), step, lambda part: part.token == len(tokens))


def _what_matters(token: str, digits: str) -> str:
    """The digits of a year so far, as far as they tell leap years apart: fewer states to build."""
    if token != "YYYY" or len(digits) < 2:
        return digits
    if int(digits[:2] + "00") not in YEARS:
        return "99"  # refused when it is complete
    return ("20" if int(digits[:2]) % 4 == 0 else "19") + digits[2:]


def _completed(part: _Part, token: str, digits: str) -> _Part | None:
    """With a token read to its end; None where there is no such date."""
    number = int(digits)
    if token[0] == "Y":
        if len(token) == 4 and number not in YEARS:
            return None
        part = replace(part, leap=_is_leap(number if len(token) == 4 else 2000 + number))
    elif token[0] == "M":
        if not 1 <= number <= 12:
            return None
        part = replace(part, month=number)
    elif not 1 <= number <= 31:
        return None
    else:
        part = replace(part, day=number)
    return _checked(part)


def _checked(part: _Part) -> _Part | None:
    """None where the month has no such day; else with what cannot matter any more forgotten."""
    if part.day is None or part.month is None:
        return part
    if part.day > LONGEST[part.month - 1]:
        return None
    if (part.day, part.month) != (29, 2):
        return replace(part, day=1, month=1, leap=None)
    return None if part.leap is False else part


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
