"""The shapes of records for the OpenAPI description, made from the dataclasses whose `to_json` makes the answers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline import answers
from pipeline.documents.fields import DocumentReading, FieldReading
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Alternative, Digit, Mask, Opinion

LEFT_OUT = {"errors", "readers", "blank"}  # where empty, besides what is None by default
Fields = dict[str, tuple[Any, Any]]


def fields_of(source: type[Any], words: dict[str, str], models: dict[Any, Any]) -> Fields:
    """Pydantic's fields for the keys of a dataclass that `words` explains; models: what stands for nested ones."""
    hints = get_type_hints(source)
    defaults = {field.name: field.default for field in dataclasses.fields(source)}
    left_out = LEFT_OUT | {key for key, default in defaults.items() if default is None}
    return {key: (_plain(hints[key], models), _field(key, words[key], key in left_out)) for key in words}


def model(name: str, document: str, fields: Fields) -> type[BaseModel]:
    """A model of these fields and no others."""
    made: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), __doc__=document, **fields)  # type: ignore[call-overload]
    return made


def _field(key: str, sentence: str, may_be_left_out: bool = False) -> Any:
    limits: dict[str, Any] = {"ge": 0, "le": 1} if key == "confidence" else {}
    text = re.sub("`", "", sentence[0].upper() + sentence[1:] + ".")
    return Field(None if may_be_left_out else ..., description=text, **limits)


def _plain(hint: Any, models: dict[Any, Any]) -> Any:
    """The type of a value in JSON: tuples are lists, an exact decimal is a string."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return Union[tuple(_plain(each, models) for each in inner)]  # noqa: UP007
    if origin is Mapping:
        return dict[str, _plain(inner[1], models)]  # type: ignore[misc]
    if origin is tuple:
        return list[_plain(inner[0], models)]  # type: ignore[misc]
    return models.get(hint, str if hint is Decimal else hint)


AlternativeModel = model(
    "AlternativeModel", "Another text, or another digit.", fields_of(Alternative, answers.ALTERNATIVE, {})
)
_NESTED: dict[Any, Any] = {Alternative: AlternativeModel}
_NESTED[Opinion] = model("OpinionModel", "What one reader alone would say.", fields_of(Opinion, answers.OPINION, {}))
_NESTED[Digit] = model("DigitModel", "One digit of a reading.", fields_of(Digit, answers.DIGIT, _NESTED))
_NESTED[Mask] = model("MaskModel", "A text with one digit open.", fields_of(Mask, answers.MASK, _NESTED))
_READING = fields_of(Reading, answers.READING, _NESTED)
_REVIEW: Fields = {"review": (int | None, _field("review", answers.SERVED["review"], True))}
_NESTED[FieldReading] = model(
    "FieldModel", "A field of a document.", {**fields_of(FieldReading, answers.FIELD, _NESTED), **_READING, **_REVIEW}
)
_FILE: Fields = {"file": (str, _field("file", answers.FILE["file"]))}
_EXPLANATION: Fields = {
    "explanation": (dict[str, Any] | None, _field("explanation", answers.SERVED["explanation"], True))
}

RecordModel = model(
    "RecordModel", "What stands in the picture of a field.", {**_FILE, **_READING, **_REVIEW, **_EXPLANATION}
)
DocumentModel = model(
    "DocumentModel",
    "What stands in a document.",
    {**_FILE, **_READING, **fields_of(DocumentReading, answers.DOCUMENT, _NESTED), **_REVIEW},
)
UnreadableModel = model(
    "UnreadableModel",
    "An image that could not be read.",
    {**_FILE, "error": (str, _field("error", answers.ERROR["error"]))},
)
Record: Any = RecordModel | DocumentModel
Listed: Any = Record | UnreadableModel
FormAnswer = model(
    "FormAnswer",
    "The records of the files of a form, in their order.",
    {"readings": (list[Listed], Field(description="A record for each file."))},
)
RECORDS = (RecordModel, DocumentModel, FormAnswer)  # what /v1/read answers with
