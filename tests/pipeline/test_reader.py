"""The door: what it takes for a field and what for a document, what an image may be, and one BLAS thread."""

import io
import itertools
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline import ImageError, Reader, Reading, Unreadable, UsageError
from pipeline.blas import one_thread
from pipeline.documents import document as documents
from pipeline.documents.fields import DocumentReading
from pipeline.documents.glance import may_be_page
from pipeline.images import load_grey
from pipeline.reader import AHEAD
from pipeline.reading.result_parts import Digit


@pytest.fixture(scope="module")
def reader(random_weights):
    return Reader(random_weights)


def picture(seed, shape=(40, 100)):
    """(H, W) uint8 with strokes of a random walk on white."""
    rng = np.random.default_rng(seed)
    pixels = np.full(shape, 255, np.uint8)
    for _ in range(4):
        left, top = int(rng.integers(5, shape[1] - 9)), int(rng.integers(5, shape[0] // 2))
        pixels[top : top + shape[0] // 3, left : left + 3] = rng.integers(90)
    return pixels


def page():
    """(H, W) uint8 with rows of specks like small print, which looks like a page and holds no number."""
    pixels = np.full((900, 700), 255, np.uint8)
    for top, left in itertools.product(range(40, 860, 24), range(40, 660, 12)):
        pixels[top : top + 9, left : left + 5] = 0
    return pixels


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.slow
def test_what_an_image_may_be(reader, tmp_path):
    """A path, its text, bytes, a file object, a Pillow image, an array and its subclasses are all the same picture."""
    pixels = picture(1)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    with (tmp_path / "a.png").open("rb") as file:
        kinds = [tmp_path / "a.png", str(tmp_path / "a.png"), data, bytearray(data), io.BytesIO(data), file, image]
        kinds += [pixels, np.matrix(pixels), np.ma.masked_array(pixels), pixels.astype(np.uint16)]
        assert len({json.dumps(reader.read(kind).to_json()) for kind in kinds}) == 1
    with pytest.raises(ImageError, match=r"b\.png"):
        reader.read(tmp_path / "b.png")
    with pytest.raises(ImageError, match="mode 'rb'"):
        reader.read(io.StringIO("no image"))
    with pytest.raises(ImageError, match="cannot be read"):
        reader.read(file)  # closed
    with pytest.raises(ImageError, match="int is not an image"):
        reader.read(7)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_pictures_of_more_than_eight_bits_are_read_by_their_range(bits):
    pixels = picture(2)
    deep = (pixels.astype(np.uint32) * ((1 << bits) - 1) // 255).astype(np.uint16)
    np.testing.assert_allclose(load_grey(deep), load_grey(pixels), atol=1.5 / 255)
    stream = io.BytesIO()
    Image.fromarray(deep).save(stream, "PNG")
    np.testing.assert_allclose(load_grey(stream.getvalue()), load_grey(pixels), atol=1.5 / 255)


def test_many_are_read_lazily_and_a_bad_one_is_an_error_among_them(reader):
    taken = []

    def images():
        for seed in itertools.count():
            taken.append(seed)
            yield b"no image" if seed == 3 else picture(seed)

    readings = reader.read_many(images())
    assert taken == []
    assert [next(readings) for _ in range(2)] == [reader.read(picture(seed)) for seed in range(2)]
    assert taken == [0, 1]
    next(readings)
    bad = next(readings)
    assert isinstance(bad, Unreadable) and isinstance(bad.error, ImageError)
    assert (bad.text, bad.confidence, bad.accepted, bad.parts()) == (None, 0, False, ())
    assert bad.to_json() == {"error": str(bad.error)} and bad.errors == (str(bad.error),)
    assert next(readings) == reader.read(picture(4))


@pytest.mark.parametrize(
    "single", ["a.png", Path("a.png"), b"data", io.BytesIO(b"data"), np.zeros((9, 9)), np.zeros((9, 9, 3)), 7]
)
def test_many_are_not_one(reader, single):
    with pytest.raises(UsageError, match="several images"):
        reader.read_many(single)


def test_many_may_be_one_array(reader):
    images = np.stack([picture(seed) for seed in range(3)])
    assert list(reader.read_many(images)) == [reader.read(image) for image in images]


@pytest.mark.slow
def test_threads_read_the_same_in_order_and_no_further_than_a_few_ahead(reader):
    taken = []

    def images():
        for seed in range(20):
            taken.append(seed)
            yield b"no image" if seed == 3 else picture(seed)

    expected = [reader.read(picture(seed)) for seed in range(20) if seed != 3]
    readings = reader.read_many(images(), threads=2)
    assert next(readings) == expected[0] and len(taken) <= 2 * AHEAD
    rest = list(readings)
    assert isinstance(rest.pop(2), Unreadable) and rest == expected[1:]
    halfway = reader.read_many(itertools.cycle([picture(0)]), threads=3)
    assert next(halfway) == expected[0]
    halfway.close()  # whoever asks no further waits for what has begun, and for no more
    with pytest.raises(UsageError, match="at least 1 thread"):
        reader.read_many([picture(0)], threads=0)


def test_what_looks_like_a_page_and_holds_nothing_is_read_as_a_field(reader, monkeypatch):
    grey = load_grey(page())
    assert may_be_page(grey) and documents.is_document(documents.make_sheet(grey))
    monkeypatch.setattr(documents, "read_page", lambda *_: [])
    assert reader.read(page()) == reader.field_reader.read(page())
    sure = reader.read(page(), document=True)
    assert isinstance(sure, DocumentReading) and sure.fields == () and sure.parts() == ()


def test_a_line_of_specks_is_no_page():
    """Specks pass for small print in a low picture: 0.12 of 52 rows are 6 pixels, the lowest that a letter has."""
    grey = np.ones((90, 657), np.float32)
    for row in range(4, 88, 8):
        for column in range(4, 650, 10):
            grey[row : row + 5, column : column + 3] = 0
    assert may_be_page(grey) and not may_be_page(np.ascontiguousarray(grey[:52]))
    assert not may_be_page(grey[:, :1])


@pytest.mark.slow
def test_a_picture_is_decoded_once_and_a_field_is_not_laid_out(reader, tmp_path, monkeypatch):
    """Also a large one: whether it is a page is told from a glance."""
    from pipeline import reader as door
    from pipeline.documents import pages
    from pipeline.reading import field_reader

    Image.fromarray(picture(3, (300, 900))).save(tmp_path / "field.png")
    Image.fromarray(page()).save(tmp_path / "page.png")
    decoded, sheets = [], []
    for module in (door, pages, field_reader):
        monkeypatch.setattr(
            module, "load_grey", lambda source: decoded.append(type(source).__name__) or load_grey(source)
        )
    make_sheet = documents.make_sheet
    monkeypatch.setattr(documents, "make_sheet", lambda grey: sheets.append(grey.shape) or make_sheet(grey))
    reader.read(tmp_path / "field.png")
    assert [name for name in decoded if name != "ndarray"] == ["PosixPath"] and sheets == []
    decoded.clear()
    reader.trace(tmp_path / "page.png")
    assert [name for name in decoded if name != "ndarray"] == ["PosixPath"] and sheets == [(900, 700)]


def test_fields_may_be_named_for_one_image_or_for_all(random_weights, reader):
    box = {"a": (0, 0, 90, 40)}
    named = reader.read(picture(5), fields=box)
    assert named == Reader(random_weights, fields=box).read(picture(5))
    assert [part.name for part in named.parts()] == ["a"]
    with pytest.raises(UsageError, match="not both"):
        reader.read(picture(5), fields=box, template="form.toml")
    with pytest.raises(UsageError, match="left before right"):
        Reader(random_weights, fields={"a": (9, 0, 9, 40)})
    with pytest.raises(UsageError, match="cannot be read"):
        Reader(random_weights, template="missing.toml")


@pytest.mark.slow
def test_the_trace_holds_the_reading(reader):
    for image in (picture(6), page()):
        assert reader.trace(image).reading == reader.read(image)


def test_the_parts_of_a_field_are_itself():
    reading = Reading("7", 0.9, True, (Digit("7", 0.9, (0, 0, 1, 1)),))
    [part] = reading.parts()
    assert (part.name, part.kind, part.page, part.reading, reading.errors) == ("", "field", 1, reading, ())


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_reading_takes_one_blas_thread_and_gives_the_others_back(reader, monkeypatch):
    for library in ("OPENBLAS", "OMP", "MKL"):
        monkeypatch.delenv(f"{library}_NUM_THREADS", raising=False)
    inside = []
    trace = reader.field_reader.trace_grey
    monkeypatch.setattr(
        type(reader.field_reader), "trace_grey", lambda self, *given: inside.append(blas_threads()) or trace(*given)
    )
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        reader.read(picture(7))
        assert blas_threads() == before
    assert inside and all(threads == [1] * len(before) for threads in inside)


def test_the_last_of_several_threads_gives_them_back(monkeypatch):
    for library in ("OPENBLAS", "OMP", "MKL"):
        monkeypatch.delenv(f"{library}_NUM_THREADS", raising=False)
    first_in, second_out = threading.Event(), threading.Event()
    seen = {}

    def first():
        with one_thread:
            first_in.set()
            assert second_out.wait(30)
            seen["while the other has left"] = blas_threads()

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        thread = threading.Thread(target=first)
        thread.start()
        assert first_in.wait(30)
        with one_thread:
            pass
        second_out.set()
        thread.join()
        assert blas_threads() == before
    assert seen == {"while the other has left": [1] * len(before)}
