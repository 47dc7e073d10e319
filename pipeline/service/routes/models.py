"""The shapes of requests and answers for the OpenAPI description; those of readings are in shapes.py."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from pipeline.service.routes.shapes import Record


class ErrorModel(BaseModel):
    """Why there is no answer."""

    error: str = Field(description="A sentence for a person: what is wrong and what to do.")


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
    text: str | None = Field(
        max_length=200, description='Digits, also with marks; "" for no number; null: nobody can tell.'
    )


class ReopenModel(_Strict):
    """Whose decision on what is taken back."""

    item: int = Field(ge=1, lt=1 << 63)
    reviewer: str = Field(max_length=100)


class ItemModel(BaseModel):
    """An item and its lease."""

    item: int
    lease: str
    record: Record
    field: str | None = Field(description="The document's field that it is; null: a whole picture.")
    page: int = Field(description="Of the document, from 1.")


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
