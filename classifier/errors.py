"""Errors of the classifier; every message names what is wrong and what to do."""


class ClassifierError(Exception):
    """Base of everything this package raises for a user's mistake."""


class WeightsError(ClassifierError):
    """A weights file is missing, damaged, or does not fit the network."""
