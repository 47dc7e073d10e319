"""Formats by name: `digits:8`, `amount`, `date:DDMMYYYY`, `luhn`, or a pattern, and checks behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from pipeline.errors import UsageError
from pipeline.formats.automaton import NOTHING, Automaton, digit_counts
from pipeline.formats.check_digits import aba, ean13, iban, luhn, mod11_backwards
from pipeline.formats.dates import ORDERS, date
from pipeline.formats.patterns import compile_pattern

CHECKS = ("luhn", "mod11", "ean13", "aba", "iban:DE")
KNOWN = (
    r"digits, digits:8, digits:3-6, amount, date:DDMMYYYY (or another order), a pattern such as \d{4}-\d{6}, "
    f"the checks {', '.join(CHECKS)}, or one of these with a check behind, as digits:16,luhn"
)
MOST_DIGITS = 100
AMOUNT = r"[1-9]\d{0,11}|0\d{0,2}"  # the digits alone: no zero in front, but for 0, 0.5 and 0.50
CHECK_BEHIND = re.compile(r",(?=(?:luhn|mod11|ean13|aba|iban:[^,]*)(?:,|$))")


@dataclass(frozen=True)
class Format:
    """Which texts a field may hold.

    spec: as it was named. automaton: of the texts, from the last digit to the first where `mirrored`. is_amount:
    whether a text is a sum of money, so that what is written about its digits gives it a value.
    """

    spec: str
    automaton: Automaton = field(compare=False, repr=False)
    mirrored: bool = False
    is_amount: bool = False

    def __post_init__(self) -> None:
        if self.automaton.has_no_number:
            raise UsageError(f"no number fits the format {self.spec!r}")

    def fits(self, text: str) -> bool:
        """Whether a text of digits has this format."""
        return self.automaton.accepts(text[::-1] if self.mirrored else text)

    @cached_property
    def or_nothing(self) -> Automaton:
        """The automaton, and the empty text: a field may always have been left empty."""
        return self.automaton | NOTHING


@lru_cache(maxsize=64)
def parse_format(spec: str) -> Format:
    """The format that `spec` names. Raises UsageError with the formats that there are."""
    body, *checks = CHECK_BEHIND.split(spec)
    automaton = _automaton(body)
    backwards = None
    for check in [body, *checks]:
        if check == "mod11":
            backwards = mod11_backwards()
        elif check != body:
            automaton &= _automaton(check)
    if backwards is not None:
        return Format(spec, automaton.reversed() & backwards, mirrored=True, is_amount=body == "amount")
    return Format(spec, automaton, is_amount=body == "amount")


def _automaton(name: str) -> Automaton:
    """Of one part of a spec; mod11, which is read from the last digit, allows anything here."""
    kind, colon, rest = name.partition(":")
    simple: dict[str, Callable[[], Automaton]] = {
        "digits": lambda: digit_counts(1),
        "mod11": lambda: digit_counts(2),
        "luhn": luhn,
        "ean13": ean13,
        "aba": aba,
        "amount": lambda: compile_pattern(AMOUNT),
    }
    if name in simple:
        return simple[name]()
    if kind == "digits" and colon:
        return _counted(rest)
    if kind == "date":
        if not colon:
            raise UsageError(f"a date needs its order, as date:DDMMYYYY; others are {ORDERS}")
        return date(rest)
    if kind == "iban":
        return iban(rest)
    if not re.search(r"\\d|[0-9]", name) or re.match(r"[A-Za-z]", name):
        raise UsageError(f"there is no format {name!r}; there are {KNOWN}")
    return compile_pattern(name)


def _counted(counts: str) -> Automaton:
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", counts, re.ASCII)
    least = int(found[1]) if found else 0
    most = int(found[2] or found[1]) if found else 0
    if not 1 <= least <= most <= MOST_DIGITS:
        raise UsageError(
            f"a number of digits is written digits:8 or digits:3-6, from 1 to {MOST_DIGITS}, not digits:{counts}"
        )
    return digit_counts(least, most)
