"""What a reading is made of: its digits, alternatives, mask, and what each reader says; frozen, self-checking, with
`to_json`. A wrong value is a mistake of the code that made it, so the checks raise ValueError."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

DIGITS = frozenset("0123456789")
OPEN = "?"  # stands for the digit that a mask leaves open


def check_probability(value: float, what: str) -> None:
    """Raise ValueError unless `value` is a number in [0, 1]."""
    if not (math.isfinite(value) and 0.0 <= value <= 1.0):
        raise ValueError(f"{what} {value} is outside [0, 1]")


def check_digits(text: str, what: str) -> None:
    """Raise ValueError unless `text` is one or more of the characters 0-9."""
    if not text or not DIGITS.issuperset(text):
        raise ValueError(f"{what} {text!r} is not a string of the digits 0-9")


@dataclass(frozen=True)
class Alternative:
    """Another text that the image may show, and the probability that it does."""

    text: str
    confidence: float

    def __post_init__(self) -> None:
        check_digits(self.text, "alternative")
        check_probability(self.confidence, "confidence")

    def to_json(self) -> dict[str, Any]:
        """`{"text": ..., "confidence": ...}`."""
        return {"text": self.text, "confidence": float(self.confidence)}


def check_alternatives(winner: str | None, alternatives: tuple[Alternative, ...]) -> None:
    """Raise ValueError unless the alternatives differ from the winner and each other, the likeliest first."""
    texts = [alternative.text for alternative in alternatives]
    if winner in texts or len(set(texts)) != len(texts):
        raise ValueError(f"alternatives {texts} repeat each other or the winner {winner!r}")
    confidences = [alternative.confidence for alternative in alternatives]
    if confidences != sorted(confidences, reverse=True):
        raise ValueError(f"alternatives are not ordered by confidence: {confidences}")


@dataclass(frozen=True)
class Opinion:
    """What one reader alone would say: the text, None for none, and the probability that it is exactly right."""

    text: str | None
    confidence: float

    def __post_init__(self) -> None:
        if self.text is not None:
            check_digits(self.text, "text")
        check_probability(self.confidence, "confidence")

    def to_json(self) -> dict[str, Any]:
        """`{"text": ..., "confidence": ...}`."""
        return {"text": self.text, "confidence": float(self.confidence)}


@dataclass(frozen=True)
class Digit:
    """One digit of a reading.

    box: (left, top, right, bottom) whole source pixels; right and bottom are exclusive.
    alternatives: other digits that the same ink may be, `text` being one digit.
    """

    digit: str
    confidence: float
    box: tuple[int, int, int, int]
    alternatives: tuple[Alternative, ...] = ()

    def __post_init__(self) -> None:
        check_digits(self.digit, "digit")
        check_probability(self.confidence, "confidence")
        if len(self.digit) != 1 or any(len(other.text) != 1 for other in self.alternatives):
            raise ValueError(f"a digit and its alternatives are one character each, not {self.digit!r}")
        check_alternatives(self.digit, self.alternatives)
        if len(self.box) != 4 or not all(isinstance(edge, Integral) for edge in self.box):
            raise ValueError(f"box {self.box} is not four whole numbers")
        left, top, right, bottom = self.box
        if not (0 <= left < right and 0 <= top < bottom):
            raise ValueError(f"box {self.box} is not (left, top, right, bottom) with an area")

    def to_json(self) -> dict[str, Any]:
        """Keys: digit, confidence, box, alternatives."""
        return {
            "digit": self.digit,
            "confidence": float(self.confidence),
            "box": [int(edge) for edge in self.box],
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
        }


def with_marks(text: str, written: str | None) -> str:
    """A text with the marks of what is written in their places; as it is where that has another number of digits."""
    if written is None or sum(character in DIGITS for character in written) != len(text):
        return text
    digits = iter(text)
    return "".join(next(digits) if character in DIGITS else character for character in written)


@dataclass(frozen=True)
class Mask:
    """A text with one digit left open, where that one alone is unsure.

    text: such as "12?4". place: of the open digit, from 0. confidence: probability that the other digits are right and
    no digit is missing. alternatives: of that place, the digit of the reading's text and others, likeliest first.
    written: of an amount, what is written, marks included, with the same digit open, such as "1.2?4".
    """

    text: str
    place: int
    confidence: float
    alternatives: tuple[Alternative, ...]
    written: str | None = None

    def __post_init__(self) -> None:
        check_probability(self.confidence, "confidence")
        if self.text[self.place : self.place + 1] != OPEN or not DIGITS.issuperset(self.text.replace(OPEN, "", 1)):
            raise ValueError(f"{self.text!r} is not a text with its digit {self.place} open")
        check_alternatives(None, self.alternatives)

    def in_writing(self, written: str) -> Mask:
        """With the same digit open in what is written, whose digits are those of the reading's text."""
        return replace(self, written=with_marks(self.text, written))

    def to_json(self) -> dict[str, Any]:
        """Keys: text, place, confidence, alternatives; of an amount also written."""
        return {
            "text": self.text,
            "place": int(self.place),
            "confidence": float(self.confidence),
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
            **({} if self.written is None else {"written": self.written}),
        }
