"""Write the picture that explains a reading to a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError
from pipeline.reading.result import Reading

if TYPE_CHECKING:
    from pipeline.documents.fields import DocumentReading


def write_explanation(image: Path | bytes, out: Path, reader: Any) -> Reading | DocumentReading:
    """Read `image`, draw how it was read, and write that picture to `out` (.png); beside, then renamed. Of a whole
    document, where reader is a DocumentReader, its pages are drawn with their fields.

    Raises UsageError when `out` has another ending or cannot be written, and what `Reader.trace` raises.
    """
    if out.suffix.lower() != ".png":
        raise UsageError(f"{out}: the picture is a PNG; let the name end in .png")
    reading, picture = _drawn(image, reader)
    beside = out.with_name(out.name + ".part")
    try:
        picture.save(beside, "PNG")
        os.replace(beside, out)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); name another place") from None
    return reading


def _drawn(image: Path | bytes, reader: Any) -> tuple[Reading | DocumentReading, Any]:
    """The reading and its picture."""
    if getattr(reader, "takes_for_document", lambda image: False)(image):
        from pipeline.documents.pages import load_pages
        from pipeline.explaining.document_picture import draw_document

        document: DocumentReading = reader.read(image)
        pages = {page.number: page.grey for page in load_pages(image) if page.grey is not None}
        return document, draw_document(pages, document)
    from pipeline.explaining.picture import draw_explanation

    trace = reader.trace(image)
    return trace.reading, draw_explanation(trace, trace.reading, threshold=reader.threshold)
