"""How the service begins and ends: what it says on standard error, and the socket that it listens on."""

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
httpx = pytest.importorskip("httpx")
uvicorn = pytest.importorskip("uvicorn", reason="the extra `service` is not installed")

from pipeline.errors import UsageError  # noqa: E402
from pipeline.service import serving  # noqa: E402
from pipeline.service.settings import ServiceSettings  # noqa: E402
from tests.pipeline.service.serving_process import ROOT, running  # noqa: E402
from tests.waiting import SECONDS  # noqa: E402

pytestmark = pytest.mark.slow
ZEROS = (ROOT / "examples" / "zeros.png").read_bytes()


def said(folder: Path, *switches: str) -> str:
    """What is said of one reading and one refusal."""
    folder.mkdir()
    with running(*switches, folder=folder) as service:
        httpx.post(service.url + "/v1/read?format=digits:6&threshold=1", content=ZEROS, timeout=60)
        httpx.get(service.url + "/nothing%0Ahere?secret=1", timeout=60)
        with httpx.Client(timeout=60) as client:  # of one connection
            for _ in range(2):
                assert client.head(service.url + "/v1/health").headers["content-length"] == "18"
        assert service.stop() == 0
        return service.said.read_text()


def test_a_line_each_request_without_what_was_read_or_asked(tmp_path: Path) -> None:
    text = said(tmp_path / "work")
    stamp = r"digitstring: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d{4}"
    listening, reading, missing, *probes = text.splitlines()
    assert re.fullmatch(rf"{stamp} listening on http://127\.0\.0\.1:\d+; Ctrl-C or SIGTERM ends it", listening)
    assert re.fullmatch(rf"{stamp} 127\.0\.0\.1 POST /v1/read 200 \d+ ms \d+ bytes", reading)
    assert re.fullmatch(rf"{stamp} 127\.0\.0\.1 GET /nothing%0Ahere 404 \d+ ms \d+ bytes", missing)
    assert len(probes) == 2
    for line in probes:
        assert re.fullmatch(rf"{stamp} 127\.0\.0\.1 HEAD /v1/health 200 \d+ ms 0 bytes", line)
    assert "380000" not in text and "secret" not in text


def test_verbose_says_more(tmp_path: Path) -> None:
    text = said(tmp_path / "work", "-v")
    assert f"an image of {len(ZEROS)} bytes: unsure" in text and "380000" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--quiet", "-v"], "choose one"),
        (["--body-deadline", "nan"], "Invalid value for '--body-deadline'"),
    ],
)
def test_mistakes_of_the_command_are_sentences(arguments: list[str], words: str) -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "cli.py", "serve", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 2 and words in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize("between", [0.0, 0.1, 0.4])
def test_interrupted_twice_it_ends_and_prints_no_traceback(tmp_path: Path, between: float) -> None:
    with running(folder=tmp_path) as service:
        httpx.get(service.url + "/v1/health", timeout=60)
        for pause in (between, 0):
            service.process.send_signal(signal.SIGINT)
            time.sleep(pause)
        assert service.process.wait(SECONDS) in (0, 130, -signal.SIGINT)
        assert all(line.startswith("digitstring: ") for line in service.said.read_text().splitlines())
        assert "Traceback" not in service.said.read_text()


def test_quiet_says_nothing_of_requests(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "cli.py", "serve", "--quiet", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                run.communicate(timeout=4)
        finally:
            run.terminate()
        assert run.communicate()[1] == ""


@pytest.fixture
def opened(monkeypatch):
    """The sockets that are opened meanwhile."""
    found = []

    class Noted(socket.socket):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            found.append(self)

    monkeypatch.setattr(serving.socket, "socket", Noted)
    return found


def test_an_address_that_is_taken_leaves_nothing_open(opened):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}: cannot be listened on"):
            serving._listen("127.0.0.1", port)
        assert [each.fileno() for each in opened if each is not other] == [-1]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("error", [None, OSError("no more processes")])
def test_what_is_listened_on_is_closed_at_the_end(opened, monkeypatch, workers, error):
    """Also where what answers the requests fails."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    environment = dict(serving.os.environ)
    seen = []

    def run(self, sockets=None):
        seen.extend(each.fileno() for each in sockets or self.sockets)
        if error is not None:
            raise error

    monkeypatch.setattr(uvicorn.Server, "run", run)
    monkeypatch.setattr("uvicorn.supervisors.Multiprocess.run", run)
    monkeypatch.setattr(serving.logging.config, "dictConfig", lambda options: None)
    monkeypatch.setattr(serving.os, "environ", environment)
    try:
        if error is None:
            serving.serve(ServiceSettings(), "127.0.0.1", 0, workers)
        else:
            with pytest.raises(OSError, match="no more processes"):
                serving.serve(ServiceSettings(), "127.0.0.1", 0, workers)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert seen and seen[0] > 0 and [each.fileno() for each in opened] == [-1]
