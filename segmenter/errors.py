"""Errors of the segmenter; every message names what is wrong and what to do."""

from typing import ClassVar


class SegmenterError(Exception):
    """Base of everything this package raises for a user's mistake."""

    exit_code: ClassVar[int] = 3  # with which a command ends
