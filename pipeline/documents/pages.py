"""The pages of a file: pictures of one page, multi-page TIFF, PDF. A bad page is named; the others are read.

The home of pypdfium2 (an extra) and, in this package, of Pillow.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ImageError, UsageError
from pipeline.images import DECODER_ERRORS, MAX_PIXELS, load_grey, size_of
from segmenter.arrays import Grey

PDF_MAGIC = b"%PDF-"
TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DOTS_PER_INCH = 300  # at which a page of a PDF is drawn; its boxes are in these pixels
MOST_PAGES = 500
_pdfium = threading.Lock()  # the library must not be in two threads at once, be it on two documents


@dataclass(frozen=True, eq=False)
class Page:
    """number: from 1. grey: (H, W) float32 in [0, 1], 1 = white, upright as its metadata say; None where the page
    cannot be read, or the pages up to it are too many: then error is a sentence that says why."""

    number: int
    grey: Grey | None
    error: str | None = None


def load_pages(source: Any, most: int = MOST_PAGES) -> Iterator[Page]:
    """The pages of a path, bytes, Pillow image or array, one by one; of what is no document of pages, one. most: how
    many are read; where there are more, the last that comes is the file's last one, and says so.

    Raises ImageError where nothing of the file can be read, UsageError where reading it needs an extra.
    """
    kind = _kind(source)
    if kind == "pdf":
        return _pdf_pages(source, most)
    if kind == "tiff":
        return _tiff_pages(source, most)
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


def page_sizes(data: bytes) -> list[tuple[int, int]]:
    """Width and height in pixels of each page of a file in memory, as its headers tell them; nothing is decoded.

    Raises ImageError where that is no picture and no PDF, UsageError where a PDF needs an extra.
    """
    kind = _kind(data)
    if kind == "pdf":
        return _pdf_sizes(data)
    if kind == "tiff":
        return _tiff_sizes(data)
    return [size_of(data)]


def _tiff_sizes(data: bytes) -> list[tuple[int, int]]:
    from PIL import Image

    first = size_of(data)
    sizes = [first]
    try:
        with Image.open(io.BytesIO(data)) as image:
            for number in range(1, int(getattr(image, "n_frames", 1))):
                image.seek(number)
                sizes.append(image.size)
    except (*DECODER_ERRORS, Image.DecompressionBombError):  # the page itself will say so when it is read
        pass
    return sizes


def _pdf_sizes(data: bytes) -> list[tuple[int, int]]:
    """Of a page whose size cannot be told, no pixels: it will say why when it is drawn."""
    document = _opened_pdf(data)
    import pypdfium2 as pdfium

    sizes = []
    with _pdfium, closing(document):
        for number in range(len(document)):
            try:
                width, height = document.get_page_size(number)
            except pdfium.PdfiumError:
                width, height = 0, 0
            scale = _scale(width, height)
            sizes.append((round(width * scale), round(height * scale)))
    return sizes


def _kind(source: Any) -> str | None:
    """pdf, tiff, or None for anything else, a missing file included."""
    if isinstance(source, bytes | bytearray | memoryview):
        head = bytes(source[:1024])
    elif isinstance(source, str | Path) and os.path.isfile(source):
        try:
            with open(source, "rb", buffering=0) as file:
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


def _too_many(source: Any, count: int, most: int) -> Iterator[Page]:
    """What comes after the last page that is read, where others follow."""
    if count > most:
        left = f"page {count} was" if count == most + 1 else f"pages {most + 1} to {count} were"
        yield Page(count, None, f"{_name(source)}: {left} not read, since the limit is {most} pages of a document")


def _tiff_pages(source: Any, most: int) -> Iterator[Page]:
    from PIL import Image

    try:
        with Image.open(_stream(source)) as image:
            count = int(getattr(image, "n_frames", 1))
    except (*DECODER_ERRORS, Image.DecompressionBombError):
        count = 1
    if count == 1:
        yield Page(1, load_grey(source))
        return
    for number in range(1, min(count, most) + 1):
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
    yield from _too_many(source, count, most)


def _opened_pdf(source: Any) -> Any:
    """A PDF that has pages. Raises ImageError, UsageError."""
    try:
        import pypdfium2 as pdfium
    except ImportError:
        raise UsageError(f"{_name(source)}: reading PDF needs pypdfium2; pip install 'digitstring[pdf]'") from None
    data = bytes(source) if isinstance(source, bytes | bytearray | memoryview) else Path(source).read_bytes()
    try:
        with _pdfium:
            document = pdfium.PdfDocument(data)
            count = len(document)
            if count == 0:
                document.close()
    except pdfium.PdfiumError as error:
        raise ImageError(f"{_name(source)}: not a PDF that can be read ({_reason(error)})") from None
    if count == 0:
        raise ImageError(f"{_name(source)}: the PDF has no pages")
    return document


def _pdf_pages(source: Any, most: int) -> Iterator[Page]:
    document = _opened_pdf(source)
    import pypdfium2 as pdfium

    count = len(document)
    try:
        for number in range(1, min(count, most) + 1):
            try:
                with _pdfium:
                    pixels = _drawn(document[number - 1])
                yield Page(number, load_grey(pixels))
            except (pdfium.PdfiumError, ValueError, MemoryError) as error:
                yield Page(number, None, f"{_name(source)}: page {number} cannot be drawn ({_reason(error)})")
        yield from _too_many(source, count, most)
    finally:
        with _pdfium:
            document.close()


def _drawn(page: Any) -> NDArray[np.uint8]:
    """A page of a PDF as a picture, the page closed; a very large one at a lower resolution."""
    try:
        pixels = np.array(page.render(scale=_scale(*page.get_size()), grayscale=True).to_numpy())
    finally:
        page.close()  # not when it happens to be collected, in whichever thread
    return pixels[:, :, 0] if pixels.ndim == 3 else pixels


def _scale(width: float, height: float) -> float:
    """Pixels of a point (1/72 inch) of a page so many points large."""
    scale = DOTS_PER_INCH / 72
    return scale if width * height * scale * scale <= MAX_PIXELS else float((MAX_PIXELS / (width * height)) ** 0.5)


def _reason(error: BaseException) -> str:
    text = str(error)
    return "it needs a password" if "assword" in text else text or "unknown"
