"""Images in: a path, bytes, a Pillow image or an array becomes grey (H, W) float32 in [0, 1], 1 = white.

The only module of `pipeline` that knows Pillow to read with, which is imported when a file has to be decoded.
Whatever is wrong with an image ends as an ImageError that names it and says what to do.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from pipeline.errors import ImageError
from pipeline.files import why_no_file
from pipeline.image_formats import FORMATS, formats_of, remedy
from pipeline.pixels import grey_of_pixels, oriented, stretched

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 100_000_000
MAX_BYTES = 512 * 1024 * 1024  # of what comes through a pipe, whose length cannot be asked beforehand
# What Pillow's decoders raise on damaged bytes; the list is what fuzzing and their sources show.
DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, AttributeError, LookupError, ArithmeticError,
    MemoryError, RuntimeError, AssertionError, struct.error, zlib.error,
)  # fmt: skip
ORIENTATION = 0x0112  # the EXIF tag

_quiet_lock = threading.Lock()  # warnings.catch_warnings is not thread-safe by itself


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Pillow's warnings about sizes (we check them) and damaged metadata (we survive them)."""
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def settled(source: Any) -> Any:
    """The image as one of what is looked into later: a Path, bytes, a Pillow image, or an array of numpy's own type.

    source: as for `load_grey`. What a file object holds is read, once. Raises ImageError: it cannot be, or was opened
    as text; or for what is no image at all.
    """
    if isinstance(source, np.ndarray):
        return np.asarray(source)  # np.matrix and other subclasses index in ways of their own
    if isinstance(source, str | os.PathLike):
        return _path(os.fspath(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if callable(getattr(source, "read", None)):
        return _content(source)
    from PIL import Image

    if isinstance(source, Image.Image):
        return source
    raise ImageError(
        f"a {type(source).__name__} is not an image; give a path, bytes, a file object, a Pillow image or an array"
    )


def _path(name: str) -> Path:
    trouble = why_no_file(name)
    if trouble is not None:
        raise ImageError(trouble)
    return Path(name)


def _content(file: Any) -> bytes:
    """What a file object holds from where it stands, as far as is allowed."""
    try:
        data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a closed file, a failing disk; text that is none
        raise ImageError(f"file object: cannot be read ({error})") from None
    if not isinstance(data, bytes | bytearray):
        raise ImageError(f"file object: gives {type(data).__name__}, not bytes; open the file with mode 'rb'")
    return bytes(data)


def load_grey(source: Any) -> np.ndarray:
    """Luminance of an image, upright.

    source: path (str or os.PathLike), encoded image (bytes, or a binary file object), Pillow image, or array (H, W),
        (H, W, 1 grey), (H, W, 2 grey and alpha), (H, W, 3 RGB) or (H, W, 4 RGBA) of uint8, uint16, another integer
        type, bool (True = white) or float in [0, 1]. Samples of more than 8 bits may use 8, 10, 12, 14 or all 16.
    Returns (H, W) float32 in [0, 1], 1 = white, C-contiguous and owned by the caller. EXIF orientation
    is applied, so source pixels are pixels of the picture as a viewer shows it. Transparent images
    are laid on white, or on black where everything visible is light.
    Raises ImageError: missing, a folder, empty, not an image, damaged, too large, or without pixels.
    """
    source = settled(source)
    if isinstance(source, np.ndarray):
        return _grey_of_array(source)
    if isinstance(source, Path):
        return _grey_of_path(source)
    if isinstance(source, bytes):
        return _grey_of_bytes(source, "image data")
    return _grey_of_pillow(source, getattr(source, "filename", "") or "image")


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as an encoded image's header tells them; nothing is decoded. Raises ImageError."""
    if not data:
        raise ImageError("image data: is empty (0 bytes), there is no image in it")
    width, height = _open(io.BytesIO(data), "image data").size
    return width, height


def _grey_of_path(path: Path) -> np.ndarray:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ImageError(f"{path}: is a folder; name an image in it, or read it whole with `batch`")
        with path.open("rb") as file:
            if not stat.S_ISREG(mode):
                return _grey_of_bytes(file.read(MAX_BYTES + 1), str(path))
            if path.stat().st_size == 0:
                raise ImageError(f"{path}: the file is empty; copy or scan it again")
            return _grey_of_pillow(_open(file, str(path)), str(path))
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file; check the path") from None
    except PermissionError:
        raise ImageError(f"{path}: no permission to read it") from None
    except (OSError, ValueError) as error:  # a name too long, or with a null byte; a failing disk
        raise ImageError(f"{str(path)!r}: cannot be opened ({error})") from None


def _grey_of_bytes(data: bytes, name: str) -> np.ndarray:
    if not data:
        raise ImageError(f"{name}: is empty (0 bytes), there is no image in it")
    if len(data) > MAX_BYTES:
        raise ImageError(f"{name}: more than {MAX_BYTES >> 20} MiB; crop or shrink the picture")
    return _grey_of_pillow(_open(io.BytesIO(data), name), name)


def _open(file: BinaryIO, name: str) -> Image:
    """Identify the format and read the header; nothing is decoded yet."""
    from PIL import Image

    try:
        with _quiet():
            return Image.open(file, formats=formats_of(file))
    except Image.DecompressionBombError:
        raise _too_large(name, "far") from None
    except DECODER_ERRORS:
        known = f"not an image, or not in a format that is read ({', '.join(FORMATS)}, AVIF, HEIC)"
        raise ImageError(f"{name}: {remedy(file) or known}") from None


def _too_large(name: str, size: str) -> ImageError:
    return ImageError(
        f"{name}: {size} more than the {MAX_PIXELS // 10**6} million pixels that are read; crop or shrink it"
    )


def _check_size(width: int, height: int, name: str) -> None:
    if width == 0 or height == 0:
        raise ImageError(f"{name}: the image has no pixels ({width} x {height})")
    if width * height > MAX_PIXELS:
        raise _too_large(name, f"{width} x {height},")


def _grey_of_pillow(image: Image, name: str) -> np.ndarray:
    from PIL import Image

    _check_size(*image.size, name)
    try:
        with _quiet():
            image.load()
            orientation = _orientation(image)
        _check_size(*image.size, name)
        return oriented(grey_of_pixels(_pixels(image), name), orientation)
    except Image.DecompressionBombError:
        raise _too_large(name, "far") from None
    except DECODER_ERRORS:
        raise ImageError(f"{name}: the image is damaged or cut off; copy or scan it again") from None


def _pixels(image: Image) -> np.ndarray:
    """(H, W) or (H, W, 2..4) samples of a Pillow image in whatever mode; grey, grey-alpha, RGB or RGBA."""
    if image.mode in ("I", "F"):
        return stretched(np.asarray(image))
    plain = image.mode in ("1", "L", "LA", "RGB", "RGBA") and "transparency" not in image.info
    if plain or image.mode.startswith("I;16"):
        return np.asarray(image)
    if image.mode == "La":
        return np.asarray(image.convert("LA"))
    if image.mode == "LAB":
        return np.asarray(image.getchannel(0))
    transparent = "transparency" in image.info or image.mode in ("PA", "RGBa")
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))


