"""Write the picture that explains a reading to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.files import check_new, write_whole

STANDARD_INPUT = 0  # its descriptor: where the bytes of an image may have come from

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipeline.documents.document import DocumentTrace
    from pipeline.reader import Reader
    from pipeline.reading.field_reader import Trace
    from pipeline.reading.result import Result


def write_explanation(image: Path | bytes, out: Path, reader: Reader, *, force: bool = False) -> Result:
    """Read `image`, draw how it was read, and write that picture to `out` (.png). Of a whole document, its pages are
    drawn with their fields.

    Raises UsageError when `out` has another ending, is the image itself, is there already (unless `force`), or cannot
    be written; OutputError; and what `Reader.trace` raises.
    """
    if out.suffix.lower() != ".png":
        raise UsageError(f"{out}: the picture is a PNG; let the name end in .png")
    check_new(out, force, inputs=[image if isinstance(image, Path) else STANDARD_INPUT])
    trace = reader.trace(image)
    picture = _drawn(trace, reader.threshold)
    write_whole(out, lambda file: picture.save(file, "PNG"))
    return trace.reading


def _drawn(trace: Trace | DocumentTrace, threshold: float) -> Image:
    from pipeline.documents.document import DocumentTrace
    from pipeline.explaining.document_picture import draw_document
    from pipeline.explaining.picture import draw_explanation

    if isinstance(trace, DocumentTrace):
        return draw_document(trace.pages, trace.reading)
    return draw_explanation(trace, trace.reading, threshold=threshold)
