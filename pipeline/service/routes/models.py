"""The shapes of requests and answers, for the OpenAPI description; answers themselves are made by `records`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ErrorModel(BaseModel):
    """Why there is no answer."""

    error: str = Field(description="A sentence for a person: what is wrong and what to do.")


class AlternativeModel(BaseModel):
    """Another text, or another digit, and its probability."""

    text: str
    confidence: float = Field(ge=0, le=1)


class DigitModel(BaseModel):
    """One digit of a reading."""

    digit: str
    confidence: float = Field(ge=0, le=1)
    box: list[int] = Field(description="Source pixels of the upright picture: left, top, right, bottom.")
    alternatives: list[AlternativeModel]


class FieldModel(BaseModel):
    """A field of a document; beside these the keys of a reading."""

    model_config = ConfigDict(extra="allow")

    name: str
    kind: str = Field(description="amount, comb, box, line or given.")
    page: int
    box: list[int] = Field(description="Pixels of the upright page: left, top, right, bottom.")
    text: str | None
    confidence: float = Field(ge=0, le=1)


class RecordModel(BaseModel):
    """What stands in an image, as `digitstring read --json` prints it; or `file` and `error` alone."""

    file: str = Field(description="The name the client gave; - for an image that is the body itself.")
    text: str | None = Field(None, description="The digits, or null when nothing was read.")
    confidence: float | None = Field(None, ge=0, le=1, description="Probability that text is exactly right.")
    accepted: bool | None = Field(None, description="Confidence is at or above the threshold.")
    digits: list[DigitModel] | None = None
    alternatives: list[AlternativeModel] | None = None
    rounds: int | None = Field(None, description="How many searches it took.")
    format: str | None = Field(None, description="The format it was read in; only where one was given.")
    note: str | None = Field(None, description="Only where digits stand there, but nothing fits the format.")
    written: str | None = Field(None, description="Only of an amount: what stands there, marks included.")
    value: str | None = Field(None, description="Only of an amount: its exact value; null where there is a doubt.")
    value_note: str | None = Field(None, description="Only of an amount without a value: why it has none.")
    pages: int | None = Field(None, description="Only of a document: how many pages it has.")
    fields: list[FieldModel] | None = Field(
        None,
        description="Only of a document: its fields; text and digits above "
        "are those of the amount, or else of the first field.",
    )
    errors: list[str] | None = Field(None, description="Only of a document: a sentence for each bad page.")
    review: int | None = Field(None, description="Only where review is on: the number of the item in the queue.")
    explanation: dict[str, Any] | None = Field(None, description="Only with explain: picture, cuts and rounds.")
    error: str | None = Field(None, description="Only where the image could not be read: why.")


class FormAnswer(BaseModel):
    """The records of the files of a form, in their order."""

    readings: list[RecordModel]


class HealthModel(BaseModel):
    """The process is alive."""

    status: str


class ReadyModel(BaseModel):
    """Whether images can be read now, and with what."""

    ready: bool
    version: str
    weights: str = Field(description="SHA-256 of the weights.")
    threshold: float
    thresholds: dict[str, float] = Field(description="Thresholds by the share of errors among the accepted.")
    format: str | None
    templates: list[str] = Field(description="The templates that a request may name.")
    review: bool = Field(description="Whether unsure readings are kept for review.")
    limits: dict[str, float]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LeaseModel(_Strict):
    """An item that one has."""

    item: int = Field(ge=1, lt=1 << 63)
    lease: str = Field(max_length=100)
    skip: bool = Field(False, description="Put it behind those that were not skipped.")


class DecisionModel(_Strict):
    """What a person says stands there."""

    item: int = Field(ge=1, lt=1 << 63)
    lease: str = Field(max_length=100)
    reviewer: str = Field(max_length=100)
    text: str | None = Field(max_length=200, description='Digits; "" for no number; null where nobody can tell.')


class ReopenModel(_Strict):
    """Whose decision on what is taken back."""

    item: int = Field(ge=1, lt=1 << 63)
    reviewer: str = Field(max_length=100)


class ItemModel(BaseModel):
    """An item and its lease."""

    item: int
    lease: str
    record: RecordModel


class NextModel(BaseModel):
    """The item to decide, null when none waits."""

    item: ItemModel | None


class DecidedModel(BaseModel):
    """How the decision stands in the audit: confirmed, corrected or unusable."""

    action: str


class ProgressModel(BaseModel):
    """Items by state."""

    waiting: int
    done: int
    unusable: int


class DoneModel(BaseModel):
    """It was done."""

    done: bool
