"""What the service says on standard error: where it listens, a line for each request, what went wrong."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from pipeline.errors import UsageError


class Verbosity(IntEnum):
    """How much is said: what went wrong; also each request; also each image."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


def verbosity_of(quiet: bool, verbose: bool) -> Verbosity:
    """What two switches ask for. Raises UsageError for both."""
    if quiet and verbose:
        raise UsageError("quiet and verbose ask for less and for more; choose one")
    return Verbosity(1 - quiet + verbose)


# The level of each logger. uvicorn's own messages tell what ours tell already.
LEVELS = {
    Verbosity.QUIET: {"digitstring": "WARNING", "uvicorn": "WARNING"},
    Verbosity.NORMAL: {"digitstring": "INFO", "uvicorn": "WARNING"},
    Verbosity.VERBOSE: {"digitstring": "DEBUG", "uvicorn": "INFO"},
}


def log_config(verbosity: Verbosity) -> dict[str, Any]:
    """For logging.config.dictConfig, in this process and in those of the workers: a line each, with its time."""
    line = {"format": "digitstring: %(asctime)s %(message)s", "datefmt": "%Y-%m-%dT%H:%M:%S%z"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False}
            for name, level in LEVELS[verbosity].items()
        },
    }
