"""Errors of the pipeline. Each says with which exit code a command ends; pipeline/commands/words.py puts them in words.

Mistakes of the user's have one of the base classes `PipelineError`, `segmenter.errors.SegmenterError` and
`classifier.errors.ClassifierError`; anything else is a fault of ours.
"""

from collections.abc import Sequence
from enum import Enum
from typing import ClassVar


class Remedy(Enum):
    """What may be done about a mistake, where each edge has its own words for it: a command names its option. The
    value: the words of a library, which has no options."""

    REPLACE = "let it be replaced"
    RESUME = "let it be continued"
    BEGIN_AGAIN = "begin again"
    OTHER_OUTPUT = "name another output"
    DATA = "give the folder of the training data"
    ARCHIVE = "name the zip or folder that you have"
    SUBFOLDERS = "have its folders looked into"


class PipelineError(Exception):
    """Base of everything this package raises for a user's mistake.

    problem: a clause that names what is wrong and with what; remedies: what may be done about it, any of them.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, problem: str, *remedies: Remedy) -> None:
        super().__init__(problem, *remedies)  # also what a worker process sends
        self.problem, self.remedies = problem, remedies

    def __str__(self) -> str:
        return said(self.problem, [remedy.value for remedy in self.remedies])


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


class UnreachableError(PipelineError):
    """What is to be read lies elsewhere, and that place does not answer: a store, a cluster. Later it may."""

    exit_code = 6


def said(problem: str, remedies: Sequence[str]) -> str:
    """One sentence: the problem, then what may be done about it."""
    return "; ".join([problem, *([" or ".join(remedies)] if remedies else [])])
