"""The one door: whatever a picture shows, one field or a whole document, it is read here, as by `digitstring read`.

    image ── settled ──> path, bytes, Pillow image or array
      ├─ several pages, or fields that are named ─────> documents.read_document ──> DocumentReading
      └─ decoded once ─┬─ a page ── find_document ──> its fields; none found: a field after all
                       └─ a field, at a glance ─┬─ one number ────> reading.FieldReader ──> Reading
                                                └─ several, or turned ──> documents.plain

What reads documents is imported when there is one.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.errors import ClassifierError
from pipeline.blas import one_thread
from pipeline.documents.named import Named
from pipeline.documents.pages import MOST_PAGES, has_pages
from pipeline.documents.plain_paper.writing_lines import Writing, find_writing
from pipeline.errors import PipelineError, UsageError
from pipeline.images import is_single, load_grey, settled
from pipeline.reading.field_reader import FieldReader, Trace
from pipeline.reading.lattices.search import SearchConfig
from pipeline.reading.result import Unreadable
from segmenter.arrays import Box, Grey
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    from pipeline.documents.document import DocumentTrace
    from pipeline.documents.fields import DocumentReading
    from pipeline.documents.templates.template_file import Template
    from pipeline.reading.result import Reading

LARGE = 1_000_000  # pixels of a picture from which on its number is read at a lower resolution, where ...
HIGH = 120  # ... its characters are so many pixels high then, at least; the readers take 50
AHEAD = 2  # images for each thread that are taken before their readings are asked for
LEAST_PAGE = 500  # pixels of the longer side: a smaller picture is a field, and the rest need not be imported


class Reader:
    """Reads numbers in images, of one field or of a whole document. Loads its weights once; safe to share between
    threads; works with one BLAS thread.

    weights: a weights file, None for the shipped ones. threshold: confidence from which on a reading is accepted;
    max_error: the same, picked from the weights' card for at most this share of errors among the accepted; neither:
    1 error in 100. alternatives: how many other texts a reading lists. format: what the number looks like, such as
    "digits:8" or "amount" (README, formats); None: any digits. mask: where a reading is not accepted and one digit
    alone is unsure, name it, if the others are right with at least this probability. second: see FieldReader. document,
    fields, template: see Named; also of `read`. most_pages: that are read of a document; the reading's `errors` say
    where there are more.
    Raises WeightsError and UsageError.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        threshold: float | None = None,
        max_error: float | None = None,
        alternatives: int = 3,
        config: SearchConfig | None = None,
        format: str | None = None,
        mask: float | None = None,
        second: str | None = None,
        document: bool = False,
        fields: Mapping[str, Box] | None = None,
        template: Template | str | Path | None = None,
        most_pages: int = MOST_PAGES,
    ):
        if most_pages < 1:
            raise UsageError(f"at least 1 page of a document is read, not {most_pages}")
        self.most_pages = most_pages
        self._named = Named.of(document, fields, template)
        self.field_reader = FieldReader(
            weights,
            threshold=threshold,
            max_error=max_error,
            alternatives=alternatives,
            config=config,
            format=format,
            mask=mask,
            second=second,
        )

    @property
    def threshold(self) -> float:
        """The confidence from which on a reading is accepted."""
        return self.field_reader.threshold

    @property
    def thresholds(self) -> dict[str, float]:
        """The thresholds of the weights' card, by the share of errors among the accepted."""
        return self.field_reader.thresholds

    @property
    def card(self) -> dict[str, Any]:
        """The weights' card."""
        return self.field_reader.card

    def variant(
        self,
        *,
        threshold: float | None = None,
        alternatives: int | None = None,
        format: str | None = None,
        mask: float | None = None,
    ) -> Reader:
        """A reader with the same weights and other options. Raises UsageError."""
        other = copy.copy(self)
        other.field_reader = self.field_reader.variant(
            threshold=threshold, alternatives=alternatives, format=format, mask=mask
        )
        return other

    def read(
        self,
        image: Any,
        format: str | None = None,
        *,
        document: bool = False,
        fields: Mapping[str, Box] | None = None,
        template: Template | str | Path | None = None,
    ) -> Reading | DocumentReading:
        """What stands in an image: the Reading of a field, or the DocumentReading of a page, a PDF, a TIFF of several
        pages. Both are a `Result`.

        image: a path, bytes, a binary file object, a Pillow image or an array. format: other than the reader's.
        document, fields, template: see Named; where none is given, the reader's own.
        Raises ImageError where nothing of it can be read, UsageError.
        """
        reader = self.field_reader if format is None else self.field_reader.variant(format=format)
        named = Named.of(document, fields, template)
        named = named if named.is_document else self._named
        source = settled(image)
        with one_thread:
            if named.is_document or has_pages(source):
                from pipeline.documents.document import read_document

                return read_document(
                    reader, source, fields=named.fields, template=named.template, most_pages=self.most_pages
                )
            grey = load_grey(source)
            document_reading = _find_document(reader, grey)
            return _trace_plain(reader, grey).reading if document_reading is None else document_reading

    def trace(self, image: Any, format: str | None = None) -> Trace | DocumentTrace:
        """As `read`, with how the reading came about: of a field the rounds of the search, of a document its pages.
        Its `reading` is what `read` gives."""
        reader = self.field_reader if format is None else self.field_reader.variant(format=format)
        source, named = settled(image), self._named
        with one_thread:
            if named.is_document or has_pages(source):
                from pipeline.documents.document import trace_document

                return trace_document(
                    reader, source, fields=named.fields, template=named.template, most_pages=self.most_pages
                )
            grey = load_grey(source)
            document_reading = _find_document(reader, grey)
            if document_reading is None:
                return _trace_plain(reader, grey)
            from pipeline.documents.document import DocumentTrace

            return DocumentTrace(document_reading, {1: grey})

    def read_many(self, images: Iterable[Any], *, threads: int = 1) -> Iterator[Reading | DocumentReading | Unreadable]:
        """The readings of images, in their order, as they are asked for; an image that cannot be read does not end it.
        threads: how many read at once, AHEAD images for each being taken before their readings are asked for.
        Raises UsageError for a single image, and for less than one thread."""
        if is_single(images):
            raise UsageError(f"read_many takes several images, not one {type(images).__name__}; that is for read")
        if threads < 1:
            raise UsageError(f"at least 1 thread reads, not {threads}")
        return map(self._outcome, images) if threads == 1 else self._outcomes(iter(images), threads)

    def _outcomes(self, images: Iterator[Any], threads: int) -> Iterator[Reading | DocumentReading | Unreadable]:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads, thread_name_prefix="reader") as pool:
            coming = deque(pool.submit(self._outcome, image) for image in islice(images, AHEAD * threads))
            try:
                while coming:
                    yield coming.popleft().result()
                    coming.extend(pool.submit(self._outcome, image) for image in islice(images, 1))
            finally:
                for unread in coming:
                    unread.cancel()

    def _outcome(self, image: Any) -> Reading | DocumentReading | Unreadable:
        try:
            return self.read(image)
        except (PipelineError, SegmenterError, ClassifierError) as error:
            return Unreadable(error)


