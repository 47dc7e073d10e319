"""What a request may ask for, and what becomes of the rest; the application in this process."""

import asyncio
import threading

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
httpx = pytest.importorskip("httpx")

from pipeline.reader import Reader  # noqa: E402
from pipeline.service.app import create_app  # noqa: E402
from pipeline.service.settings import Limits, ServiceSettings  # noqa: E402
from tests.pipeline.service.serving_process import ROOT  # noqa: E402

ZEROS = (ROOT / "examples" / "zeros.png").read_bytes()
FILES = [("image", ("zeros.png", ZEROS))]


def ask(*requests: dict, app=None, on_first=lambda: None) -> list:
    """The answers to requests that are made at once. on_first: called when the first one is there."""
    app = app or create_app(Reader(), ServiceSettings())

    async def work() -> list:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as client:
            asked = [asyncio.create_task(client.request(**{"method": "POST", **each})) for each in requests]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            on_first()
            return await asyncio.gather(*asked)

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"url": "/v1/read?fromat=amount", "content": ZEROS}, ["'fromat'", "known are", "mask"]),
        ({"url": "/v1/read?format=amount&format=luhn", "content": ZEROS}, ["'format'", "twice"]),
        ({"url": "/v1/read", "files": FILES, "data": {"fromat": "amount"}}, ["form field 'fromat'"]),
        ({"url": "/v1/read?format=luhn", "files": FILES, "data": {"format": "amount"}}, ["format", "once"]),
        ({"url": "/v1/read", "files": FILES, "data": {"threshold": "2"}}, ["threshold", "less than or equal to 1"]),
        ({"url": "/v1/read", "files": FILES, "data": {"format": "nonsense"}}, ["nonsense"]),
        ({"method": "GET", "url": "/v1/health?verbose=1"}, ["'verbose'", "none is taken"]),
    ],
)
def test_what_is_not_known_is_an_error(request_: dict, words: list[str]) -> None:
    (answer,) = ask(request_)
    assert answer.status_code == 422
    assert all(word in answer.json()["error"] for word in words)


def test_a_file_under_another_name_is_an_error() -> None:
    (answer,) = ask({"url": "/v1/read", "files": [("picture", ("zeros.png", ZEROS))]})
    assert answer.status_code == 400 and "'picture'" in answer.json()["error"] and "'image'" in answer.json()["error"]


def test_fields_of_a_form_are_parameters() -> None:
    (answer,) = ask({"url": "/v1/read?alternatives=0", "files": FILES, "data": {"format": "digits:6"}})
    (reading,) = answer.json()["readings"]
    assert reading["format"] == "digits:6" and reading["text"] == "380000" and reading["alternatives"] == []


class WaitingReader(Reader):
    """Reads when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def read(self, image, format=None, **named):
        assert self.go.wait(60)
        return super().read(image, format, **named)


@pytest.mark.slow
def test_one_request_too_many_is_told_to_come_back() -> None:
    limits = Limits(threads=1, waiting=1, deadline=60)
    reader = WaitingReader()
    app = create_app(reader, ServiceSettings(limits=limits))
    answers = ask(*({"url": "/v1/read", "content": ZEROS} for _ in range(3)), app=app, on_first=reader.go.set)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
    busy = next(answer for answer in answers if answer.status_code == 429)
    assert int(busy.headers["retry-after"]) >= 1 and "try again" in busy.json()["error"]
    assert ask({"url": "/v1/read", "content": ZEROS}, app=app)[0].status_code == 200


def test_the_settings_of_workers_are_those_of_the_service() -> None:
    from pipeline.batch.outcomes import DocumentOptions, ReaderOptions

    options = ReaderOptions(threshold=0.5, documents=DocumentOptions(True, ("a=1,2,3,4",), "form.toml"))
    settings = ServiceSettings(options, Limits(), "review.db", ("a", "b"))
    assert ServiceSettings.from_json(settings.to_json()) == settings
