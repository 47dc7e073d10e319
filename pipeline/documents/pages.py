"""The pages of a file: pictures of one page, multi-page TIFF, PDF. A bad page is named; the others are read.

The home of pypdfium2 (an extra) and, in this package, of Pillow.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ImageError, UsageError
from pipeline.images import DECODER_ERRORS, MAX_PIXELS, load_grey
from segmenter.arrays import Grey

PDF_MAGIC = b"%PDF-"
TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DOTS_PER_INCH = 300  # at which a page of a PDF is drawn; its boxes are in these pixels
MOST_PAGES = 500


@dataclass(frozen=True, eq=False)
class Page:
    """number: from 1. grey: (H, W) float32 in [0, 1], 1 = white, upright as its metadata say; None where the page
    cannot be read: then error is a sentence that says why."""

    number: int
    grey: Grey | None
    error: str | None = None


def load_pages(source: Any) -> Iterator[Page]:
    """The pages of a path, bytes, Pillow image or array, one by one; of what is no document of pages, one.

    Raises ImageError where nothing of the file can be read, UsageError where reading it needs an extra.
    """
    kind = _kind(source)
    if kind == "pdf":
        return _pdf_pages(source)
    if kind == "tiff":
        return _tiff_pages(source)
    return iter([Page(1, load_grey(source))])


def has_pages(source: Any) -> bool:
    """Whether a file is a document by its kind: a PDF, or a TIFF of several pages."""
    kind = _kind(source)
    if kind != "tiff":
        return kind == "pdf"
    from PIL import Image

    try:
        with Image.open(_stream(source)) as image:
            return int(getattr(image, "n_frames", 1)) > 1
    except (*DECODER_ERRORS, Image.DecompressionBombError):
        return False


def _kind(source: Any) -> str | None:
    """pdf, tiff, or None for anything else, a missing file included."""
    if isinstance(source, bytes | bytearray | memoryview):
        head = bytes(source[:1024])
    elif isinstance(source, str | Path) and Path(source).is_file():
        try:
            with Path(source).open("rb") as file:
                head = file.read(1024)
        except OSError:
            return None
    else:
        return None
    return "pdf" if PDF_MAGIC in head else "tiff" if head.startswith(TIFF_MAGICS) else None


def _name(source: Any) -> str:
    return str(source) if isinstance(source, str | Path) else "document"


def _stream(source: Any) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes | bytearray | memoryview) else source


def _tiff_pages(source: Any) -> Iterator[Page]:
    from PIL import Image

    try:
        with Image.open(_stream(source)) as image:
            count = int(getattr(image, "n_frames", 1))
    except (*DECODER_ERRORS, Image.DecompressionBombError):
        count = 1
    if count == 1:
        yield Page(1, load_grey(source))
        return
    for number in range(1, min(count, MOST_PAGES) + 1):
        try:
            with Image.open(_stream(source)) as image:
                image.seek(number - 1)
                image.load()
                frame = image.copy()
            yield Page(number, load_grey(frame))
        except ImageError as error:
            yield Page(number, None, f"{_name(source)}: page {number}: {str(error).removeprefix('image: ')}")
        except (*DECODER_ERRORS, Image.DecompressionBombError):
            yield Page(number, None, f"{_name(source)}: page {number} is damaged or cut off; scan it again")


def _pdf_pages(source: Any) -> Iterator[Page]:
    try:
        import pypdfium2 as pdfium
    except ImportError:
        raise UsageError(f"{_name(source)}: reading PDF needs pypdfium2; pip install 'digitstring[pdf]'") from None
    data = bytes(source) if isinstance(source, bytes | bytearray | memoryview) else Path(source).read_bytes()
    try:
        document = pdfium.PdfDocument(data)
        count = len(document)
    except pdfium.PdfiumError as error:
        raise ImageError(f"{_name(source)}: not a PDF that can be read ({_reason(error)})") from None
    if count == 0:
        raise ImageError(f"{_name(source)}: the PDF has no pages")
    try:
        for number in range(1, min(count, MOST_PAGES) + 1):
            try:
                yield Page(number, _drawn(document[number - 1]))
            except (pdfium.PdfiumError, ValueError, MemoryError) as error:
                yield Page(number, None, f"{_name(source)}: page {number} cannot be drawn ({_reason(error)})")
    finally:
        document.close()


def _drawn(page: Any) -> Grey:
    """A page of a PDF as a picture; a very large one at a lower resolution."""
    width, height = page.get_size()
    scale = DOTS_PER_INCH / 72
    if width * height * scale * scale > MAX_PIXELS:
        scale = (MAX_PIXELS / (width * height)) ** 0.5
    pixels = np.array(page.render(scale=scale, grayscale=True).to_numpy())
    return load_grey(pixels[:, :, 0] if pixels.ndim == 3 else pixels)


def _reason(error: BaseException) -> str:
    text = str(error)
    return "it needs a password" if "assword" in text else text or "unknown"
