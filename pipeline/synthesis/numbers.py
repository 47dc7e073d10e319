"""What synthetic strings say: numbers as people write amounts, and the marks around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthesis.handwriting.hand_marks import LETTERS, OTHER_MARKS, OWN_MARKS
from pipeline.synthesis.style import StringStyle, pick_weighted

ENDINGS = (
    (".-", 0.2),
    ("-", 0.2),
    ("=", 0.2),
    (".", 0.14),
    (",-", 0.07),
    ("/-", 0.05),
    (",", 0.05),
    ("~", 0.03),
    ("--", 0.03),
    ("_", 0.02),
    ("/", 0.01),
    ("*", 0.02),
    ("#", 0.02),
)
PREFIXES = (("$", 0.5), ("*", 0.15), ("#", 0.12), ("-", 0.08), ("=", 0.08), (".", 0.07))
THOUSANDS = ((".", 0.68), (",", 0.2), (" ", 0.07), ("'", 0.03), ("-", 0.02))


@dataclass(frozen=True)
class Planned:
    """A character to be written: its label and its place: "digit", "mark" (in or beside the number) or
    "neighbour" (not of it)."""

    label: str
    place: str

    def __post_init__(self) -> None:
        if self.place not in ("digit", "mark", "neighbour") or len(self.label) != 1:
            raise ValueError(f"cannot plan {self.label!r} as {self.place!r}")


def draw_number(rng: np.random.Generator, length: int) -> str:
    """Digits of a number of that length: any digits, an amount with zeros at its end, or with repeats."""
    digits = (rng.random(length) * 10).astype(int)
    style = rng.random()
    if style < 0.4 and length > 1:
        digits[0] = 1 + int(rng.random() * 9)
        zeros = min(length - 1, 1 + int(rng.random() * 4))
        digits[length - zeros :] = 0
    elif style < 0.5:
        for place in range(1, length):
            if rng.random() < 0.4:
                digits[place] = digits[place - 1]
    return "".join(map(str, digits))


def plan_characters(rng: np.random.Generator, style: StringStyle, number: str) -> tuple[Planned, ...]:
    """The characters of a string that says ``number``, in writing order, with separators and marks about
    it."""
    labels = [Planned(digit, "digit") for digit in number]
    if len(number) > 3 and rng.random() < style.separators:
        labels = _separated(rng, labels)
    elif len(number) > 2 and rng.random() < style.separators * 0.25:
        labels.insert(len(labels) - 2, Planned(".,-"[int(rng.random() * 3)], "mark"))
    if rng.random() < style.endings:
        labels += [Planned(mark, "mark") for mark in pick_weighted(rng, ENDINGS)]
    if rng.random() < style.prefixes:
        labels.insert(0, Planned(pick_weighted(rng, PREFIXES), "mark"))
    if rng.random() < style.neighbours:
        letter = Planned(LETTERS[int(rng.random() * len(LETTERS))], "neighbour")
        labels.insert(0 if rng.random() < 0.5 else len(labels), letter)
    return tuple(labels)


def plan_marks(rng: np.random.Generator) -> tuple[Planned, ...]:
    """A string without digits: a few marks or letters, or nothing at all."""
    kind = rng.random()
    if kind < 0.25:
        return ()
    pool = LETTERS if kind < 0.55 else OWN_MARKS + OTHER_MARKS
    count = 1 + int(rng.random() * (5 if kind < 0.55 else 3))
    return tuple(Planned(pool[int(rng.random() * len(pool))], "mark") for _ in range(count))


def _separated(rng: np.random.Generator, digits: list[Planned]) -> list[Planned]:
    """Groups of thousands, as amounts are written, now and then with cents."""
    mark = pick_weighted(rng, THOUSANDS)
    cents = 2 if len(digits) > 4 and rng.random() < 0.12 else 0
    whole = digits[: len(digits) - cents]
    result: list[Planned] = []
    for place, digit in enumerate(whole):
        if place and (len(whole) - place) % 3 == 0 and mark != " ":
            result.append(Planned(mark, "mark"))
        result.append(digit)
    if cents:
        return [*result, Planned("," if mark == "." else ".", "mark"), *digits[-cents:]]
    return result
