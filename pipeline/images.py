"""Images in: a path, bytes, a Pillow image or an array becomes grey (H, W) float32 in [0, 1], 1 = white.

The only room of `reading` that knows Pillow, which is imported when a file has to be decoded.
Whatever is wrong with an image ends as an ImageError that names it and says what to do.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from pipeline.errors import ImageError
from pipeline.image_formats import FORMATS, formats_of, remedy

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 100_000_000
MAX_BYTES = 512 * 1024 * 1024  # of what comes through a pipe, whose length cannot be asked beforehand
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's mode "L"
BLOCK_PIXELS = 1 << 20  # large images are converted in blocks of rows, to keep the temporaries small
# What Pillow's decoders raise on damaged bytes; the list is what fuzzing and their sources show.
DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, AttributeError, LookupError, ArithmeticError,
    MemoryError, RuntimeError, AssertionError, struct.error, zlib.error,
)  # fmt: skip
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
ORIENTATION = 0x0112  # the EXIF tag
WHITES = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # of 8, 10, 12, 14 and 16 bits: what cameras and scanners give

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
    if not name:
        raise ImageError("'': an empty name is no file")
    if URL.match(name) and not os.path.exists(name):
        raise ImageError(f"{name}: is a URL, and no file; fetch it first (`batch` reads folders behind URLs)")
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
        return _oriented(_grey_of_pixels(_pixels(image), name), orientation)
    except Image.DecompressionBombError:
        raise _too_large(name, "far") from None
    except DECODER_ERRORS:
        raise ImageError(f"{name}: the image is damaged or cut off; copy or scan it again") from None


def _pixels(image: Image) -> np.ndarray:
    """(H, W) or (H, W, 2..4) samples of a Pillow image in whatever mode; grey, grey-alpha, RGB or RGBA."""
    if image.mode in ("I", "F"):
        return _stretched(np.asarray(image))
    plain = image.mode in ("1", "L", "LA", "RGB", "RGBA") and "transparency" not in image.info
    if plain or image.mode.startswith("I;16"):
        return np.asarray(image)
    if image.mode == "La":
        return np.asarray(image.convert("LA"))
    if image.mode == "LAB":
        return np.asarray(image.getchannel(0))
    transparent = "transparency" in image.info or image.mode in ("PA", "RGBa")
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))


def _stretched(pixels: np.ndarray) -> np.ndarray:
    """Samples without a stated white (int32, float) as float32 in [0, 1].

    White is the smallest usual white that holds the largest sample: 1 (float only), that of a whole number of bits, or
    else that sample. Negative samples are shifted to black.
    """
    low, high = float(pixels.min()), float(pixels.max())
    low = min(low, 0.0)
    usual = (1.0, *WHITES) if pixels.dtype.kind == "f" else WHITES
    white = next((value for value in usual if high <= value and low == 0), high)
    return ((pixels - low) / ((white - low) or 1.0)).astype(np.float32)


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
        pixels = _stretched(pixels)
    return _grey_of_pixels(pixels, "array")


def _grey_of_pixels(pixels: np.ndarray, name: str) -> np.ndarray:
    """(H, W) or (H, W, C) samples whose white is known by their type, as grey (H, W) float32."""
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ImageError(f"{name}: some samples are not finite numbers")
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    height, width, channels = pixels.shape
    white = _white(pixels)
    paper = _paper(pixels, white) if channels in (2, 4) else 1.0
    grey = np.empty((height, width), np.float32)
    rows = max(1, BLOCK_PIXELS // width)
    for top in range(0, height, rows):
        luminance, alpha = _luminance(pixels[top : top + rows], white)
        if alpha is not None:
            luminance = alpha * luminance + (1 - alpha) * np.float32(paper)
        np.clip(luminance, 0, 1, out=grey[top : top + rows])
    return grey


def _white(pixels: np.ndarray) -> float:
    """The sample that means white: of 16 bits, the least usual one that holds all samples, since 12-bit pictures come
    in 16-bit arrays."""
    if pixels.dtype == np.uint16:
        highest = int(pixels.max())
        return next(white for white in WHITES if highest <= white)
    return float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind == "u" else 1.0


def _luminance(block: np.ndarray, white: float) -> tuple[np.ndarray, np.ndarray | None]:
    """Luminance (h, w) and alpha (h, w) or None, float32 in [0, 1], of a block of rows (h, w, C)."""
    samples = block.astype(np.float32)
    if white != 1:
        samples /= np.float32(white)
    channels = block.shape[2]
    luminance = samples[:, :, :3] @ LUMINANCE if channels >= 3 else samples[:, :, 0]
    return luminance, samples[:, :, -1] if channels in (2, 4) else None


def _paper(pixels: np.ndarray, white: float) -> float:
    """The grey to lay a transparent image (H, W, 2 or 4) on: 1, or 0 where all that is visible is light.

    Light writing without a background would vanish on white; a photograph of a page with
    transparent corners also is light, but the writing on it is not.
    """
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / BLOCK_PIXELS) ** 0.5))
    luminance, alpha = _luminance(pixels[::step, ::step], white)
    assert alpha is not None
    visible = luminance[(alpha > 0) & (alpha >= alpha.max() / 2)]
    dark = np.count_nonzero(visible < 0.5)
    return 0.0 if visible.size and dark < 0.001 * visible.size and alpha.min() < 0.5 else 1.0


def _orientation(image: Image) -> int:
    """EXIF orientation 1..8; 1 where there is none, or where the metadata are damaged."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODER_ERRORS:
        return 1


def _oriented(grey: np.ndarray, orientation: int) -> np.ndarray:
    """Turn (H, W) upright. EXIF 2.32, section 4.6.4, tag Orientation."""
    if orientation in (5, 6, 7, 8):
        grey = grey.T
    if orientation in (2, 3, 6, 7):
        grey = grey[:, ::-1]
    if orientation in (3, 4, 7, 8):
        grey = grey[::-1]
    return np.ascontiguousarray(grey)
