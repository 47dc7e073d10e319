"""Whole documents read by the shipped weights and by the command line; drawn here from the project's own shapes."""

import csv
import gc
import json
import weakref
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage
from typer.testing import CliRunner

from benchmarks.common.drawn_pages import DrawnPage
from pipeline import DocumentReading, ImageError, Reader, UsageError, read_document
from pipeline.commands.main import app
from pipeline.documents import document as documents
from pipeline.documents.document import draft_template
from pipeline.documents.fields import FieldReading
from pipeline.documents.pages import load_pages
from pipeline.reading.field_reader import SHIPPED
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Digit
from pipeline.synthesis.sources import Sources

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not SHIPPED.exists(), reason="no shipped weights")]
TEXTS = {"a": "482", "b": "70515"}
DATE = "12082015"


@pytest.fixture(scope="module")
def form():
    """A form of two boxes and a comb, with print around, and its true fields."""
    sheet = DrawnPage(np.random.default_rng(40), Sources(), (1100, 1000), 1.5)
    for k in range(4):
        sheet.text(100, 60 + 26 * k, sheet.words(9), 11)
        sheet.text(100, 900 + 26 * k, sheet.words(9), 11)
    for k, (name, text) in enumerate(TEXTS.items()):
        sheet.text(110 + 420 * k, 215, "5309", 11)
        sheet.box(name, "box", 100 + 420 * k, 240, 300, 62, text)
    sheet.comb("date", 100, 450, 46, 58, DATE)
    sheet.rectangle(100, 650, 400, 710)
    return sheet.finished("white"), sheet.fields


@pytest.fixture(scope="module")
def reader():
    return Reader()


def texts(document):
    return [field.reading.text for field in document]


def test_the_fields_of_a_form_are_found_and_read(form, reader):
    page, truth = form
    document = read_document(reader, page)
    assert texts(document) == [*TEXTS.values(), DATE]
    assert [field.kind for field in document] == ["box", "box", "comb"]
    assert document["date"].reading.text == DATE
    for field, true in zip(document, truth, strict=True):
        assert np.abs(np.array(field.box) - true.box).max() <= 6
        for digit in field.reading.digits:
            left, top, right, bottom = digit.box
            assert true.box[0] - 9 <= left < right <= true.box[2] + 9
            assert true.box[1] - 9 <= top < bottom <= true.box[3] + 9
            assert page[top:bottom, left:right].min() < 128  # there is ink in it


@pytest.mark.parametrize("quarters, degrees", [(0, 3), (1, 0), (2, -2), (3, 0)])
def test_however_the_page_lies(form, reader, quarters, degrees):
    page = ndimage.rotate(np.rot90(form[0], quarters), degrees, order=1, cval=255)
    document = read_document(reader, np.ascontiguousarray(page))
    assert texts(document) == [*TEXTS.values(), DATE]
    for field in document:
        left, top, right, bottom = field.box
        assert 0 <= left < right <= page.shape[1] and 0 <= top < bottom <= page.shape[0]


def test_a_template_finds_its_fields_again(form, reader):
    page = form[0]
    template = draft_template(reader.field_reader, page)
    assert [field.format for field in template.fields] == [None, None, "date:DDMMYYYY"]
    moved = ndimage.zoom(
        np.pad(ndimage.rotate(page, -3, order=1, cval=255), ((70, 0), (0, 50)), constant_values=255), 0.8, order=1
    )
    document = read_document(reader, moved, template=template)
    assert texts(document) == [*TEXTS.values(), DATE]
    assert {field.kind for field in document} == {"given"}


def test_a_template_of_another_form_does_not_fit(form, reader):
    template = draft_template(reader.field_reader, form[0])
    other = DrawnPage(np.random.default_rng(6), Sources(), (900, 1000), 1.5)
    for k in range(20):
        other.text(100, 60 + 26 * k, other.words(9), 11)
    with pytest.raises(ImageError, match="does not fit"):
        read_document(reader, other.finished("white"), template=template)


def test_fields_by_their_boxes(form, reader):
    page, truth = form
    boxes = {field.name: field.box for field in truth} | {"nothing": (100, 650, 400, 710)}
    document = read_document(reader, page, fields=boxes)
    assert {field.name: field.reading.text for field in document} == {**TEXTS, "date": DATE, "nothing": None}
    with pytest.raises(UsageError, match="outside the page"):
        read_document(reader, page, fields={"far": (5000, 0, 5010, 10)})


def test_a_field_cut_out_is_read_as_a_field(form, reader):
    page, truth = form
    left, top, right, bottom = truth[0].box
    cut = np.ascontiguousarray(page[top:bottom, left:right])
    for picture in (cut, np.asarray(Image.fromarray(cut).resize((1800, 360)))):
        reading = reader.read(picture)
        assert isinstance(reading, Reading)
        assert reading == reader.field_reader.read(picture)
    assert isinstance(reader.read(page), DocumentReading)


