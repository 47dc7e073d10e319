"""Answers are as the OpenAPI description says, which follows from the dataclasses that make them."""

import asyncio
import dataclasses
import io
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import httpx
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from pipeline import answers
from pipeline.documents.fields import DocumentReading, FieldReading
from pipeline.reader import Reader
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Alternative, Digit, Mask, Opinion
from pipeline.service.app import create_app
from pipeline.service.routes.example_answers import FORM, RECORD
from pipeline.service.routes.shapes import DocumentModel, FormAnswer, RecordModel, UnreadableModel
from pipeline.service.settings import ServiceSettings

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
AMOUNT, ACCOUNT = ((EXAMPLES / name).read_bytes() for name in ("amount.png", "account.png"))


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Asks the application, without a port."""
    settings = ServiceSettings(review=str(tmp_path_factory.mktemp("review") / "review.db"))
    app = create_app(Reader(), settings)

    async def send(method, path, **request):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.request(method, path, **request)

    return lambda *words, **request: asyncio.run(send(*words, **request))


def png(size):
    data = io.BytesIO()
    Image.new("L", size, 255).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Reading, answers.READING),
        (Digit, answers.DIGIT),
        (Alternative, answers.ALTERNATIVE),
        (Opinion, answers.OPINION),
        (Mask, answers.MASK),
        (FieldReading, answers.FIELD | {"reading": "", "required": ""}),
        (DocumentReading, answers.DOCUMENT),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_key_is_explained(source, words):
    assert {field.name for field in dataclasses.fields(source)} == set(words)


@pytest.mark.parametrize("query", ["", "?format=amount", "?format=digits:8", "?explain=true", "?threshold=1"])
@pytest.mark.parametrize("image", [AMOUNT, ACCOUNT, png((300, 80))], ids=["amount", "account", "blank"])
def test_the_record_of_a_field(ask, image, query):
    answer = ask("POST", f"/v1/read{query}", content=image)
    assert answer.status_code == 200
    record = RecordModel.model_validate_json(answer.content, strict=True)
    left_out = record.model_fields_set ^ set(RecordModel.model_fields)
    assert left_out <= {
        "format",
        "note",
        "written",
        "value",
        "value_note",
        "written_confidence",
        "value_confidence",
        "review",
        "explanation",
        "readers",
        "blank",
        "mask",
    }


def test_the_record_of_a_document():
    page = Image.new("L", (1400, 700), 255)
    with Image.open(EXAMPLES / "amount.png") as number:
        page.paste(number.convert("L"), (900, 300))
    for box in ((100, 100, 1300, 104), (890, 290, 1310, 294), (890, 500, 1310, 504), (890, 290, 894, 504)):
        page.paste(0, box)
    reading = Reader().read(page, document=True, fields={"amount": (900, 300, 1300, 480)})
    DocumentModel.model_validate({"file": "-", **reading.to_json()}, strict=True)


def test_head_is_answered_as_get_without_the_body(ask):
    described = [path for path, methods in ask("GET", "/openapi.json").json()["paths"].items() if "get" in methods]
    paths = [path.replace("{item}", "1") for path in described]
    assert {"/v1/health", "/v1/ready", "/metrics", "/v1/review/export", "/v1/review/items/1/page"} <= set(paths)
    for path in [*paths, "/", "/review", "/openapi.json", "/v1/read", "/v1/health?verbose=1", "/nothing"]:
        whole, head = ask("GET", path), ask("HEAD", path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        if path != "/metrics":  # which counts these requests themselves
            assert head.headers == whole.headers


def test_what_is_allowed_is_said(ask):
    for method, path, allowed in (("DELETE", "/v1/health", "GET, HEAD"), ("HEAD", "/v1/read", "POST")):
        answer = ask(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_the_answer_to_a_form(ask):
    files = [("image", ("a.png", AMOUNT)), ("image", ("b.txt", b"no image")), ("image", ("c.png", ACCOUNT))]
    answer = ask("POST", "/v1/read", files=files)
    form = FormAnswer.model_validate_json(answer.content, strict=True)
    assert [type(record) for record in form.readings] == [RecordModel, UnreadableModel, RecordModel]


def test_examples_of_the_description_are_of_its_shapes(ask):
    RecordModel.model_validate(RECORD, strict=True)
    FormAnswer.model_validate(FORM, strict=True)
    schemas = ask("GET", "/openapi.json").json()["components"]["schemas"]
    assert {"RecordModel", "DocumentModel", "FormAnswer", "DigitModel", "FieldModel"} <= set(schemas)
    described = {key: value.get("description") for key, value in schemas["RecordModel"]["properties"].items()}
    assert all(described.values())


@pytest.mark.parametrize(
    "wrong", [{"confidence": 1.5}, {"text": 17}, {"digits": [{"digit": "1"}]}, {"surprise": 1}, {"accepted": None}]
)
def test_what_is_not_of_the_shape_is_seen(wrong):
    with pytest.raises(ValidationError):
        TypeAdapter(RecordModel).validate_python({**RECORD, **wrong}, strict=True)
