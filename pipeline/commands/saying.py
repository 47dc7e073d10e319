"""Sentences on standard error: what goes wrong, what to know of a reading, what was done."""

from __future__ import annotations

import sys

QUIET, NORMAL, VERBOSE = range(3)
_verbosity = NORMAL  # of this process, which runs one command


def be(quiet: bool, verbose: bool) -> None:
    """Say less, or more, from here on. Raises UsageError for both."""
    global _verbosity
    if quiet and verbose:
        from pipeline.errors import UsageError

        raise UsageError("--quiet and --verbose ask for less and for more; choose one")
    _verbosity = NORMAL - quiet + verbose


def is_quiet() -> bool:
    """Whether only what goes wrong is said."""
    return _verbosity == QUIET


def say(message: str) -> None:
    """What goes wrong, and what to know of a reading."""
    print(f"digitstring: {message}", file=sys.stderr, flush=True)


def tell(message: str) -> None:
    """A sentence that --quiet leaves out: what was done."""
    if _verbosity > QUIET:
        say(message)


def detail(message: str) -> None:
    """A sentence for --verbose only."""
    if _verbosity >= VERBOSE:
        say(message)
