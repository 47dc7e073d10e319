"""Errors of the pipeline. Each says with which exit code a command ends; pipeline/commands/main.py prints them.

Mistakes of the user's have one of the base classes `PipelineError`, `segmenter.errors.SegmenterError` and
`classifier.errors.ClassifierError`; anything else is a fault of ours.
"""

from typing import ClassVar


class PipelineError(Exception):
    """Base of everything this package raises for a user's mistake."""

    exit_code: ClassVar[int] = 3


class ImageError(PipelineError):
    """An image could not be read: missing, empty, damaged, too large, or not an image."""


class DataError(PipelineError):
    """Training or truth data is missing, damaged, or in another format than expected."""


class UsageError(PipelineError):
    """Arguments that cannot be meant: an unknown option value, a threshold outside [0, 1]."""

    exit_code = 2


class OutputError(PipelineError):
    """What was asked for cannot be written to its end: a full disk, a failing one. What is there is whole."""

    exit_code = 5
