"""One image of a request becomes its record: the work of a thread of the pool."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from classifier.errors import ClassifierError
from pipeline.batch.records import Record, make_record
from pipeline.documents.fields import parse_fields
from pipeline.documents.pages import has_pages, page_sizes
from pipeline.documents.templates.template_file import Template
from pipeline.errors import ImageError, PipelineError, UsageError
from pipeline.reader import Reader
from pipeline.reading.field_reader import Trace
from pipeline.review.store import ReviewStore
from pipeline.service.gate.bodies import Upload
from pipeline.service.refusals import Unusable
from pipeline.service.routes.parameters import ReadParameters
from pipeline.service.settings import Limits
from segmenter.errors import SegmenterError

OK, UNUSABLE, FAULT = 200, 422, 500
log = logging.getLogger("digitstring")


@dataclass(frozen=True)
class Answer:
    """A record and the HTTP status that it has when it stands alone."""

    record: Record
    status: int = OK

    @property
    def result(self) -> str:
        """Its name in the metrics: accepted, unsure, unreadable, late or fault."""
        if self.status == OK:
            return "accepted" if self.record["accepted"] else "unsure"
        return {UNUSABLE: "unreadable", FAULT: "fault"}.get(self.status, "late")


@dataclass(frozen=True)
class Wanted:
    """What a request asks for, understood. reader: with its format and threshold. named: what it says of documents, for
    Reader.read. pages: how many its images may have together."""

    reader: Reader
    named: dict[str, Any]
    explain: bool
    pages: PageCount


@dataclass
class PageCount:
    """The pages that the images of a request may still have."""

    left: int
    most: int

    def take(self, count: int) -> None:
        """Raises ImageError where that is more than are left."""
        if count > self.left:
            raise ImageError(
                f"image data: with it more than the {self.most} pages that are read in a request; send fewer"
            )
        self.left -= count


class Recogniser:
    """Reads uploads with one reader; what is below the threshold goes to the review queue, where there is one."""

    def __init__(
        self,
        reader: Reader,
        limits: Limits,
        templates: Mapping[str, Template],
        review: ReviewStore | None = None,
        review_blank: bool = False,
    ):
        self.reader, self.limits, self.templates = reader, limits, templates
        self.review, self.review_blank = review, review_blank

    def wanted(self, asked: ReadParameters) -> Wanted:
        """What a request asks for. Raises Unusable for what cannot be meant."""
        try:
            reader = self.reader.variant(
                threshold=asked.threshold, alternatives=asked.alternatives, format=asked.format, mask=asked.mask
            )
            if asked.field and asked.template is not None:
                raise UsageError("'field' and 'template' both name the fields; choose one")
            named = {
                "document": asked.document,
                "fields": parse_fields(asked.field) or None,
                "template": None if asked.template is None else self._template(asked.template),
            }
        except UsageError as error:
            raise Unusable(str(error)) from None
        return Wanted(reader, named, asked.explain, PageCount(self.limits.pages, self.limits.pages))

    def _template(self, name: str) -> Template:
        if name not in self.templates:
            there = f"there are {', '.join(self.templates)}" if self.templates else "this service was started with none"
            raise UsageError(f"there is no template {name!r}; {there}")
        return self.templates[name]

    def read(self, upload: Upload, wanted: Wanted) -> Answer:
        """The record of an upload, whatever happens; safe to call from several threads."""
        try:
            return self._kept(upload, self._read(upload, wanted))
        except (PipelineError, SegmenterError, ClassifierError) as error:
            return Answer(make_record(upload.name, None, str(error)), UNUSABLE)
        except Exception as error:  # a fault of ours met at one picture must not cost the others of the request
            log.exception("a fault while reading an image of %d bytes", len(upload.data))
            sentence = f"internal error ({type(error).__name__}); please report it"
            return Answer(make_record(upload.name, None, sentence), FAULT)

    def _read(self, upload: Upload, wanted: Wanted) -> Answer:
        self._check_size(upload.data, wanted.pages)
        # A trace of a document holds all of its pages; so much is kept of no request.
        if not wanted.explain or any(wanted.named.values()) or has_pages(upload.data):
            return Answer(make_record(upload.name, wanted.reader.read(upload.data, **wanted.named), None))
        trace = wanted.reader.trace(upload.data)
        record: dict[str, Any] = make_record(upload.name, trace.reading, None)
        if isinstance(trace, Trace):  # of a document, there are no steps to show
            from pipeline.explaining.steps import explain_steps

            record["explanation"] = explain_steps(trace)
        return Answer(record)

    def _check_size(self, data: bytes, pages: PageCount) -> None:
        """By the headers, before a decompression bomb could unfold."""
        sizes = page_sizes(data)
        pages.take(len(sizes))
        for width, height in sizes:
            if width * height > self.limits.pixels:
                raise ImageError(
                    f"image data: {width} x {height}, more than the {self.limits.pixels:,} pixels that are read "
                    "here; crop or shrink it"
                )

    def _kept(self, upload: Upload, answer: Answer) -> Answer:
        """The answer, what of its image is unsure in the queue: `review` is the number of the item there, in each field
        of a document that has one, and of the first of them in the record."""
        if self.review is None or answer.record["accepted"]:
            return answer
        try:
            items = self.review.keep(upload.data, answer.record, self.review_blank)
        except PipelineError as error:  # a full disk must not cost the reading
            log.error("not kept for review: %s", error)
            items = {}
        record = {**answer.record, "review": next(iter(items.values()), None)}
        if "fields" in record:
            record["fields"] = [
                {**field, "review": items[field["name"]]} if field["name"] in items else field
                for field in record["fields"]
            ]
        return replace(answer, record=record)
