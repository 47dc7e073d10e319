"""Clients that are slow, many, or both: they get what is theirs, and keep nobody out."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
httpx = pytest.importorskip("httpx")

from pipeline.service.gate.receiving import Receiving  # noqa: E402
from pipeline.service.refusals import TooLarge, TooSlow  # noqa: E402
from pipeline.service.settings import Limits  # noqa: E402
from tests.pipeline.service.serving_process import ROOT, Service, running  # noqa: E402

pytestmark = pytest.mark.slow
ZEROS = (ROOT / "examples" / "zeros.png").read_bytes()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    options = ("--header-deadline", 4, "--body-deadline", 5, "--max-connections", 40, "--waiting", 2)
    with running(*options, folder=tmp_path_factory.mktemp("slow")) as found:
        yield found


def connect(service: Service, sent: str) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(sent.replace("HOST", f"{host}:{port}").encode())
    return connection


def read(service: Service) -> "httpx.Response":
    return httpx.post(service.url + "/v1/read", content=ZEROS, timeout=60)


def everything(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(4096), b""))


BODY_MISSING = f"POST /v1/read HTTP/1.1\r\nHost: HOST\r\nContent-Length: {len(ZEROS)}\r\n\r\n"
HEADERS_CUT = "POST /v1/read HTTP/1.1\r\nHost: HOST\r\nX-Slow"


@pytest.mark.parametrize("sent", [BODY_MISSING, HEADERS_CUT])
def test_slow_uploads_keep_nobody_out_and_are_ended(service: Service, sent: str) -> None:
    with ExitStack() as closing:
        slow = [closing.enter_context(connect(service, sent)) for _ in range(30)]
        assert read(service).json()["text"] == "380000"
        for connection in slow:
            answer = everything(connection)
            assert answer.startswith(b"HTTP/1.1 408") and b"try again" in answer


def test_a_body_that_trickles_in_is_ended_too(service: Service) -> None:
    connection = connect(service, "POST /v1/review/decide HTTP/1.1\r\nHost: HOST\r\nContent-Length: 9\r\n\r\n{")
    assert everything(connection).startswith(b"HTTP/1.1 408")


def test_connections_that_do_nothing_make_room(service: Service) -> None:
    with ExitStack() as closing:
        idle = [closing.enter_context(connect(service, "")) for _ in range(60)]
        assert read(service).status_code == 200
        assert everything(idle[0]) == b""


def test_a_second_request_on_one_connection_has_its_own_deadline(service: Service) -> None:
    connection = connect(service, "GET /v1/health HTTP/1.1\r\nHost: HOST\r\n\r\n")
    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    connection.sendall(b"GET /v1/he")
    assert b"HTTP/1.1 408" in everything(connection)


async def chunks(*parts: bytes, then: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(0)
    if then is not None:
        await then.wait()


def test_where_bodies_fill_the_memory_the_oldest_is_given_up() -> None:
    limits = Limits(body_bytes=100, threads=1, waiting=1)

    async def work() -> None:
        receiving = Receiving(limits)
        never = asyncio.Event()
        slow = asyncio.create_task(receiving.body(chunks(b"a" * 90, then=never), None, 100))
        second = asyncio.create_task(receiving.body(chunks(b"b" * 90, then=never), None, 100))
        async with asyncio.timeout(60):
            while receiving.held < 180:
                await asyncio.sleep(0)
        assert await receiving.body(chunks(b"c" * 60, b"c" * 30), None, 100) == b"c" * 90
        with pytest.raises(TooSlow):
            await slow
        assert not second.done() and receiving.held == 90
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert receiving.held == 0

    asyncio.run(work())


def test_a_body_over_its_size_is_refused_whatever_its_length_says() -> None:
    async def work() -> None:
        receiving = Receiving(Limits(body_bytes=100))
        for length in ("5", "101", None):
            with pytest.raises(TooLarge):
                await receiving.body(chunks(b"a" * 60, b"a" * 60), length, 100)
        assert receiving.held == 0

    asyncio.run(work())


def test_json_bodies_are_bounded(service: Service, tmp_path: Path) -> None:
    answer = httpx.post(service.url + "/v1/review/decide", content=bytes(70_000), timeout=60)
    assert answer.status_code == 413 and "64 KiB" in answer.json()["error"]
