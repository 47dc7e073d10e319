"""What the program does with its arguments (pipeline/__main__.py begins it).

The commonest call, `digitstring read FILE ...` with no more than --json, does not go through typer: it and the pydantic
that it imports since 0.29 cost as much as half of everything else. What it prints and how it ends is the same; a test
compares both ways.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial

from pipeline.blas import start_with_one_thread
from pipeline.commands.ending import mistakes_in_words, run_to_its_end

JSON = "--json"


def program(arguments: Sequence[str]) -> Callable[[], None]:
    """What the arguments of the command line ask for, imported and ready to run; running it ends the process."""
    files = plain_files(arguments)
    if files is not None:
        return partial(run_to_its_end, partial(_read_plainly, files, JSON in arguments))
    from pipeline.commands.main import app

    return partial(run_to_its_end, partial(app, prog_name="digitstring"))


def plain_files(arguments: Sequence[str]) -> list[str] | None:
    """The files of a call of `read` with no option but --json; None for any other call, which typer understands."""
    if not arguments or arguments[0] != "read":
        return None
    files = [each for each in arguments[1:] if each != JSON]
    return files if files and not any(each.startswith("-") and each != "-" for each in files) else None


def _read_plainly(files: Sequence[str], as_json: bool) -> None:
    with mistakes_in_words(sys.exit):
        start_with_one_thread()
        from pipeline.batch.outcomes import ReaderOptions
        from pipeline.commands.reading.printing import Style, print_readings

        sys.exit(print_readings(files, ReaderOptions(), Style(as_json)))
