"""What the program does with its arguments (pipeline/__main__.py begins it).

The commonest call, `digitstring read FILE ...` with no more than --json, does not go through typer: it and the pydantic
that it imports since 0.29 cost as much as half of everything else. What it prints and how it ends is the same; a test
compares both ways.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pipeline.blas import start_with_one_thread
from pipeline.commands.ending import mistakes_in_words, run_to_its_end

JSON = "--json"


def main() -> None:
    """Run the program; ends the process."""
    files = plain_files(sys.argv[1:])
    if files is None:
        run_to_its_end(_run_command)
    else:
        run_to_its_end(lambda: _read_plainly(files, JSON in sys.argv))


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


def _run_command() -> None:
    from pipeline.commands.main import app

    app(prog_name="digitstring")
