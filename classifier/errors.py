"""Errors of the classifier; every message names what is wrong and what to do."""

from typing import ClassVar


class ClassifierError(Exception):
    """Base of everything this package raises for a user's mistake."""

    exit_code: ClassVar[int] = 3  # with which a command ends


class WeightsError(ClassifierError):
    """A weights file is missing, damaged, or does not fit the network."""

    exit_code = 4


class EngineError(ClassifierError):
    """The engine that is asked for is not known, or not installed."""

    exit_code = 2
