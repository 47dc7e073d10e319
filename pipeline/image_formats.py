"""Which formats of pictures are read: those that Pillow reads by itself, and those that it or a plug-in may read."""

from __future__ import annotations

import importlib
from typing import BinaryIO

# Formats without a signature (TGA) or whose decoder runs a program (EPS) are left out on purpose.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "JPEG2000")
SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .bmp .dib .gif .ppm .pgm .pbm .pnm .tif .tiff .webp .jp2 .avif .heic .heif".split()
)
BOXES = b"ftyp"  # the name of the first box of an ISO base media file (ISO/IEC 14496-12), which AVIF and HEIC are
BRANDS = {"HEIF": (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"), "AVIF": (b"avif", b"avis")}
PLUGINS = {"HEIF": "pillow_heif", "AVIF": "pillow_avif"}  # what reads them where Pillow itself does not
REMEDIES = {
    "HEIF": "a HEIC picture, which needs pillow-heif: pip install 'digitstring[heic]'",
    "AVIF": "an AVIF picture, which needs Pillow 11.3 or newer: pip install -U pillow",
}


def formats_of(file: BinaryIO) -> tuple[str, ...]:
    """The formats, by Pillow's names, that a file may be in; a plug-in is loaded when there is a picture for it."""
    boxed = boxed_format(file)
    if boxed is None:
        return FORMATS
    return (boxed,) if is_known(boxed) else ()


def remedy(file: BinaryIO) -> str | None:
    """What a picture is, and needs, that is in a format which nothing here reads; None for anything else."""
    boxed = boxed_format(file)
    return None if boxed is None or is_known(boxed) else REMEDIES[boxed]


def boxed_format(file: BinaryIO) -> str | None:
    """HEIF or AVIF by the brand at a file's head, None for any other file; it stands at its beginning afterwards."""
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    if head[4:8] != BOXES:
        return None
    return next((name for name, brands in BRANDS.items() if head[8:12] in brands), None)


def is_known(name: str) -> bool:
    """Whether Pillow reads a format, its plug-in loaded where that takes one."""
    from PIL import Image

    Image.init()
    if name not in Image.OPEN:
        try:
            plugin = importlib.import_module(PLUGINS[name])
        except ImportError:
            return False
        if name == "HEIF":
            plugin.register_heif_opener(thumbnails=False)
    return name in Image.OPEN
