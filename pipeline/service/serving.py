"""Run the service: one process, or several behind one socket, until a signal stops them."""

from __future__ import annotations

import logging.config
import os
import shutil
import signal
import socket
import tempfile
from contextlib import ExitStack
from functools import partial
from typing import Any

from pipeline.errors import UsageError
from pipeline.service.logs import Verbosity, log_config
from pipeline.service.settings import ENVIRONMENT, LOOPBACK, TOKEN, Limits, ServiceSettings

GRACE_SECONDS = 5  # beyond the deadline of an image, for what is in flight when the service is stopped
KEEP_ALIVE_SECONDS = 10
BACKLOG = 256
log = logging.getLogger("digitstring")


def serve(
    settings: ServiceSettings, host: str, port: int, workers: int = 1, verbosity: Verbosity = Verbosity.NORMAL
) -> None:
    """Answer requests until SIGTERM or SIGINT; then in-flight requests are finished.

    port: 0 for any that is free; the address is said on standard error once it is listened on. Raises UsageError,
    WeightsError, DataError before anything is listened on; UsageError when the extra `service` is not installed.
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
    options = _options(settings.limits, verbosity)
    with _listen(host, port) as listening:
        logging.config.dictConfig(options["log_config"])
        _tell(host, listening.getsockname()[1], settings.hosts)
        if workers == 1:
            for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them once more when all is answered
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


def _options(limits: Limits, verbosity: Verbosity) -> dict[str, Any]:
    """What uvicorn is told."""
    from pipeline.service.gate.connections import DeadlineProtocol

    return {
        "http": partial(DeadlineProtocol, headers=limits.headers, most=limits.connections), "ws": "none",
        "backlog": BACKLOG, "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": round(limits.deadline + limits.upload + GRACE_SECONDS),
        "access_log": False, "server_header": False, "date_header": True, "proxy_headers": False,
        "log_config": log_config(verbosity),
    }  # fmt: skip


def _tell(host: str, port: int, hosts: tuple[str, ...]) -> None:
    """Where the service listens, and what those should know who opened it to other machines."""
    shown = f"[{host}]" if ":" in host else host
    log.info("listening on http://%s:%d; Ctrl-C or SIGTERM ends it", shown, port)
    for sentence in warnings_of(host, hosts):
        log.warning("%s", sentence)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError where that is not possible."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with ExitStack() as closing:
            # Only where the protocol is named does asyncio turn Nagle's algorithm off, which costs 40 ms an answer.
            listening = closing.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(BACKLOG)  # whoever connects from now on waits until it is answered
            listening.set_inheritable(True)
            closing.pop_all()  # all went well: the caller closes it
    except (OSError, OverflowError) as error:
        trouble = getattr(error, "strerror", None) or error
        raise UsageError(f"{host}:{port}: cannot be listened on ({trouble}); choose another address or port") from None
    return listening


def warnings_of(host: str, hosts: tuple[str, ...]) -> list[str]:
    """Sentences for a service that can be reached from other machines: without a token, or under any name."""
    if host in LOOPBACK:
        return []
    sentences = []
    if not os.environ.get(TOKEN):
        sentences.append(f"{host} can be reached from other machines, and no token is asked for; set {TOKEN}")
    if not hosts:
        sentences.append(
            "requests are answered under whatever name they come by, so that a web page can point a name of its own "
            "here; allow only those it is called by"
        )
    return sentences