def save_pages(form, path):
    first = Image.fromarray(form[0])
    first.save(path, save_all=True, append_images=[Image.fromarray(np.rot90(form[0], 2).copy())])


def test_pages_of_a_tiff(form, reader, tmp_path):
    save_pages(form, tmp_path / "pages.tif")
    document = read_document(reader, tmp_path / "pages.tif")
    assert document.pages == 2 and document.errors == ()
    assert [field.page for field in document] == [1, 1, 1, 2, 2, 2]
    assert texts(document) == 2 * [*TEXTS.values(), DATE]
    assert [field.name for field in document if field.reading.text == DATE] == ["date", "date-2"]


def test_pages_beyond_the_limit_are_named(form, reader, tmp_path):
    save_pages(form, tmp_path / "pages.tif")
    few = Reader(most_pages=1).read(tmp_path / "pages.tif")
    assert few.pages == 2 and {field.page for field in few} == {1}
    [sentence] = few.errors
    assert "pages.tif: page 2 was not read" in sentence and "limit is 1" in sentence
    result = invoke("read", "--pages", 1, tmp_path / "pages.tif")
    assert result.exit_code == 3 and "page 2 was not read" in result.stderr
    assert invoke("read", "--pages", 2, tmp_path / "pages.tif").exit_code in (0, 1)


def test_pages_are_read_one_at_a_time_and_let_go(reader, tmp_path, monkeypatch):
    """No more than the first two and the one at hand are in memory."""
    blank = [Image.new("1", (850, 1100), 1) for _ in range(9)]
    blank[0].save(tmp_path / "blank.tif", save_all=True, append_images=blank[1:], compression="group4")
    alive, most = weakref.WeakSet(), []

    def watched(*arguments):
        for page in load_pages(*arguments):
            alive.add(page)
            yield page
            del page
            gc.collect()
            most.append(len(alive))

    monkeypatch.setattr(documents, "load_pages", watched)
    assert reader.read(tmp_path / "blank.tif").pages == 9
    assert len(most) == 9 and max(most) <= 4


def test_no_template_of_a_picture_without_fields(reader, tmp_path):
    Image.new("L", (900, 700), 255).save(tmp_path / "blank.png")
    result = invoke("template", "new", tmp_path / "blank.png", "--out", tmp_path / "t.toml")
    assert result.exit_code == 3 and "blank.png: no field is found" in result.stderr
    assert not (tmp_path / "t.toml").exists()


def test_a_template_that_does_not_fit_is_told_with_the_file(form, reader, tmp_path):
    Image.fromarray(form[0]).save(tmp_path / "form.png")
    Image.new("L", (900, 700), 255).save(tmp_path / "other.png")
    assert invoke("template", "new", tmp_path / "form.png", "--out", tmp_path / "t.toml").exit_code == 0
    result = invoke("read", "--template", tmp_path / "t.toml", tmp_path / "other.png")
    assert result.exit_code == 3 and "other.png: the template does not fit" in result.stderr


def test_a_batch_reads_documents_by_name_and_pdfs(form, tmp_path):
    pytest.importorskip("pypdfium2", reason="needs the extra digitstring[pdf]")
    (tmp_path / "in").mkdir()
    Image.fromarray(form[0]).save(tmp_path / "in" / "a.pdf", resolution=150)
    Image.fromarray(form[0]).save(tmp_path / "in" / "b.png")
    found = invoke("batch", tmp_path / "in", "--out", tmp_path / "found.csv", "--workers", 1)
    assert found.exit_code in (0, 1), found.stderr
    with (tmp_path / "found.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["field"]) for row in rows] == [
        (name, field) for name in ("a.pdf", "b.png") for field in ("field-01", "field-02", "date")
    ]
    assert [row["text"] for row in rows] == 2 * [*TEXTS.values(), DATE]
    box = f"x={','.join(map(str, form[1][1].box))}"
    named = invoke("batch", tmp_path / "in", "--out", tmp_path / "named.csv", "--field", box, "--workers", 1)
    assert named.exit_code in (0, 1), named.stderr
    with (tmp_path / "named.csv").open(newline="") as file:
        assert [row["field"] for row in csv.DictReader(file)] == ["x", "x"]


def test_a_bad_page_is_named_and_the_good_one_read(form, reader, tmp_path):
    path = tmp_path / "pages.tif"
    save_pages(form, path)
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) * 3 // 5])
    stream = BytesIO()
    images = [Image.fromarray(form[0]), Image.fromarray(form[0])]
    images[0].save(stream, "TIFF", compression="tiff_lzw", save_all=True, append_images=images[1:])
    data = bytearray(stream.getvalue())
    with Image.open(BytesIO(bytes(data))) as image:
        image.seek(1)
        start = image.tag_v2[273][0]
    data[start : start + 400] = b"\xff" * 400
    document = read_document(reader, bytes(data))
    assert texts(document)[:3] == [*TEXTS.values(), DATE] or document.errors
    assert len(document.errors) == 1 and "page 2" in document.errors[0]


