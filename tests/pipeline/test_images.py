"""Whatever Pillow or numpy can hold arrives as the same grey picture; everything else is an ImageError."""

import io
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageOps

from pipeline.errors import ImageError
from pipeline.images import MAX_PIXELS, load_grey


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def picture(height: int = 9, width: int = 14) -> Image.Image:
    """An asymmetric colour gradient."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([x * 255 / (width - 1), y * 255 / (height - 1), (x * y) % 256], axis=2)
    return Image.fromarray(rgb.astype(np.uint8))


def png_header(width: int, height: int) -> bytes:
    """A PNG of this size whose pixels are missing: decoding it could only fail."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    checked = head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + checked + struct.pack(">I", 9999) + b"IDAT"


def test_every_kind_of_source_gives_the_same_grey(tmp_path):
    image = picture()
    path = tmp_path / "picture.png"
    image.save(path)
    expected = np.asarray(image.convert("L"), np.float32) / 255
    for source in (
        path,
        str(path),
        path.read_bytes(),
        bytearray(path.read_bytes()),
        image,
        np.asarray(image),
    ):
        grey = load_grey(source)
        assert grey.dtype == np.float32 and grey.flags.c_contiguous and grey.flags.owndata
        assert np.abs(grey - expected).max() < 1 / 255  # Pillow rounds its luminance to eight bits
    assert np.array_equal(load_grey(path), load_grey(np.asarray(image)))


def test_the_result_does_not_alias_the_callers_array():
    pixels = np.full((3, 4), 0.5, np.float32)
    load_grey(pixels)[:] = 0
    assert (pixels == 0.5).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_exif_orientation_agrees_with_pillow(orientation, format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture(), format, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    # How the last bit of a pixel's luminance is rounded depends on its place in the picture.
    np.testing.assert_allclose(load_grey(data), load_grey(upright), rtol=0, atol=1e-6)
    assert load_grey(data).shape == ((14, 9) if orientation >= 5 else (9, 14))


def test_damaged_exif_does_not_lose_the_picture():
    data = encoded(picture(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff nonsense")
    assert load_grey(data).shape == (9, 14)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "PA", "RGB", "RGBA", "RGBa", "La", "RGBX", "CMYK", "YCbCr"])
def test_pillow_modes_of_an_opaque_picture_agree(mode):
    black_and_white = picture().convert("1")
    expected = np.asarray(black_and_white, np.float32)
    image = black_and_white.convert("L").convert("RGBA" if mode == "RGBa" else "LA" if mode == "La" else "RGB")
    assert np.abs(load_grey(image.convert(mode)) - expected).max() < 0.01


@pytest.mark.parametrize("mode", ["HSV", "LAB"])
def test_rare_colour_spaces_keep_light_and_dark_apart(mode):
    half = Image.new("RGB", (4, 2), "white")
    half.paste("black", (0, 0, 2, 2))
    if mode == "LAB":
        from PIL import ImageCms

        half = ImageCms.profileToProfile(
            half, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        half = half.convert(mode)
    assert load_grey(half)[:, :2].max() < 0.05 and load_grey(half)[:, 2:].min() > 0.95


@pytest.mark.parametrize("mode", ["I;16", "I", "I;16B"])
def test_sixteen_bits(mode):
    samples = np.linspace(0, 65535, 12).astype(np.uint16).reshape(3, 4)
    if mode == "I":
        image = Image.fromarray(samples.astype(np.int32))
    elif mode == "I;16":
        image = Image.open(io.BytesIO(encoded(Image.fromarray(samples))))
    else:
        image = Image.frombytes("I;16B", (4, 3), samples.astype(">u2").tobytes())
    assert image.mode == mode
    assert np.abs(load_grey(image) - samples / 65535).max() < 1e-6
    assert np.array_equal(load_grey(samples), load_grey(image))


@pytest.mark.parametrize(
    "dtype, white",
    [(bool, 1), (np.uint8, 255), (np.uint16, 65535), (np.int64, 255), (np.float16, 1), (np.float64, 1)],
)
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_array_types_share_one_white(dtype, white, channels):
    pattern = np.eye(5)
    expected = pattern.astype(np.float32)
    if channels is not None:
        pattern = np.repeat(pattern[:, :, None], channels, axis=2)
        if channels == 4:
            pattern[:, :, 3] = 1
    assert np.abs(load_grey((pattern * white).astype(dtype)) - expected).max() < 1e-6


def test_float_pictures_may_count_to_255():
    assert load_grey(Image.fromarray(np.array([[0, 127.5, 255]], np.float32)))[0].tolist() == [0, 0.5, 1]
    assert load_grey(Image.fromarray(np.array([[0, 0.5, 1]], np.float32)))[0].tolist() == [0, 0.5, 1]


def transparent(ink: int, mode: str) -> Image.Image:
    """A stroke of grey `ink`, everything else fully transparent black."""
    alpha = Image.new("L", (20, 10), 0)
    alpha.paste(255, (8, 2, 12, 8))
    image = Image.new("L", (20, 10), 0)
    image.paste(ink, (8, 2, 12, 8))
    image.putalpha(alpha)
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("ink, paper", [(0, 1.0), (90, 1.0), (255, 0.0), (200, 0.0)])
def test_transparent_pictures_keep_their_contrast(ink, paper, mode):
    for source in (
        transparent(ink, mode),
        encoded(transparent(ink, mode)),
        np.asarray(transparent(ink, mode)),
    ):
        grey = load_grey(source)
        assert grey[0, 0] == paper and abs(grey[5, 10] - ink / 255) < 0.01


def test_a_page_with_transparent_corners_stays_on_white():
    page = np.full((40, 40, 4), 255, np.uint8)
    page[:5, :5, 3] = 0
    page[20:24, 5:35, :3] = 20
    assert load_grey(page)[0, 0] == 1


def test_palette_transparency():
    image = Image.new("P", (6, 4), 0)
    image.putpalette([0, 0, 0, 10, 10, 10])
    image.paste(1, (2, 1, 4, 3))
    grey = load_grey(encoded(image, "GIF", transparency=0))
    assert grey[0, 0] == 1 and grey[2, 2] < 0.05


@given(
    npst.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 3, 4]))),
    st.integers(1, 200),
)
@settings(max_examples=40, deadline=None)
def test_blocks_of_rows_change_nothing(pixels, block):
    from pipeline import pixels as samples

    whole = load_grey(pixels)
    old, samples.BLOCK_PIXELS = samples.BLOCK_PIXELS, max(block, pixels.size)  # no thinning in _paper
    try:
        assert np.array_equal(load_grey(pixels), whole)
        assert 0 <= whole.min() and whole.max() <= 1
    finally:
        samples.BLOCK_PIXELS = old


