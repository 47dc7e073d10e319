"""What a service is started with: which reader, which limits, whose names it answers to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.batch.outcomes import ReaderOptions
from pipeline.errors import UsageError

MIB = 1 << 20
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ENVIRONMENT = "DIGITSTRING_SERVICE"  # how the settings reach the worker processes
TOKEN = "DIGITSTRING_TOKEN"  # the environment variable with the bearer token


@dataclass(frozen=True)
class Limits:
    """What one worker process takes on.

    body_bytes: of one request. pixels: of one image, by its header. images, pages: in one request. threads: images
    read at once. waiting: further requests that may be under way. deadline: seconds from an image's turn in its request
    to its reading, waiting included. headers, upload: seconds in which a request's headers and its body must have come.
    connections: at once.
    """

    body_bytes: int = 10 * MIB
    pixels: int = 20_000_000
    images: int = 16
    pages: int = 20
    threads: int = 2
    waiting: int = 16
    deadline: float = 10.0
    headers: float = 10.0
    upload: float = 20.0
    connections: int = 500

    @property
    def receiving_bytes(self) -> int:
        """What all bodies that are still coming hold together: as much as those of the requests under way."""
        return (self.threads + self.waiting) * self.body_bytes

    def __post_init__(self) -> None:
        least = {"body_bytes": 1, "pixels": 1, "images": 1, "pages": 1, "threads": 1, "waiting": 0, "connections": 1}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise UsageError(f"the limit {name} must be at least {lowest}, not {getattr(self, name)}")
        for name in ("deadline", "headers", "upload"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"the limit {name} must be some seconds, not {getattr(self, name)}")


@dataclass(frozen=True)
class ServiceSettings:
    """reader: how to make the reader. review: the file of the review queue, None: nothing is kept. hosts: the names the
    service answers to; empty: to any. templates: the folder of those that requests may name.
    review_blank: also what holds no ink is kept for review."""

    reader: ReaderOptions = field(default_factory=ReaderOptions)
    limits: Limits = field(default_factory=Limits)
    review: str | None = None
    hosts: tuple[str, ...] = LOOPBACK
    templates: str | None = None
    review_blank: bool = False

    def to_json(self) -> str:
        """For the environment of the worker processes."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ServiceSettings:
        """What `to_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        reader, limits = ReaderOptions.from_json(data.pop("reader")), Limits(**data.pop("limits"))
        return cls(reader, limits, hosts=tuple(data.pop("hosts")), **data)


def hosts_of(host: str, allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names a service that listens on `host` answers to.

    On loopback only loopback's own names and those allowed: a web site whose name was pointed at 127.0.0.1 (DNS
    rebinding) must not talk to it. Elsewhere those allowed, or any.
    """
    if host in LOOPBACK:
        return (*LOOPBACK, *allowed)
    return allowed