def test_pages_of_a_pdf(form, reader, tmp_path):
    pytest.importorskip("pypdfium2", reason="needs the extra digitstring[pdf]")
    path = tmp_path / "pages.pdf"
    first = Image.fromarray(form[0])
    first.save(path, resolution=150, save_all=True, append_images=[first])
    document = read_document(reader, path)
    assert document.pages == 2
    assert texts(document) == 2 * [*TEXTS.values(), DATE]
    (tmp_path / "bad.pdf").write_bytes(path.read_bytes()[:300])
    with pytest.raises(ImageError, match=r"bad\.pdf"):
        read_document(reader, tmp_path / "bad.pdf")


def test_pdf_without_the_extra(monkeypatch, reader, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "pypdfium2", None)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    with pytest.raises(UsageError, match=r"digitstring\[pdf\]"):
        read_document(reader, tmp_path / "a.pdf")


def test_exif_orientation(form, reader, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: shown a quarter clockwise
    Image.fromarray(np.rot90(form[0]).copy()).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    document = read_document(reader, tmp_path / "turned.jpg")
    assert texts(document) == [*TEXTS.values(), DATE]
    assert np.abs(np.array(document.fields[0].box) - form[1][0].box).max() <= 6


def invoke(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_command_line_reads_a_document(form, tmp_path):
    path = tmp_path / "form.png"
    Image.fromarray(form[0]).save(path)
    plain = invoke("read", path)
    assert [line.split("\t")[:2] for line in plain.stdout.splitlines()] == [
        ["field-01", TEXTS["a"]],
        ["field-02", TEXTS["b"]],
        ["date", DATE],
    ]
    record = json.loads(invoke("read", "--json", path).stdout)
    assert list(record)[:4] == ["file", "text", "confidence", "accepted"]
    assert [field["name"] for field in record["fields"]] == ["field-01", "field-02", "date"]
    assert {"name", "kind", "page", "box", "text", "confidence", "accepted", "digits"} <= set(record["fields"][0])
    assert record["text"] == TEXTS["a"]  # no amount: the first number
    named = invoke("read", "--field", f"x={','.join(map(str, form[1][1].box))}", path)
    assert named.stdout.split("\t")[:2] == ["x", TEXTS["b"]]


def test_the_command_line_makes_and_uses_a_template(form, tmp_path):
    path, toml = tmp_path / "form.png", tmp_path / "form.toml"
    Image.fromarray(form[0]).save(path)
    made = invoke("template", "new", path, "--out", toml)
    assert made.exit_code == 0, made.output
    toml.write_text(toml.read_text().replace('"field-02"', '"units"'))
    lines = invoke("read", "--template", toml, path).stdout.splitlines()
    assert lines[1].split("\t")[:2] == ["units", TEXTS["b"]]
    both = invoke("read", "--template", toml, "--field", "a=1,2,3,4", path)
    assert both.exit_code == 2 and "choose one" in both.output


def test_explain_draws_the_page(form, tmp_path):
    path, out = tmp_path / "form.png", tmp_path / "explained.png"
    Image.fromarray(form[0]).save(path)
    result = invoke("explain", path, "--out", out)
    assert result.exit_code in (0, 1)
    with Image.open(out) as picture:
        assert picture.width > 900
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (np.abs(colours.astype(int) - (0x1D, 0x7A, 0x46)).max(axis=1) < 8).any() or (
        np.abs(colours.astype(int) - (0xB3, 0x56, 0x0B)).max(axis=1) < 8
    ).any()  # boxes of fields


def test_a_page_without_fields(reader, tmp_path):
    image = Image.new("L", (900, 700), 250)
    for k in range(20):
        ImageDraw.Draw(image).text((60, 40 + 30 * k), "nothing but printed words on this page, row after row", 0)
    image.save(tmp_path / "words.png")
    result = invoke("read", "--document", "--json", tmp_path / "words.png")
    record = json.loads(result.stdout)
    assert record["fields"] == [] and record["text"] is None
    assert result.exit_code == 1 and "no number" in result.stderr


def test_what_makes_a_document_accepted():
    sure = Reading("7", 0.99, True, (Digit("7", 0.99, (0, 0, 1, 1)),))
    empty = Reading.nothing()
    field = FieldReading("a", "given", 1, (0, 0, 9, 9), sure)
    optional = FieldReading("b", "given", 1, (0, 0, 9, 9), empty, required=False)
    assert DocumentReading((field, optional)).accepted
    assert not DocumentReading((field, FieldReading("b", "given", 1, (0, 0, 9, 9), empty))).accepted
    assert not DocumentReading(()).accepted
    with pytest.raises(ValueError, match="no field"):
        FieldReading("a", "round", 1, (0, 0, 9, 9), sure)
