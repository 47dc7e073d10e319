"""The images of a request, in memory only: the body as it is, or each file of a multipart form.

Web frameworks spool uploads to temporary files; here nothing a client sends reaches the file system.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from pipeline.service.refusals import Malformed, TooLarge, TooSlow
from pipeline.service.settings import MIB, Limits

WHOLE_BODY = "-"  # the name of an image that is the body itself, as of standard input
MOST_NAME = 1024  # characters of a file name that are kept
DRAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Upload:
    """An image as it was sent: the name that the client gave it, never used as a path, and its bytes."""

    name: str
    data: bytes


async def receive_images(stream: AsyncIterator[bytes], headers: Any, limits: Limits) -> tuple[list[Upload], bool]:
    """The images of a request, and whether it was a multipart form.

    stream: the chunks of the body; headers: its headers, names in any case.
    Raises TooLarge, TooSlow, Malformed.
    """
    kind, options = parse_options_header(headers.get("content-type"))
    body = await _receive(stream, headers.get("content-length"), limits)
    if kind.lower() != b"multipart/form-data":
        return [Upload(WHOLE_BODY, body)], False
    boundary = options.get(b"boundary")
    if not boundary:
        raise Malformed("a multipart form needs a boundary in its Content-Type")
    uploads = split_form(body, boundary, limits.images)
    if not uploads:
        raise Malformed("the form has no file in it; send at least one image")
    return uploads, True


async def _receive(stream: AsyncIterator[bytes], length: str | None, limits: Limits) -> bytes:
    try:
        async with asyncio.timeout(limits.upload):
            if length is not None and length.isdigit() and int(length) > limits.body_bytes:
                await _drain(stream, limits.body_bytes)
                raise _too_large(limits.body_bytes)
            body = bytearray()
            async for chunk in stream:
                body += chunk
                if len(body) > limits.body_bytes:
                    await _drain(stream, limits.body_bytes)
                    raise _too_large(limits.body_bytes)
            return bytes(body)
    except TimeoutError:
        raise TooSlow(f"the request's body took more than {limits.upload:g} seconds; try again") from None


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
    size = f"{most / MIB:.3g} MiB" if most >= MIB // 10 else f"{most} bytes"
    return TooLarge(f"the request is larger than the {size} taken here; crop or shrink the picture, or send fewer")


@dataclass
class _Form:
    """Collects the files of a form as the parser calls back."""

    most: int
    uploads: list[Upload] = field(default_factory=list)
    disposition: bytes = b""
    header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    data: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def on_part_begin(self) -> None:
        self.disposition, self.data = b"", bytearray()

    def on_header_begin(self) -> None:
        self.header = bytearray(), bytearray()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        if self.header[0].lower() == b"content-disposition":
            self.disposition = bytes(self.header[1])

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.data.extend(data[start:end])

    def on_part_end(self) -> None:
        _, options = parse_options_header(self.disposition)
        name = options.get(b"filename")
        if name is None:
            return  # a plain field of the form
        if len(self.uploads) == self.most:
            raise TooLarge(f"more than the {self.most} images that are taken in one request; send fewer")
        shown = name.decode("utf-8", "replace")[:MOST_NAME] or f"image {len(self.uploads) + 1}"
        self.uploads.append(Upload(shown, bytes(self.data)))

    def on_end(self) -> None:
        self.ended = True

    def callbacks(self) -> Any:
        return {name: getattr(self, name) for name in dir(self) if name.startswith("on_")}


def split_form(body: bytes, boundary: bytes, most: int) -> list[Upload]:
    """The files of a multipart form, at most `most`. Raises Malformed, TooLarge."""
    form = _Form(most)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise Malformed(f"the multipart form is damaged ({error})") from None
    if not form.ended:
        raise Malformed("the multipart form is cut off; send it again")
    return form.uploads
