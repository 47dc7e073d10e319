"""All commands put together: `digitstring`, `python -m pipeline`, and in a clone `python cli.py`.

The one place where errors become a sentence and an exit code (`pipeline.commands.codes`).
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, NoReturn

import typer
import typer.core

import pipeline
from pipeline.commands import (
    adapt,
    batch,
    book,
    data,
    evaluate,
    explain,
    read,
    review,
    serve,
    template,
    threshold,
    train,
)
from pipeline.commands.codes import BROKEN_PIPE, INTERRUPTED, code_of
from pipeline.commands.terminal import say


class Commands(typer.core.TyperGroup):
    """All commands, their mistakes put in words."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Exit:  # not a mistake: how a command ends
            raise
        except BrokenPipeError:
            _leave_pipe()
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            code = code_of(error)
            if code is None:
                raise
            say(str(error))
            raise typer.Exit(code) from None


def _leave_pipe() -> NoReturn:
    """Whoever read our output has gone; the rest goes nowhere, quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(BROKEN_PIPE)


app = typer.Typer(
    name="digitstring",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich costs more CPU to import than an image to read
    pretty_exceptions_enable=False,
    help="Read numbers in images, digit by digit, with an honest probability that the reading is right.",
    epilog="Example: digitstring read amount.png",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"digitstring {pipeline.__version__}")
        raise typer.Exit


@app.callback()
def _all_commands(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    pass


def _group(name: str, help: str, example: str) -> typer.Typer:
    """A group of commands, such as `data`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=help)
    app.add_typer(group, name=name, epilog=f"Example: digitstring {example}")
    return group


app.command(epilog="Example: digitstring read --json 'scans/*.png'")(read.read)
app.command(epilog="Example: digitstring batch scans --out readings.jsonl --recursive")(batch.batch)
app.command(epilog="Example: digitstring evaluate strings/truth.csv --readings readings.jsonl")(evaluate.evaluate)
app.command(epilog="Example: digitstring threshold truth.csv --max-error 0.01 --confidence 0.95")(threshold.threshold)
app.command(epilog="Example: digitstring explain amount.png --out picture.png")(explain.explain)
app.command(epilog="Example: digitstring train --data data --out weights.npz")(train.train)
app.command(epilog="Example: digitstring adapt truth.csv --out mine.npz")(adapt.adapt)
app.command(epilog="Example: digitstring serve --port 8000 --review review.db")(serve.serve)

_data = _group("data", "Fetch and convert the data that training needs.", "data mnist --data mnist")
_data.command(epilog="Example: digitstring data unipen train_r01_v07 --out digits.jsonl.gz")(data.unipen)
_data.command(epilog="Example: digitstring data mnist --data mnist")(data.mnist)
_data.command(epilog="Example: digitstring data collection swiss-numbers --data data")(data.collection)
_review = _group("review", "What people said of unsure readings.", "review export review.db --out truth")
_review.command(epilog="Example: digitstring review export review.db --out truth")(review.export)
_template = _group("template", "Templates of forms.", "template new form.png --out form.toml")
_template.command(epilog="Example: digitstring template new form.png --out form.toml")(template.new)
_book = _group("book", "The networks of Nielsen's book, one digit a picture.", "book train --out book.npz")
_book.command(epilog="Example: digitstring book train --encoding binary --sizes 784,30,4 --out book.npz")(book.train)
_book.command(epilog="Example: digitstring book read --weights book.npz digit.png")(book.read)


def main() -> None:
    """Run the program; ends the process."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names need not be valid UTF-8
    try:
        try:
            app(prog_name="digitstring")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