def test_more_rows_than_a_block():
    pixels = np.random.default_rng(0).integers(0, 256, (1100, 1000, 3), dtype=np.uint8)
    assert np.abs(load_grey(pixels) - pixels @ np.array([0.299, 0.587, 0.114]) / 255).max() < 1e-5


def bad_files(folder):
    jpeg = encoded(picture(200, 300), "JPEG")
    contents = {
        "missing.png": None,
        "empty.png": b"",
        "text.png": b"not an image, but a long enough text\n" * 20,
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.png": encoded(picture(200, 300))[:2000],
        "huge.png": png_header(60_000, 60_000),
        "large.png": png_header(MAX_PIXELS // 1000 + 1, 1000),
        "no_pixels.ppm": b"P6 0 5 255\n",
    }
    for name, data in contents.items():
        if data is not None:
            (folder / name).write_bytes(data)
    (folder / "folder.png").mkdir()
    return [*contents, "folder.png"]


SENTENCES = {
    "missing.png": "no such file",
    "empty.png": "empty",
    "text.png": "not an image",
    "cut.jpg": "damaged or cut off",
    "cut.png": "damaged or cut off",
    "huge.png": "million pixels",
    "large.png": "100001 x 1000, more than",
    "no_pixels.ppm": "",
    "folder.png": "folder",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_bad_files_name_themselves_and_the_trouble(tmp_path, name):
    assert set(bad_files(tmp_path)) == set(SENTENCES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError) as caught:
            load_grey(tmp_path / name)
    message = str(caught.value)
    assert name in message and SENTENCES[name] in message and "\n" not in message


@pytest.mark.parametrize(
    "source",
    [
        b"", "bad\0name", "x" * 5000, None, 7, [[0, 1]],
        np.zeros((0, 4)), np.zeros((4, 0), np.uint8), np.zeros(5), np.zeros((2, 2, 5)),
        np.zeros((2, 2, 2, 2)),
        np.full((2, 2), np.nan), np.full((2, 2), 200.0), np.full((2, 2), -1), np.zeros((2, 2), complex),
        np.array([["a"]]), Image.new("L", (0, 3)), Image.fromarray(np.full((2, 2), np.nan, np.float32)),
    ],
    ids=lambda source: str(source)[:30].replace("\n", " "),
)  # fmt: skip
def test_bad_sources(source):
    with pytest.raises(ImageError):
        load_grey(source)


def test_too_large_array_is_refused():
    with pytest.raises(ImageError, match="million pixels"):
        load_grey(np.broadcast_to(np.uint8(0), (20_000, 20_000)))


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_bytes_raise_nothing_but_image_errors(data):
    with pytest.raises(ImageError):
        load_grey(data)


@pytest.mark.slow
@given(
    st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "JPEG2000"]),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
@settings(max_examples=300, deadline=None)
def test_damaged_files_raise_nothing_but_image_errors(format, changes, kept):
    data = bytearray(SAMPLES[format])
    for place, value in changes:
        data[place % len(data)] = value
    try:
        grey = load_grey(bytes(data[: int(len(data) * kept) + 1]))
    except ImageError:
        return
    assert grey.ndim == 2 and grey.size > 0 and np.isfinite(grey).all()


SAMPLES = {
    format: encoded(picture(), format) for format in ["PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "JPEG2000"]
}


def test_threads_decode_alike():
    data = encoded(picture(50, 60), "JPEG")
    results = []
    threads = [threading.Thread(target=lambda: results.append(load_grey(data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8 and all(np.array_equal(result, results[0]) for result in results)
