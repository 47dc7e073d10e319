"""Errors of the pipeline; translated once into exit codes by the command line."""


class PipelineError(Exception):
    """Base of everything this package raises for a user's mistake."""


class ImageError(PipelineError):
    """An image could not be read: missing, empty, damaged, too large, or not an image."""


class UsageError(PipelineError):
    """Arguments that cannot be meant: an unknown option value, a threshold outside [0, 1]."""


class DataError(PipelineError):
    """Training or truth data is missing, damaged, or in another format than expected."""
