"""What of an image goes to reviewers: of a document each unsure field, cut out, with its page around it; of any other
picture the whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.batch.records import Record
from pipeline.documents.pages import Page, load_pages
from pipeline.review.pictures import Around, PagePictures, quarters_to_turn

PLACED = ("page", "box", "kind", "name")  # what a field's record says of its place on the page


@dataclass(frozen=True)
class Submission:
    """An item to be. digest: of what it is, so that it is queued once. image: what a reviewer sees, and the export
    writes. record: what was read there. field, page, around: where it stands in a document."""

    digest: str
    image: bytes
    record: Record
    field: str | None = None
    page: int = 1
    around: Around | None = None


def submissions(image: bytes, record: Record, blank: bool = False) -> Iterator[Submission]:
    """The items of an image and of what was read in it. blank: also of what holds no ink. Raises ImageError,
    UsageError for a document that cannot be opened any more."""
    digest = hashlib.sha256(image).hexdigest()
    if "fields" not in record:
        if is_unsure(record, blank):
            yield Submission(digest, image, record)
        return
    pages = {field["page"] for field in record["fields"] if is_unsure(field, blank)}
    for page in load_pages(image) if pages else ():
        if page.number in pages:
            yield from _fields_of(page, record, digest, blank)
        if page.number >= max(pages):
            return


def is_unsure(record: Mapping[str, Any], blank: bool) -> bool:
    """Whether a person should look at a reading, or at a document's field."""
    return not record["accepted"] and (blank or not record.get("blank", False))


def _fields_of(page: Page, record: Record, digest: str, blank: bool) -> Iterator[Submission]:
    if page.grey is None:
        return
    fields = [field for field in record["fields"] if field["page"] == page.number]
    pictures = PagePictures(page.grey, quarters_to_turn(fields), f"{digest}:{page.number}")
    for field in fields:
        if is_unsure(field, blank):
            own = {key: value for key, value in field.items() if key not in PLACED}
            place = f"{digest}:{page.number}:{field['name']}:{field['box']}"
            yield Submission(
                hashlib.sha256(place.encode("utf-8", "replace")).hexdigest(),
                pictures.crop(field["box"]),
                {"file": record["file"], **own, "digits": pictures.in_crop(field)},
                field["name"],
                page.number,
                pictures.around(field["box"]),
            )
