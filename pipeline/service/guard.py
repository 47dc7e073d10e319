"""The gate: who may come in, what every answer carries, and one line in the metrics for each request."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any

from pipeline.service.counters import Metrics
from pipeline.service.refusals import Forbidden, Refusal, Unauthorized

OPEN = ("/v1/health", "/v1/ready", "/openapi.json")  # without the token, as is the page and its parts
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
Headers = dict[str, str]


def check_host(headers: Headers, hosts: tuple[str, ...]) -> None:
    """Raise Forbidden for a name in the Host header that is not ours; `hosts` empty: any is."""
    host = headers.get("host", "")
    name = host[1 : host.find("]")] if host.startswith("[") else host.rsplit(":", 1)[0]
    if hosts and name.lower() not in hosts:
        raise Forbidden("this service does not answer to that name; allow it with --allow-host")


def check_origin(method: str, headers: Headers) -> None:
    """Raise Forbidden where a browser says that the page of another site wants to change something here."""
    if method not in ("GET", "HEAD") and headers.get("sec-fetch-site", "none") in ("cross-site", "same-site"):
        raise Forbidden("requests from the pages of other sites are not served")


def check_token(headers: Headers, token: str | None) -> None:
    """Raise Unauthorized unless the bearer token is the right one; compared in constant time."""
    if token is None:
        return
    scheme, _, given = headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(given.strip().encode("latin-1"), token.encode())
    if scheme.lower() != "bearer" or not right:
        raise Unauthorized("a bearer token is needed: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"})


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Any, *, hosts: tuple[str, ...], token: str | None, metrics: Metrics):
        self.app, self.hosts, self.token, self.metrics = app, hosts, token, metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def send_with_headers(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                extra = [(b"cache-control", b"no-store"), *HEADERS]
                message["headers"] = [*message["headers"], *(pair for pair in extra if pair[0] not in present)]
            await send(message)

        try:
            self._admit(scope)
            await self.app(scope, receive, send_with_headers)
        except Refusal as refusal:
            self.metrics.refusals.labels(refusal.reason).inc()
            await _refuse(refusal, send_with_headers)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.request_seconds.labels(route).observe(time.perf_counter() - start)

    def _admit(self, scope: Any) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        check_host(headers, self.hosts)
        check_origin(scope["method"], headers)
        path = scope["path"]
        if (path.startswith("/v1/") or path == "/metrics") and path not in OPEN:
            check_token(headers, self.token)


async def _refuse(refusal: Refusal, send: Any) -> None:
    body = json.dumps({"error": str(refusal)}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
