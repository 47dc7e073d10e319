"""Amounts as people write them: thousands in several countries' ways, cents, fractions, signs, currencies, endings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RAISED = "·"  # a decimal point in the middle of the line


def draw_amount(rng: np.random.Generator, kind: str) -> str:
    """What is written, spaces included; kind: of AMOUNTS. Raises KeyError for another kind."""
    return AMOUNTS[kind](rng)


def draw_any_amount(rng: np.random.Generator) -> str:
    """The same, all kinds as likely."""
    kinds = tuple(AMOUNTS)
    return AMOUNTS[kinds[int(len(kinds) * rng.random())]](rng)


def _whole(rng: np.random.Generator, least: int = 1, most: int = 4) -> str:
    """A whole number of so many digits, as even in its logarithm as first digits are (Benford 1938)."""
    length = least + int(rng.random() * (most - least + 1))
    return str(min(int(10 ** (length - 1 + rng.random())), 10**length - 1))


def _cents(rng: np.random.Generator) -> str:
    return ("00", "50")[rng.random() < 0.4] if rng.random() < 0.4 else f"{int(100 * rng.random()):02d}"


def _grouped(whole: str, mark: str, group: int = 3) -> str:
    """Marks between thousands, and, where a group has two digits, hundreds of thousands as in India."""
    head, groups = whole[:-3], [whole[-3:]]
    while head:
        groups.insert(0, head[-group:])
        head = head[:-group]
    return mark.join(groups)


def _decimal(rng: np.random.Generator, mark: str) -> str:
    return _whole(rng) + mark + _cents(rng)


def _grouped_decimal(rng: np.random.Generator, thousands: str, mark: str) -> str:
    return _grouped(_whole(rng, 4, 6), thousands) + mark + _cents(rng)


def _either(rng: np.random.Generator) -> str:
    """An amount without sign or currency, with cents or without."""
    return _decimal(rng, ".,"[rng.random() < 0.4]) if rng.random() < 0.5 else _whole(rng, 2, 5)


def _indian(rng: np.random.Generator) -> str:
    return _grouped(_whole(rng, 6, 8), ",", 2) + ("/-" if rng.random() < 0.6 else ".00" if rng.random() < 0.5 else "")


def _raised(rng: np.random.Generator) -> str:
    return _whole(rng, 1, 3) + RAISED + (_cents(rng) if rng.random() < 0.7 else str(int(10 * rng.random())))


def _fraction(rng: np.random.Generator) -> str:
    return f"{_whole(rng, 1, 4)} {_cents(rng)}/100"


def _ended(rng: np.random.Generator) -> str:
    mark = ".,"[int(2 * rng.random())]
    endings = ".-", ",-", "/-", "=", "--", "/="
    return _grouped(_whole(rng, 2, 5), mark) + endings[int(len(endings) * rng.random())]


def _millions(rng: np.random.Generator) -> str:
    return _grouped(_whole(rng, 7, 8), ".,"[int(2 * rng.random())])


def _in_dollars(rng: np.random.Generator) -> str:
    return "$ "[: 1 + int(2 * rng.random())] + _either(rng)


def _starred(rng: np.random.Generator) -> str:
    stars = "*" * (1 + int(3 * rng.random()))
    return stars + _either(rng) + (stars if rng.random() < 0.6 else "")


AMOUNTS: dict[str, Callable[[np.random.Generator], str]] = {
    "whole": lambda rng: _whole(rng, 1, 6),
    "decimal point": lambda rng: _decimal(rng, "."),
    "decimal comma": lambda rng: _decimal(rng, ","),
    "raised point": _raised,
    "1,234.56": lambda rng: _grouped_decimal(rng, ",", "."),
    "1.234,56": lambda rng: _grouped_decimal(rng, ".", ","),
    "1'234.56": lambda rng: _grouped_decimal(rng, "'", "."),
    "1.234.567": _millions,
    "one mark of thousands": lambda rng: _grouped(_whole(rng, 4, 6), ".,"[int(2 * rng.random())]),
    "4,60,000/-": _indian,
    "fraction": _fraction,
    "ended": _ended,
    "currency": _in_dollars,
    "stars": _starred,
    "minus": lambda rng: "-" + _either(rng),
    "minus behind": lambda rng: _either(rng) + "-",
    "brackets": lambda rng: "(" + _either(rng) + ")",
    "CR": lambda rng: _either(rng) + (" CR" if rng.random() < 0.7 else "CR"),
    "date": lambda rng: f"{1 + int(12 * rng.random())}/{10 + int(21 * rng.random())}",
}
"""Kinds of amounts, and a thing that is none."""
