"""What pictures of numbers say: numbers as they come, with their marks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pipeline.synthesis.numbers import ENDINGS, PREFIXES
from pipeline.synthesis.style import pick_weighted
from pipeline.synthesis.written_amounts import draw_any_amount

MARKS = ".,-/:'+=~_*#$"
"""Marks that stand in numbers and at their ends here."""
THOUSANDS = ((".", 0.35), (",", 0.3), (" ", 0.15), ("'", 0.05), ("none", 0.4))


def draw_content(rng: np.random.Generator, kind: str, length: int | None = None) -> str:
    """Digits with marks and spaces, "" for "nothing"; kind: of CONTENTS; ``length``: of digits, for plain ones."""
    if length is not None:
        return _benford(rng, length) if rng.random() < 0.5 else _any_digits(rng, length)
    return CONTENTS[kind](rng)


def _digit(rng: np.random.Generator) -> str:
    return str(int(10 * rng.random()))


def _any_digits(rng: np.random.Generator, length: int) -> str:
    return "".join(map(str, (rng.random(length) * 10).astype(int)))


def _benford(rng: np.random.Generator, length: int) -> str:
    """A whole number of that length whose first digits follow Benford (1938): its logarithm is even.

    Longer ones than a double can tell apart are of any digits.
    """
    if length > 15:
        return _any_digits(rng, length)
    number = int(10 ** (length - 1 + rng.random()))
    return str(min(number, 10**length - 1))


def _length(rng: np.random.Generator, weights: tuple[float, ...], least: int) -> int:
    place = rng.random() * sum(weights)
    for number, weight in enumerate(weights):
        place -= weight
        if place < 0:
            return least + number
    return least


def _count(rng: np.random.Generator) -> str:
    return _benford(rng, _length(rng, (0.45, 0.33, 0.22), 2))


def _grouped(rng: np.random.Generator, whole: str) -> tuple[str, str]:
    """The whole number with marks between its thousands, and the mark; "" where it has none."""
    mark = pick_weighted(rng, THOUSANDS)
    if mark == "none" or len(whole) < 4:
        return whole, ""
    first = (len(whole) - 1) % 3 + 1
    return mark.join([whole[:first], *(whole[k : k + 3] for k in range(first, len(whole), 3))]), mark


def _amount(rng: np.random.Generator) -> str:
    whole = _benford(rng, _length(rng, (0.15, 0.25, 0.25, 0.2, 0.1, 0.05), 2))
    if rng.random() < 0.4:
        zeros = min(len(whole) - 1, 1 + int(3 * rng.random()))
        whole = whole[: len(whole) - zeros] + "0" * zeros
    text, mark = _grouped(rng, whole)
    if rng.random() < 0.35:
        cents = "00" if rng.random() < 0.3 else _any_digits(rng, 2)
        text += ("." if mark == "," else "," if mark == "." else ".,"[int(2 * rng.random())]) + cents
    elif rng.random() < 0.4:
        text += "/-" if rng.random() < 0.15 else pick_weighted(rng, ENDINGS)
    return pick_weighted(rng, PREFIXES) + text if rng.random() < 0.1 else text


def _decimal(rng: np.random.Generator) -> str:
    whole = _benford(rng, _length(rng, (0.45, 0.4, 0.15), 1)) if rng.random() < 0.85 else "0"
    return whole + (".", ",")[rng.random() < 0.45] + _any_digits(rng, _length(rng, (0.4, 0.4, 0.2), 1))


def _code(rng: np.random.Generator) -> str:
    length = _length(rng, (2, 2, 2, 1.5, 1, 1, 0.7, 0.5, 0.5), 4)
    digits = "0" * int(rng.random() < 0.2) + _any_digits(rng, length)
    digits = digits[:12]
    if rng.random() < 0.25:
        mark, cut = "-/ ."[int(4 * rng.random())], 2 + int(rng.random() * (len(digits) - 3))
        return digits[:cut] + mark + digits[cut:]
    return digits


def _date(rng: np.random.Generator) -> str:
    day, month = 1 + int(31 * rng.random()), 1 + int(12 * rng.random())
    year = 1900 + int(math.sqrt(rng.random()) * 130)
    mark = pick_weighted(rng, ((".", 0.35), ("/", 0.35), ("-", 0.2), (" ", 0.1)))
    padded = rng.random() < 0.6
    parts = [f"{day:02d}" if padded else str(day), f"{month:02d}" if padded else str(month)]
    years = f"{year % 100:02d}" if rng.random() < 0.4 else str(year)
    manner = rng.random()
    if manner < 0.15:
        return mark.join(parts)
    return mark.join([years, *parts[::-1]] if manner < 0.3 else [*parts, years])


def _time(rng: np.random.Generator) -> str:
    hour, minute, second = int(24 * rng.random()), int(60 * rng.random()), int(60 * rng.random())
    text = f"{hour:02d}:{minute:02d}" if rng.random() < 0.7 else f"{hour}:{minute:02d}"
    return text + f":{second:02d}" if rng.random() < 0.25 else text


def _signed(rng: np.random.Generator) -> str:
    number = _decimal(rng) if rng.random() < 0.4 else _benford(rng, _length(rng, (0.4, 0.3, 0.2, 0.1), 1))
    return ("-", "+")[rng.random() < 0.15] + number


CONTENTS: dict[str, Callable[[np.random.Generator], str]] = {
    "digit": _digit,
    "count": _count,
    "amount": _amount,
    "decimal": _decimal,
    "code": _code,
    "date": _date,
    "time": _time,
    "signed": _signed,
    "written": draw_any_amount,
    "nothing": lambda rng: "",
}
