"""The guard: asks who may come in, what every answer carries, and writes one line for each request."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from starlette.requests import ClientDisconnect

from pipeline.service.gate.admission import SAFE_METHODS, admit
from pipeline.service.gate.receiving import Receiving
from pipeline.service.refusals import Refusal
from pipeline.service.work.counters import Metrics

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}
HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
READ, REVIEW = "/v1/read", "/v1/review/"
MOST_JSON = 1 << 16  # bytes of a decision on an item of review
GONE = 499  # in the log and the metrics, of a client that did not wait for its answer
MOST_PATH = 200  # characters of a path in the log
access = logging.getLogger("digitstring.access")


class Guard:
    """ASGI middleware around the whole application. receiving: what bodies pass through on their way in; those of
    images by the route that reads them, the others here."""

    def __init__(self, app: Any, *, hosts: tuple[str, ...], token: str | None, metrics: Metrics, receiving: Receiving):
        self.app, self.hosts, self.token, self.metrics = app, hosts, token, metrics
        self.receiving = receiving

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, _unless_cancelled(send))
            return
        is_head = scope["method"] == "HEAD"  # is answered as GET, without the body (RFC 9110, 9.3.2)
        asked = {**scope, "method": "GET"} if is_head else scope
        answer, headers = _Answer(send, is_head), _headers(scope)
        try:
            admit(scope["method"], scope["path"], headers, self.hosts, self.token)
            if scope["method"] not in SAFE_METHODS and scope["path"] != READ:
                most = MOST_JSON if scope["path"].startswith(REVIEW) else self.receiving.limits.body_bytes
                receive = await self.receiving.replayed(receive, headers.get("content-length"), most)
            await self.app(asked, receive, answer.send)
        except Refusal as refusal:
            self.metrics.refusals.labels(refusal.reason).inc()
            await _refuse(refusal, answer.send)
        except ClientDisconnect:
            answer.status = GONE
        finally:
            self._tell(scope, getattr(asked.get("route"), "path", "other"), answer)

    def _tell(self, scope: Any, route: str, answer: _Answer) -> None:
        """One request in the metrics and in the log. Its query is left out: it may say what nobody else should read."""
        seconds = time.perf_counter() - answer.start
        self.metrics.requests.labels(route, str(answer.status)).inc()
        self.metrics.request_seconds.labels(route).observe(seconds)
        client = (scope.get("client") or ("-",))[0]
        path = scope["raw_path"].decode("latin-1")[:MOST_PATH]
        line = f"{client} {scope['method']} {path} {answer.status} {1000 * seconds:.0f} ms {answer.size} bytes"
        access.info(line if line.isprintable() else ascii(line))


class _Answer:
    """An answer on its way out: its status, its size, and the headers that every one carries."""

    def __init__(self, send: Any, only_head: bool):
        self._send, self._only_head = send, only_head
        self.start, self.status, self.size = time.perf_counter(), 500, 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name for name, _ in message["headers"]}
            extra = [(b"cache-control", b"no-store"), *HEADERS]
            message["headers"] = [*message["headers"], *(pair for pair in extra if pair[0] not in present)]
        elif self._only_head:
            message = {**message, "body": b""}
        self.size += len(message.get("body", b""))
        await self._send(message)


def _unless_cancelled(send: Any) -> Any:
    """The `send` of the application's life, which does not call it a failure, traceback and all, that somebody was in a
    hurry to end the service: a second Ctrl-C cancels what waits for its end."""

    async def sending(message: Any) -> None:
        if message["type"] == "lifespan.shutdown.failed" and "CancelledError" in message.get("message", ""):
            message = {"type": "lifespan.shutdown.complete"}
        await send(message)

    return sending


def _headers(scope: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _refuse(refusal: Refusal, send: Any) -> None:
    body = json.dumps({"error": str(refusal)}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
