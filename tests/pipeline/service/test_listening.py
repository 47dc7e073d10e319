"""The socket that the service listens on: closed by whoever opened it, whatever happens."""

import signal
import socket

import pytest

uvicorn = pytest.importorskip("uvicorn", reason="the extra `service` is not installed")

from pipeline.errors import UsageError  # noqa: E402
from pipeline.service import serving  # noqa: E402
from pipeline.service.settings import ServiceSettings  # noqa: E402


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
