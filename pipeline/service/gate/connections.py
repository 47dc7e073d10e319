"""uvicorn's HTTP/1.1 protocol with the ends that it lacks: a deadline for the headers of a request, one for a body that
nobody reads any more, and so many connections at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

UNREAD_SECONDS = 2.0  # for the rest of a body after its answer was sent
SENTENCE = "the request's headers took more than {:g} seconds; try again"


class DeadlineProtocol(H11Protocol):
    """headers: seconds from a connection, or from the first byte of a further request on it, to the end of the
    request's headers. most: connections at once; one more, and an idle one is closed, or else the one that has waited
    longest for its headers, so that many slow ones cannot keep others out."""

    def __init__(self, *arguments: Any, headers: float, most: int, **options: Any):
        super().__init__(*arguments, **options)
        self.header_seconds, self.most = headers, most
        self._headers: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol; the deadline of the headers begins, and one connection too many ends another."""
        super().connection_made(transport)
        self._watch(fresh=True)
        if len(self.connections) > self.most:
            waiting = [other for other in self.connections if isinstance(other, DeadlineProtocol) and other.waits]
            min(waiting, key=lambda other: other.since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol; no deadline is left."""
        for deadline in (self._headers, self._unread):
            if deadline is not None:
                deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol; a request begun or its headers complete change the deadline."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """See uvicorn; what the client still sends is waited for so long and no longer."""
        super().on_response_complete()
        self._watch()
        if self.conn.their_state is h11.SEND_BODY and self._unread is None:
            self._unread = self.loop.call_later(UNREAD_SECONDS, self._close)

    @property
    def waits(self) -> bool:
        """Whether no request is under way: its headers are still to come."""
        return self.conn.their_state is h11.IDLE

    @property
    def since(self) -> float:
        """When the deadline of its headers ends, on the loop's clock; before all others where it is idle."""
        return -float("inf") if self._headers is None else self._headers.when()

    def _watch(self, fresh: bool = False) -> None:
        """Start or stop the deadline of the headers, as the state of the connection asks."""
        begun = fresh or bool(self.conn.trailing_data[0])
        if self.waits and begun and self._headers is None:
            self._headers = self.loop.call_later(self.header_seconds, self._too_slow)
        elif not self.waits and self._headers is not None:
            self._headers.cancel()
            self._headers = None
        if self.waits and self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _too_slow(self) -> None:
        body = json.dumps({"error": SENTENCE.format(self.header_seconds)}).encode()
        self.transport.write(
            b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        self._close()

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
