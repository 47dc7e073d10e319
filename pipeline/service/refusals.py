"""Refusals: why a request gets no reading, each with its HTTP status and a sentence for a person."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is not served. status: of HTTP; reason: its name in the metrics."""

    status = 400
    reason = "malformed"

    def __init__(self, sentence: str, headers: dict[str, str] | None = None):
        super().__init__(sentence)
        self.headers = headers or {}


class Malformed(Refusal):
    """The request cannot be understood."""


class Unauthorized(Refusal):
    """The bearer token is missing or wrong."""

    status, reason = 401, "token"


class Forbidden(Refusal):
    """From another web site, or to a name that is not ours."""

    status, reason = 403, "origin"


class TooSlow(Refusal):
    """The body did not come in time."""

    status, reason = 408, "upload"


class Outdated(Refusal):
    """The review item was decided, or went to another reviewer."""

    status, reason = 409, "lease"


class TooLarge(Refusal):
    """The body has too many bytes, or too many images."""

    status, reason = 413, "size"


class Unusable(Refusal):
    """An image, a format or a text that nothing can be done with."""

    status, reason = 422, "unusable"


class Busy(Refusal):
    """As many requests are under way as may be."""

    status, reason = 429, "busy"

    def __init__(self, sentence: str, seconds: int = 1):
        super().__init__(sentence, {"Retry-After": str(seconds)})


class Late(Refusal):
    """The deadline of an image passed."""

    status, reason = 503, "deadline"

    def __init__(self, sentence: str, seconds: int = 5):
        super().__init__(sentence, {"Retry-After": str(seconds)})
