"""Run the service: one process, or several behind one socket, until a signal stops them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from typing import Any

from pipeline.errors import UsageError
from pipeline.service.settings import ENVIRONMENT, LOOPBACK, TOKEN, ServiceSettings

GRACE_SECONDS = 5  # beyond the deadline of an image, for what is in flight when the service is stopped
KEEP_ALIVE_SECONDS = 10
BACKLOG = 256


def serve(settings: ServiceSettings, host: str, port: int, workers: int = 1) -> None:
    """Answer requests until SIGTERM or SIGINT; then in-flight requests are finished.

    port: 0 for any that is free. Raises UsageError, WeightsError, DataError before anything is listened on; UsageError
    when the extra `service` is not installed.
    """
    try:
        import uvicorn
        from uvicorn.supervisors import Multiprocess

        from pipeline.service.app import create_app, create_worker_app, make_reader  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"serve needs the extra `service` ({error.name} is missing): pip install 'digitstring[service]'"
        ) from None
    token = os.environ.get(TOKEN) or None
    app = create_app(make_reader(settings), settings, token)  # with its mistakes, before anything is listened on
    options: dict[str, Any] = {
        "host": host, "port": port, "backlog": BACKLOG, "timeout_keep_alive": KEEP_ALIVE_SECONDS, "access_log": False,
        "timeout_graceful_shutdown": round(settings.limits.deadline + settings.limits.upload + GRACE_SECONDS),
        "server_header": False, "date_header": True, "proxy_headers": False, "log_config": _log_config(),
    }  # fmt: skip
    listening = _listen(host, port)
    if workers == 1:
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them once more when all requests are finished
            signal.signal(number, lambda *_: None)
        uvicorn.Server(uvicorn.Config(app, **options)).run(sockets=[listening])
        return
    folder = tempfile.mkdtemp(prefix="digitstring-metrics-")
    os.environ |= {ENVIRONMENT: settings.to_json(), "PROMETHEUS_MULTIPROC_DIR": folder}
    try:
        config = uvicorn.Config("pipeline.service.app:create_worker_app", factory=True, workers=workers, **options)
        Multiprocess(config, sockets=[listening]).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError where that is not possible."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # Only where the protocol is named does asyncio turn Nagle's algorithm off, which costs 40 ms an answer.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.set_inheritable(True)
    except (OSError, OverflowError) as error:
        trouble = getattr(error, "strerror", None) or error
        raise UsageError(f"{host}:{port}: cannot be listened on ({trouble}); choose another --host or --port") from None
    return listening


def warning_of(host: str) -> str | None:
    """A sentence where the service can be reached from other machines without a token."""
    if host in LOOPBACK or os.environ.get(TOKEN):
        return None
    return f"{host} can be reached from other machines, and no token is asked for; set {TOKEN}"


def _log_config() -> dict[str, Any]:
    """Everything to standard error, a line each."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "digitstring: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["stderr"], "level": "INFO", "propagate": False} for name in ("uvicorn", "digitstring")
        },
    }
