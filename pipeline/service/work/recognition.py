"""One image of a request becomes its record: the work of a thread of the pool."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from classifier.errors import ClassifierError
from pipeline.batch.records import Record, make_record
from pipeline.errors import ImageError, PipelineError
from pipeline.images import size_of
from pipeline.reader import Reader
from pipeline.reading.field_reader import Trace
from pipeline.review.store import ReviewStore
from pipeline.service.gate.bodies import Upload
from pipeline.service.routes.parameters import ReadParameters
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


class Recogniser:
    """Reads uploads with one reader; what is below the threshold goes to the review queue, where there is one."""

    def __init__(self, reader: Reader, pixels: int, review: ReviewStore | None = None):
        self.reader, self.pixels, self.review = reader, pixels, review

    def read(self, upload: Upload, wanted: ReadParameters) -> Answer:
        """The record of an upload, whatever happens; safe to call from several threads."""
        try:
            return self._kept(upload, self._read(upload, wanted))
        except (PipelineError, SegmenterError, ClassifierError) as error:
            return Answer(make_record(upload.name, None, str(error)), UNUSABLE)
        except Exception as error:  # a fault of ours met at one picture must not cost the others of the request
            log.exception("a fault while reading an image of %d bytes", len(upload.data))
            sentence = f"internal error ({type(error).__name__}); please report it"
            return Answer(make_record(upload.name, None, sentence), FAULT)

    def _read(self, upload: Upload, wanted: ReadParameters) -> Answer:
        self._check_size(upload.data)
        reader = self.reader.variant(threshold=wanted.threshold, alternatives=wanted.alternatives, format=wanted.format)
        if not wanted.explain:
            return Answer(make_record(upload.name, reader.read(upload.data), None))
        trace = reader.trace(upload.data)
        record: dict[str, Any] = make_record(upload.name, trace.reading, None)
        if isinstance(trace, Trace):  # of a document, there are no steps to show
            from pipeline.explaining.steps import explain_steps

            record["explanation"] = explain_steps(trace)
        return Answer(record)

    def _check_size(self, data: bytes) -> None:
        """By its header, before a decompression bomb could unfold."""
        width, height = size_of(data)
        if width * height > self.pixels:
            raise ImageError(
                f"image data: {width} x {height}, more than the {self.pixels:,} pixels that are read "
                "here; crop or shrink it"
            )

    def _kept(self, upload: Upload, answer: Answer) -> Answer:
        """The answer, its image in the queue where it is not accepted: `review` is the number of the item there."""
        if self.review is None or answer.record["accepted"]:
            return answer
        try:
            item = self.review.add(upload.data, answer.record)
        except PipelineError as error:  # a full disk must not cost the reading
            log.error("not kept for review: %s", error)
            item = None
        return replace(answer, record={**answer.record, "review": item})
