"""What comes out: `Reading`, of the parts in result_parts.py; frozen, self-checking, with `to_json`. `Result` is what
the reading of a field and that of a document (pipeline/documents/fields.py) have in common.

A wrong value is a mistake of the code that made it, not of the user, so the checks raise ValueError
at the place where the object is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from classifier.errors import ClassifierError
from pipeline.errors import PipelineError
from pipeline.reading.result_parts import (
    Alternative,
    Digit,
    Mask,
    Opinion,
    check_alternatives,
    check_digits,
    check_probability,
)
from segmenter.errors import SegmenterError

FIELD = "field"  # the kind of a part that is a whole picture of one number
SUM_TOLERANCE = 1e-6  # float rounding of posteriors that sum to one


@dataclass(frozen=True)
class Reading:
    """What was read in one image.

    text: the digits in order, or None when nothing was read; then confidence is 0 and accepted False.
    confidence: probability that `text` is exactly right, after calibration.
    accepted: confidence is at or above the reader's threshold.
    alternatives: other texts, the likeliest first; with the winner they sum to at most 1.
    rounds: how many searches of the lattice it took.
    format: the format it was read in, None: any digits. note: what else is to be said: why there is
    no text where digits stand there, or that there are several lines.
    written: of an amount, what stands there, marks included (pipeline/formats/values.py). value: what that is worth,
    None where the grouping, or a mark, leaves a doubt; value_note: which. written_confidence, value_confidence:
    probability that these are exactly right, digits included; None where the weights do not say.
    readers: what each of two readers alone would say, `lattice` and `line`; empty where one reader read alone.
    blank: there is no ink, so that nothing is unreadable either. mask: the text with its one unsure digit open; only
    where the reader was asked for it, and the reading is not accepted.
    """

    text: str | None
    confidence: float
    accepted: bool
    digits: tuple[Digit, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    rounds: int = 0
    format: str | None = None
    note: str | None = None
    written: str | None = None
    value: Decimal | None = None
    value_note: str | None = None
    written_confidence: float | None = None
    value_confidence: float | None = None
    readers: Mapping[str, Opinion] = field(default_factory=dict)
    blank: bool = False
    mask: Mask | None = None

    def __post_init__(self) -> None:
        check_probability(self.confidence, "confidence")
        if self.text is None:
            if self.confidence != 0 or self.accepted or self.digits:
                raise ValueError("a reading without text has confidence 0, no digits, and is not accepted")
        else:
            check_digits(self.text, "text")
            if self.text != "".join(digit.digit for digit in self.digits):
                raise ValueError(f"text {self.text!r} is not what its digits spell")
        check_alternatives(self.text, self.alternatives)
        total = self.confidence + sum(alternative.confidence for alternative in self.alternatives)
        if total > 1 + SUM_TOLERANCE:
            raise ValueError(f"the winner and its alternatives have probability {total}, above 1")
        if self.blank and (self.text is not None or self.alternatives):
            raise ValueError("what is blank has no text")
        if self.mask is not None and (self.text is None or self.accepted or len(self.mask.text) != len(self.text)):
            raise ValueError(f"the mask {self.mask.text!r} is not that of the text {self.text!r}")
        if self.rounds < 0:
            raise ValueError(f"rounds {self.rounds} is negative")
        if self.written is not None and "".join(filter(str.isdigit, self.written)) != self.text:
            raise ValueError(f"written {self.written!r} is not the text {self.text!r} with marks")
        if (self.written is None) != (self.value is None and self.value_note is None):
            raise ValueError("what is written has a value or a note why it has none")
        for name in ("written_confidence", "value_confidence"):
            if getattr(self, name) is not None:
                check_probability(getattr(self, name), name)

    @property
    def errors(self) -> tuple[str, ...]:
        """See Result: a picture that cannot be read is an error, and no reading."""
        return ()

    def parts(self) -> tuple[Part, ...]:
        """See Result: this reading alone."""
        return (Part("", FIELD, 1, self),)

    @classmethod
    def nothing(
        cls,
        rounds: int = 0,
        alternatives: tuple[Alternative, ...] = (),
        format: str | None = None,
        *,
        blank: bool = False,
    ) -> Reading:
        """The reading of an image in which no number is read; blank: since there is no ink."""
        return cls(None, 0.0, False, (), alternatives, rounds, format, blank=blank)

    def to_json(self) -> dict[str, Any]:
        """Keys: text, confidence, accepted, digits, alternatives, rounds; plain JSON types. With a format also
        format, and note where there is one; of an amount written and value, and value_note where there is none; where
        two readers read, readers; blank where it is; mask where there is one."""
        extra: dict[str, Any] = {} if self.format is None else {"format": self.format}
        if self.readers:
            extra["readers"] = {name: opinion.to_json() for name, opinion in self.readers.items()}
        extra |= {} if self.note is None else {"note": self.note}
        if self.written is not None:
            extra |= {"written": self.written, "value": None if self.value is None else format(self.value, "f")}
            further = {name: getattr(self, name) for name in ("value_note", "written_confidence", "value_confidence")}
            extra |= {name: each for name, each in further.items() if each is not None}
        extra |= {"blank": True} if self.blank else {}
        extra |= {} if self.mask is None else {"mask": self.mask.to_json()}
        return {
            "text": self.text,
            "confidence": float(self.confidence),
            "accepted": bool(self.accepted),
            "digits": [digit.to_json() for digit in self.digits],
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
            "rounds": int(self.rounds),
            **extra,
        }


@dataclass(frozen=True)
class Part:
    """A number of a result, and where it stood. name: of the document's field, "" where the picture is one field. kind:
    of the field (see FieldReading), or "field" for a whole picture. page: from 1."""

    name: str
    kind: str
    page: int
    reading: Reading


class Result(Protocol):
    """What came out of a picture, be it one field or a document. Of a document, text, confidence, alternatives and note
    are the main field's; accepted, whether all its fields are."""

    @property
    def text(self) -> str | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def accepted(self) -> bool: ...
    @property
    def alternatives(self) -> tuple[Alternative, ...]: ...
    @property
    def note(self) -> str | None: ...
    @property
    def errors(self) -> tuple[str, ...]:
        """A sentence for each page that could not be read."""
        ...

    def parts(self) -> tuple[Part, ...]:
        """The numbers that it consists of: a field's own, or those of a document's fields in reading order."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; the keys of Reading are always there."""
        ...


@dataclass(frozen=True)
class Unreadable:
    """In the place of a reading, among many: the error that reading the image ended with. A `Result` without text."""

    error: PipelineError | SegmenterError | ClassifierError
    text: None = None
    confidence: float = 0.0
    accepted: bool = False
    alternatives: tuple[Alternative, ...] = ()
    note: str | None = None

    @property
    def errors(self) -> tuple[str, ...]:
        """The error's sentence."""
        return (str(self.error),)

    def parts(self) -> tuple[Part, ...]:
        """None."""
        return ()

    def to_json(self) -> dict[str, Any]:
        """`{"error": sentence}`."""
        return {"error": str(self.error)}
