"""Errors of the segmenter; every message names what is wrong and what to do."""


class SegmenterError(Exception):
    """Base of everything this package raises for a user's mistake."""
