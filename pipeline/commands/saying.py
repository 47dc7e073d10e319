"""Sentences on standard error: what goes wrong, what to know of a reading, what was done."""

from __future__ import annotations

import re
import sys

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
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


def shown(text: str) -> str:
    """A text in one line, its control characters as Python writes them, so that the name of a file can neither change a
    terminal nor look like another line."""
    return CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def say(message: str) -> None:
    """What goes wrong, and what to know of a reading."""
    print(f"digitstring: {shown(message)}", file=sys.stderr, flush=True)


def tell(message: str) -> None:
    """A sentence that --quiet leaves out: what was done."""
    if _verbosity > QUIET:
        say(message)


def detail(message: str) -> None:
    """A sentence for --verbose only."""
    if _verbosity >= VERBOSE:
        say(message)
