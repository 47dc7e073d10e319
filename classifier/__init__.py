"""Crops to scores, and training; knows no strings."""

from classifier.errors import ClassifierError, WeightsError

__all__ = ["ClassifierError", "WeightsError"]
