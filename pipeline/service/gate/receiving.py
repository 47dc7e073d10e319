"""Bodies on their way in: a deadline and a size for each, and a bound on what all of them hold in memory together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect

from pipeline.service.refusals import TooLarge, TooSlow
from pipeline.service.settings import MIB, Limits

DRAIN_SECONDS = 2.0


@dataclass(eq=False)
class _Body:
    """A body that is still coming: its bytes so far, and the deadline by which it must be whole."""

    data: bytearray
    deadline: asyncio.Timeout


class Receiving:
    """All bodies that are on their way in to one process. Its methods are for the event loop's thread.

    Whoever is slow holds nothing but its own bytes: a place among the requests that are read is taken when the body has
    arrived. Where the bodies together hold more than `limits.receiving_bytes`, the one that has been coming longest is
    given up, so that no number of slow ones can keep a quick one out.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.held = 0
        self._coming: dict[_Body, None] = {}  # in the order in which they began

    async def body(self, stream: AsyncIterator[bytes], length: str | None, most: int) -> bytes:
        """A whole body of at most so many bytes. length: what Content-Length says. Raises TooLarge, TooSlow."""
        if length is not None and length.isdigit() and int(length) > most:
            await _drain(stream, most)
            raise _too_large(most)
        try:
            async with asyncio.timeout(self.limits.upload) as deadline:
                return await self._whole(_Body(bytearray(), deadline), stream, most)
        except TimeoutError:
            seconds = f"{self.limits.upload:g} seconds, or too long while many others came"
            raise TooSlow(f"the request's body took more than {seconds}; try again") from None

    async def _whole(self, body: _Body, stream: AsyncIterator[bytes], most: int) -> bytes:
        self._coming[body] = None
        try:
            async for chunk in stream:
                body.data += chunk
                self.held += len(chunk)
                if len(body.data) > most:
                    await _drain(stream, most)
                    raise _too_large(most)
                self._make_room()
            return bytes(body.data)
        finally:
            del self._coming[body]
            self.held -= len(body.data)

    def _make_room(self) -> None:
        """Let the deadlines of the longest under way end now, as many as it takes."""
        excess = self.held - self.limits.receiving_bytes
        for body in list(self._coming):
            if excess <= 0:
                return
            excess -= len(body.data)
            if not body.deadline.expired():
                body.deadline.reschedule(asyncio.get_running_loop().time())

    async def replayed(self, receive: Any, length: str | None, most: int) -> Any:
        """The `receive` of ASGI for a body that is whole already. Raises TooLarge, TooSlow."""
        body: bytes | None = await self.body(_stream(receive), length, most)

        async def again() -> Any:
            nonlocal body
            if body is None:
                return await receive()
            message, body = {"type": "http.request", "body": body, "more_body": False}, None
            return message

        return again


async def _stream(receive: Any) -> AsyncIterator[bytes]:
    """The chunks of a body. Raises ClientDisconnect."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        yield message.get("body", b"")


async def _drain(stream: AsyncIterator[bytes], most: int) -> None:
    """Throw away some of what still comes: a client that is still sending would not see the answer."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for chunk in stream:
                most -= len(chunk)
                if most < 0:
                    return
    except TimeoutError:
        return


def _too_large(most: int) -> TooLarge:
    units = ((MIB, "MiB"), (MIB >> 10, "KiB"), (1, "bytes"))
    unit, name = next((unit, name) for unit, name in units if most >= unit)
    size = f"{most / unit:.4g} {name}"
    return TooLarge(f"the request is larger than the {size} taken here; crop or shrink the picture, or send fewer")
