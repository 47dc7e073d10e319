"""Documents over HTTP: PDF, TIFF of several pages, named fields, templates of the service."""

import io
import os
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
httpx = pytest.importorskip("httpx")

from PIL import Image  # noqa: E402

from benchmarks.common.drawn_documents import draw_cheque  # noqa: E402
from pipeline.documents.document import draft_template  # noqa: E402
from pipeline.documents.templates.template_file import write_template  # noqa: E402
from pipeline.errors import UsageError  # noqa: E402
from pipeline.reader import Reader  # noqa: E402
from pipeline.service.app import create_app  # noqa: E402
from pipeline.service.settings import Limits, ServiceSettings  # noqa: E402
from pipeline.service.work.templates import load_templates  # noqa: E402
from pipeline.synthesis.sources import Sources  # noqa: E402
from tests.pipeline.service.serving_process import ROOT  # noqa: E402
from tests.pipeline.service.test_asking import ask  # noqa: E402

pytestmark = pytest.mark.slow
ZEROS = ROOT / "examples" / "zeros.png"


@pytest.fixture(scope="module")
def cheque() -> Image.Image:
    page, _ = draw_cheque(8, Sources())
    return Image.fromarray(page).convert("L")


@pytest.fixture(scope="module")
def app(cheque, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    write_template(draft_template(Reader().field_reader, cheque), folder / "cheque.toml")
    (folder / "notes.txt").write_text("no template")
    settings = ServiceSettings(limits=Limits(pages=3, deadline=120, threads=2), templates=str(folder))
    return create_app(Reader(), settings)


def encoded(*pages: Image.Image, format: str) -> bytes:
    file = io.BytesIO()
    pages = tuple(page.copy() for page in pages)  # Pillow keeps settings of one format for the next
    pages[0].save(
        file, format, save_all=True, append_images=pages[1:], **({"resolution": 300} if format == "PDF" else {})
    )
    return file.getvalue()


def read(app, data: bytes, query: str = "", **options) -> "httpx.Response":
    return ask({"url": f"/v1/read{query}", "content": data, **options}, app=app)[0]


def test_a_template_of_the_service_names_the_fields(app, cheque) -> None:
    record = read(app, encoded(cheque, format="PNG"), "?template=cheque").json()
    assert {field["kind"] for field in record["fields"]} == {"given"} and "amount" in {
        f["name"] for f in record["fields"]
    }
    assert ask({"method": "GET", "url": "/v1/ready"}, app=app)[0].json()["templates"] == ["cheque"]
    other = read(app, ZEROS.read_bytes(), "?template=cheque")
    assert other.status_code == 422 and "does not fit" in other.json()["error"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?template=../forms/cheque", "there are cheque"),
        ("?template=notes", "no template 'notes'"),
        ("?template=cheque&field=a=1,2,3,4", "choose one"),
        ("?field=a=1,2", "left,top,right,bottom"),
        ("?field=a=1,2,3,4&field=a=1,2,3,4", "two fields are named 'a'"),
    ],
)
def test_what_names_no_field_is_an_error(app, query: str, words: str) -> None:
    answer = read(app, ZEROS.read_bytes(), query)
    assert answer.status_code == 422 and words in answer.json()["error"]


def test_fields_are_named_by_their_boxes(app) -> None:
    with Image.open(ZEROS) as picture:
        width, height = picture.size
    files = [("image", ("zeros.png", ZEROS.read_bytes()))]
    boxes = [f"all=0,0,{width},{height}", f"left=0,0,{width // 2},{height}"]
    (answer,) = ask({"url": "/v1/read", "files": files, "data": {"field": boxes}}, app=app)
    (record,) = answer.json()["readings"]
    assert [field["name"] for field in record["fields"]] == ["all", "left"]


def test_several_pdfs_at_once_are_read_as_documents(app, cheque) -> None:
    pytest.importorskip("pypdfium2", reason="the extra `pdf` is not installed")
    pdf = encoded(cheque, cheque, format="PDF")
    answers = ask(*({"url": "/v1/read", "content": pdf} for _ in range(3)), app=app)
    records = [answer.json() for answer in answers]
    assert all(record["pages"] == 2 and record["fields"] for record in records)
    assert records[0] == records[1] == records[2]


def test_pages_are_counted_over_a_request(app, cheque) -> None:
    small = cheque.resize((cheque.width // 2, cheque.height // 2))
    two = encoded(small, small, format="TIFF")
    files = [("image", (f"{k}.tif", two)) for k in range(2)]
    first, second = ask({"url": "/v1/read", "files": files}, app=app)[0].json()["readings"]
    assert first["pages"] == 2 and "3 pages" in second["error"]
    four = read(app, encoded(*[small] * 4, format="TIFF"))
    assert four.status_code == 422 and "3 pages" in four.json()["error"]


def test_pages_that_a_pdf_counts_but_does_not_have_are_named(app, cheque) -> None:
    pytest.importorskip("pypdfium2", reason="the extra `pdf` is not installed")
    small = cheque.resize((cheque.width // 2, cheque.height // 2))
    damaged = encoded(small, format="PDF").replace(b"/Count 1", b"/Count 3")
    answer = read(app, damaged)
    assert answer.status_code == 200 and len(answer.json()["errors"]) == 2
    none = read(app, encoded(small, format="PDF").replace(b"/Type /Page\n", b"/Type /Rage\n"))
    assert none.status_code == 422 and "page 1 cannot be drawn" in none.json()["error"]


class NoTrace(Reader):
    """A trace of a document would hold all of its pages."""

    def trace(self, image, format=None):
        raise AssertionError("traced")


def test_of_a_document_of_pages_none_are_kept_to_explain(cheque) -> None:
    small = cheque.resize((cheque.width // 2, cheque.height // 2))
    app = create_app(NoTrace(), ServiceSettings(limits=Limits(deadline=120)))
    answer = read(app, encoded(small, small, format="TIFF"), "?explain=true")
    assert answer.status_code == 200 and answer.json()["pages"] == 2


def test_a_large_page_behind_a_small_one_is_refused_by_its_header(cheque) -> None:
    app = create_app(Reader(), ServiceSettings(limits=Limits(pixels=100_000)))
    small = cheque.resize((300, 200))
    pytest.importorskip("pypdfium2", reason="the extra `pdf` is not installed")
    for data in (encoded(small, cheque, format="TIFF"), encoded(small, cheque, format="PDF")):
        answer = read(app, data)
        assert answer.status_code == 422 and "more than the 100,000 pixels" in answer.json()["error"]


def test_a_folder_without_templates_is_a_mistake_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no template"):
        load_templates(str(tmp_path))
    with pytest.raises(UsageError, match="cannot be listed"):
        load_templates(str(tmp_path / "missing"))
    os.mkfifo(tmp_path / "pipe.toml")  # never opened: it would never end
    with pytest.raises(UsageError, match="has no template"):
        load_templates(str(tmp_path))
    (tmp_path / "bad.toml").write_text("version = 9")
    with pytest.raises(UsageError, match="version 9"):
        load_templates(str(tmp_path))
