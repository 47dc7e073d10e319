"""What a request for a reading may ask for, in its query or in the plain fields of its form; anything else is an error.

A parameter that is misspelt would otherwise change nothing, and the reading be taken for one in the format asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.service.refusals import Unusable

MOST_FORMAT, MOST_ALTERNATIVES, MOST_NAMED = 200, 20, 100
REPEATED = ("field",)  # what may be there several times


class ReadParameters(BaseModel):
    """What to read, and how much of it to tell; None: as the service was started."""

    model_config = ConfigDict(extra="forbid")

    format: str | None = Field(None, max_length=MOST_FORMAT, description="What it looks like.", examples=["digits:8"])
    threshold: float | None = Field(None, ge=0, le=1, description="Accept from this confidence on.")
    alternatives: int | None = Field(None, ge=0, le=MOST_ALTERNATIVES, description="How many other texts to name.")
    mask: float | None = Field(
        None, gt=0, lt=1, description="Leave the one unsure digit open where the others are this sure."
    )
    document: bool = Field(False, description="The images are whole documents; else that is found out.")
    field: list[str] = Field(
        default_factory=list,
        max_length=MOST_NAMED,
        description="A field of the document, NAME=LEFT,TOP,RIGHT,BOTTOM in pixels; may be repeated.",
        examples=[["amount=1650,370,2270,525"]],
    )
    template: str | None = Field(
        None, max_length=MOST_FORMAT, description="The fields of a form, by a template of the service."
    )
    explain: bool = Field(False, description="Also the picture, the cuts and the rounds of the search.")


def only_known(*names: str) -> Callable[[Request], None]:
    """A dependency of a route: its query has no other names, and none twice. Raises Unusable."""

    def check(request: Request) -> None:
        check_names([name for name, _ in request.query_params.multi_items()], names, "query parameter")

    return check


def check_names(found: Sequence[str], known: Iterable[str], what: str) -> None:
    """Raise Unusable for a name that is not known, or is there twice."""
    known = sorted(known)
    for name in found:
        if name not in known:
            there = f"known are {', '.join(known)}" if known else "none is taken here"
            raise Unusable(f"the {what} {name[:100]!r} is not known; {there}")
        if found.count(name) > 1 and name not in REPEATED:
            raise Unusable(f"the {what} {name!r} is there twice; send it once")


def with_fields(query: ReadParameters, fields: Mapping[str, Sequence[str]]) -> ReadParameters:
    """The parameters of the query and those of a form's plain fields together. Raises Unusable."""
    if not fields:
        return query
    check_names([name for name, values in fields.items() for _ in values], ReadParameters.model_fields, "form field")
    for name in fields:
        if name in query.model_fields_set:
            raise Unusable(f"{name!r} is in the query and in the form; send it once")
    given = query.model_dump(exclude_unset=True) | {
        name: list(values) if name in REPEATED else values[0] for name, values in fields.items()
    }
    try:
        return ReadParameters.model_validate(given)
    except ValidationError as error:
        raise Unusable("; ".join(sentence(problem) for problem in error.errors())) from None


def sentence(problem: Any, skip: int = 0) -> str:
    """A problem that pydantic found, in words; skip: so many parts of its place are ours, not the client's."""
    place = ".".join(str(part) for part in problem["loc"][skip:])
    return f"{place or 'request'}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"