def read_document(
    reader: Reader,
    image: Any,
    *,
    fields: Mapping[str, Box] | None = None,
    template: Template | str | Path | None = None,
) -> DocumentReading:
    """`reader.read(image, document=True, ...)`: the fields of what is known to be a document. Raises ImageError,
    UsageError."""
    reading = reader.read(image, document=True, fields=fields, template=template)
    return reading  # type: ignore[return-value]  # told that it is a document, it is read as one


def _find_document(reader: FieldReader, grey: Grey) -> DocumentReading | None:
    """The reading of a decoded picture (H, W) of a page; None: it is of a field."""
    if max(grey.shape) < LEAST_PAGE:
        return None
    from pipeline.documents.document import find_document

    return find_document(reader, grey)


def _trace_plain(reader: FieldReader, grey: Grey) -> Trace | DocumentTrace:
    """What a decoded picture (H, W) that is no page shows: one number, whichever way up, or several."""
    writing = find_writing(grey)
    if writing is not None and (writing.is_small or writing.has_lines):
        from pipeline.documents.plain_paper.plain import trace_several

        several = trace_several(reader, grey, writing)
        if several is not None:
            return several
    factor = 1 if writing is None or grey.size < LARGE else int(writing.height // HIGH)
    if factor <= 1:
        return _trace_number(reader, grey, writing)
    from pipeline.documents.plain_paper.plain import placed, reduced

    small = reduced(grey, factor)
    return placed(_trace_number(reader, small.grey, find_writing(small.grey)), small, grey)


def _trace_number(reader: FieldReader, grey: Grey, writing: Writing | None) -> Trace:
    """The one number in a picture (H, W), whichever way up."""
    trace = reader.trace_grey(grey)
    if writing is None or trace.reading.confidence >= writing.unsure:
        return trace
    from pipeline.documents.plain_paper.plain import trace_other_ways

    return trace_other_ways(reader, grey, writing, trace)
