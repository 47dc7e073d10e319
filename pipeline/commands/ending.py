"""How a command ends when something goes wrong: a sentence and an exit code (codes.py) instead of a traceback.

The one place where errors become words. typer is not imported here: the commonest call does without it (program.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from pipeline.commands.codes import BROKEN_PIPE, INTERRUPTED, UNWRITABLE, code_of
from pipeline.commands.saying import say
from pipeline.commands.words import sentence_of


@contextmanager
def mistakes_in_words(leave: Callable[[int], NoReturn], *ends: type[Exception]) -> Iterator[None]:
    """A mistake of the user's within is said in a sentence, and `leave` called with its exit code. ends: what is no
    mistake, but how a command ends."""
    try:
        yield
    except ends:
        raise
    except BrokenPipeError:  # whoever read our output has gone; the rest goes nowhere, quietly
        _drop_output()
        leave(BROKEN_PIPE)
    except KeyboardInterrupt:
        leave(INTERRUPTED)
    except Exception as error:
        code = code_of(error)
        if code is None:
            raise
        say(sentence_of(error))
        leave(code)


def run_to_its_end(program: Callable[[], None]) -> None:
    """Run what prints on standard output; ends the process where that cannot be written."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names need not be valid UTF-8
    try:
        try:
            program()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        sys.exit(BROKEN_PIPE)
    except OSError as error:
        if code_of(error) is None:
            raise
        _drop_output()
        say(sentence_of(error))
        sys.exit(UNWRITABLE)


def _drop_output() -> None:
    """What is still to be printed goes nowhere."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