def _grey_of_array(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype.kind not in "buif":
        raise ImageError(f"array: {pixels.dtype} is no type of pixels; give uint8, uint16, float or bool")
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 2, 3, 4)):
        raise ImageError(f"array: shape {pixels.shape} is not (H, W), (H, W, 3) or (H, W, 4)")
    _check_size(pixels.shape[1], pixels.shape[0], "array")
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())
        if not (-1e-3 <= low and high <= 1 + 1e-3):  # NaN fails this too
            raise ImageError(f"array: floats from {low:g} to {high:g}; expected 0 (black) to 1 (white)")
    elif pixels.dtype not in (np.bool_, np.uint8, np.uint16):
        if pixels.min() < 0:
            raise ImageError("array: negative samples; expected 0 (black) and up")
        pixels = stretched(pixels)
    return grey_of_pixels(pixels, "array")


def _orientation(image: Image) -> int:
    """EXIF orientation 1..8; 1 where there is none, or where the metadata are damaged."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODER_ERRORS:
        return 1


def is_single(images: Any) -> bool:
    """Whether that is one image, or its name, rather than several."""
    if isinstance(images, np.ndarray):  # (N, H, W) are several, (H, W, 3) is one
        return images.ndim < 3 or (images.ndim == 3 and images.shape[2] <= 4)
    named = isinstance(images, str | bytes | bytearray | memoryview | os.PathLike)
    return named or callable(getattr(images, "read", None)) or not isinstance(images, Iterable)
