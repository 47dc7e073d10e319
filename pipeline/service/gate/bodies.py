"""The images of a request, in memory only: the body as it is, or each file of a multipart form.

Web frameworks spool uploads to temporary files; here nothing a client sends reaches the file system.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from pipeline.service.refusals import Malformed, TooLarge

WHOLE_BODY = "-"  # the name of an image that is the body itself, as of standard input
FILES = "image"  # the field of a form that holds files
MOST_NAME = 1024  # characters of a name that are kept
MOST_FIELDS, MOST_VALUE = 100, 4096  # plain fields of a form, and bytes of one


@dataclass(frozen=True)
class Upload:
    """An image as it was sent: the name that the client gave it, never used as a path, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Received:
    """What a request holds: its images; the plain fields of its form; whether it was a form."""

    uploads: list[Upload]
    fields: dict[str, list[str]] = field(default_factory=dict)
    is_form: bool = False


def split_body(body: bytes, content_type: str | None, most: int) -> Received:
    """The images of a body, at most `most`: itself, or each file of a multipart form. Raises TooLarge, Malformed."""
    kind, options = parse_options_header(content_type)
    if kind.lower() != b"multipart/form-data":
        return Received([Upload(WHOLE_BODY, body)])
    boundary = options.get(b"boundary")
    if not boundary:
        raise Malformed("a multipart form needs a boundary in its Content-Type")
    form = split_form(body, boundary, most)
    if not form.uploads:
        raise Malformed("the form has no file in it; send at least one image, as the field `image`")
    return Received(form.uploads, form.fields, True)


@dataclass
class _Form:
    """Collects the files of a form as the parser calls back."""

    most: int
    uploads: list[Upload] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
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
        name, part = options.get(b"filename"), options.get(b"name", b"").decode("utf-8", "replace")[:MOST_NAME]
        if name is None:
            self._keep_field(part)
            return
        if part != FILES:
            raise Malformed(f"the form has a file in a field {part!r}; files are sent in the field {FILES!r}")
        if len(self.uploads) == self.most:
            raise TooLarge(f"more than the {self.most} images that are taken in one request; send fewer")
        shown = name.decode("utf-8", "replace")[:MOST_NAME] or f"image {len(self.uploads) + 1}"
        self.uploads.append(Upload(shown, bytes(self.data)))

    def _keep_field(self, name: str) -> None:
        if len(self.data) > MOST_VALUE or sum(map(len, self.fields.values())) == MOST_FIELDS:
            raise TooLarge(f"a form has at most {MOST_FIELDS} plain fields of {MOST_VALUE} bytes")
        self.fields.setdefault(name, []).append(self.data.decode("utf-8", "replace"))

    def on_end(self) -> None:
        self.ended = True

    def callbacks(self) -> Any:
        return {name: getattr(self, name) for name in dir(self) if name.startswith("on_")}


def split_form(body: bytes, boundary: bytes, most: int) -> _Form:
    """The files of a multipart form, at most `most`, and its plain fields. Raises Malformed, TooLarge."""
    form = _Form(most)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise Malformed(f"the multipart form is damaged ({error})") from None
    if not form.ended:
        raise Malformed("the multipart form is cut off; send it again")
    return form
