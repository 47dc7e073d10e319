"""The fields of a document: as they are named on the command line, and as they come out, with what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import UsageError
from pipeline.reading.result import Part, Reading
from pipeline.reading.result_parts import Alternative
from segmenter.arrays import Box

KINDS = ("amount", "comb", "box", "line", "micr", "given")
AMOUNT, DATE, MICR = "amount", "date", "micr"
SPEC = re.compile(r"\s*(?P<name>[^=]*?)\s*=(?P<box>.*)", re.DOTALL)


@dataclass(frozen=True)
class FieldReading:
    """A field of a document and what stands there.

    kind: "amount", a number after a currency sign or at a cheque's place for it; "comb", a box for each digit; "box";
    "line", a number in no box; "micr", at a cheque's foot; "given", a field that the caller or a template named.
    page: its number, from 1. box: (left, top, right, bottom) in pixels of the page as a viewer shows it, right and
    bottom exclusive; so are the boxes of the reading's digits. required: False where a template lets it be left empty.
    """

    name: str
    kind: str
    page: int
    box: Box
    reading: Reading
    required: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not self.name or self.page < 1:
            raise ValueError(f"no field: {self.name!r}, kind {self.kind!r}, page {self.page}")
        left, top, right, bottom = self.box
        if not (0 <= left < right and 0 <= top < bottom):
            raise ValueError(f"box {self.box} is not (left, top, right, bottom) with an area")

    def to_json(self) -> dict[str, Any]:
        """Keys: name, kind, page, box, and those of the reading; plain JSON types."""
        return {
            "name": self.name,
            "kind": self.kind,
            "page": self.page,
            "box": [int(edge) for edge in self.box],
            **self.reading.to_json(),
        }


@dataclass(frozen=True)
class DocumentReading:
    """The fields of a document in reading order; pages: how many there are; errors: a sentence for each bad page."""

    fields: tuple[FieldReading, ...]
    pages: int = 1
    errors: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[FieldReading]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> FieldReading:
        """The field of a name. KeyError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def main(self) -> FieldReading | None:
        """The amount; else the first field that holds a number; else the first."""
        ranked = sorted(self.fields, key=lambda field: (field.name != AMOUNT, field.reading.text is None))
        return ranked[0] if ranked else None

    @property
    def reading(self) -> Reading:
        """The main field's reading."""
        return Reading.nothing() if self.main is None else self.main.reading

    @property
    def text(self) -> str | None:
        """The main field's text."""
        return self.reading.text

    @property
    def confidence(self) -> float:
        """The main field's confidence."""
        return self.reading.confidence

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The main field's other texts."""
        return self.reading.alternatives

    @property
    def note(self) -> str | None:
        """What else there is to say: that nothing was found, or why the main field has no text."""
        return self.reading.note if self.fields else "a document in which no number was found; name its fields"

    @property
    def accepted(self) -> bool:
        """Whether there are fields, and every one was accepted; one that need not be filled in may be empty."""
        return bool(self.fields) and all(
            field.reading.accepted or (field.reading.text is None and not field.required) for field in self.fields
        )

    def parts(self) -> tuple[Part, ...]:
        """See Result: its fields."""
        return tuple(Part(field.name, field.kind, field.page, field.reading) for field in self.fields)

    def to_json(self) -> dict[str, Any]:
        """The keys of the main field's reading, `accepted` as of the document; `pages`, `fields`; `errors` if any."""
        extra = {"errors": list(self.errors)} if self.errors else {}
        fields = [field.to_json() for field in self.fields]
        return {**self.reading.to_json(), "accepted": self.accepted, "pages": self.pages, "fields": fields, **extra}


def parse_fields(specs: Sequence[str]) -> dict[str, Box]:
    """Names and boxes of NAME=left,top,right,bottom. Raises UsageError for what cannot be meant."""
    fields: dict[str, Box] = {}
    for spec in specs:
        found = SPEC.fullmatch(spec)
        if found is None or not found["name"]:
            raise UsageError(f"a field is written NAME=left,top,right,bottom, not {spec!r}")
        if found["name"] in fields:
            raise UsageError(f"two fields are named {found['name']!r}; give each its own name")
        try:
            left, top, right, bottom = (int(edge) for edge in found["box"].split(","))
        except ValueError:
            raise UsageError(
                f"the box of the field {found['name']!r} is left,top,right,bottom in whole pixels, "
                f"not {found['box'].strip()!r}"
            ) from None
        fields[found["name"]] = check_box(found["name"], (left, top, right, bottom))
    return fields


def check_box(name: str, box: Box) -> Box:
    """The box. Raises UsageError unless it has an area and no negative edge."""
    left, top, right, bottom = box
    if not (0 <= left < right and 0 <= top < bottom):
        raise UsageError(
            f"the box of the field {name!r} is left,top,right,bottom, with left before right and top "
            f"above bottom, not {','.join(map(str, box))}"
        )
    return box
