"""Pictures of phones and browsers: AVIF and HEIC, where Pillow or its plug-in reads them."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from pipeline.errors import ImageError
from pipeline.images import load_grey, size_of

ZEROS = Path(__file__).resolve().parents[2] / "examples" / "zeros.png"
# The head of a HEIC file: its first box, of 24 bytes, and what a decoder would then look for.
HEIC_HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


def encoded(format: str, **options) -> bytes:
    if format == "HEIF":
        pytest.importorskip("pillow_heif", reason="pillow-heif is not installed").register_heif_opener()
    elif not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    file = io.BytesIO()
    with Image.open(ZEROS) as picture:
        picture.convert("RGB").save(file, format, quality=95, **options)
    return file.getvalue()


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_pictures_are_read_as_in_png(format: str, tmp_path: Path) -> None:
    data, expected = encoded(format), load_grey(ZEROS)
    path = tmp_path / f"zeros.{format.lower()}"
    path.write_bytes(data)
    for source in (data, path):
        found = load_grey(source)
        assert found.shape == expected.shape and np.abs(found - expected).mean() < 0.02
    assert size_of(data) == expected.shape[::-1]


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_a_damaged_picture_is_an_error_with_a_sentence(format: str) -> None:
    data = encoded(format)
    with pytest.raises(ImageError, match=r"image data: "):
        load_grey(data[: len(data) // 2])


def test_what_a_picture_needs_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    Image.init()
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    with pytest.raises(ImageError, match=r"a HEIC picture, which needs pillow-heif: pip install 'digitstring\[heic\]'"):
        load_grey(HEIC_HEAD)


def test_other_files_of_the_same_family_are_no_pictures() -> None:
    with pytest.raises(ImageError, match="not an image"):
        load_grey(b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(64))
