"""All commands put together; program.py runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
import typer.core

import pipeline
from pipeline.commands.ending import mistakes_in_words
from pipeline.commands.learning import adapt, book, data, evaluate, export, threshold, train
from pipeline.commands.reading import batch, explain, read, review, serve, template
from pipeline.commands.terminal import paths_of, talkative
from pipeline.files import why_no_file


class Commands(typer.core.TyperGroup):
    """All commands, their mistakes put in words."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the context names; a mistake ends it with a sentence and its exit code."""
        with mistakes_in_words(_leave, typer.Exit):
            return super().invoke(ctx)


class Command(typer.core.TyperCommand):
    """A command. What names none of its files, though Path would take it for one, is a mistake."""

    paths: tuple[str, ...] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer does. Raises UsageError for an empty name, as where a variable is not set, and for a URL."""
        given = self.make_parser(ctx).parse_args(list(args))[0]
        for name in self.paths:
            trouble = why_no_file(given[name]) if isinstance(given.get(name), str) else None
            if trouble is not None and not ctx.resilient_parsing:
                raise pipeline.UsageError(trouble)
        return super().parse_args(ctx, args)


def _leave(code: int) -> NoReturn:
    raise typer.Exit(code)


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


def _add(group: typer.Typer, command: Callable[..., Any], example: str) -> None:
    """A command with its example, and with the switches that every command has."""
    named = type("Command", (Command,), {"paths": paths_of(command)})
    group.command(epilog=f"Example: digitstring {example}", cls=named)(talkative(command))


_add(app, read.read, "read --json 'scans/*.png'")
_add(app, batch.batch, "batch scans --out readings.jsonl --recursive")
_add(app, evaluate.evaluate, "evaluate strings/truth.csv --readings readings.jsonl")
_add(app, threshold.threshold, "threshold truth.csv --max-error 0.01 --confidence 0.95")
_add(app, explain.explain, "explain amount.png --out picture.png")
_add(app, export.export, "export weights.onnx")
_add(app, train.train, "train --data data --out weights.npz")
_add(app, adapt.adapt, "adapt truth.csv --out mine.npz")
_add(app, serve.serve, "serve --port 8000 --review review.db")

_data = _group("data", "Fetch and convert the data that training needs.", "data mnist --data mnist")
_add(_data, data.unipen, "data unipen train_r01_v07 --out digits.jsonl.gz")
_add(_data, data.mnist, "data mnist --data mnist")
_add(_data, data.collection, "data collection swiss-numbers --data data")
_review = _group("review", "What people said of unsure readings.", "review export review.db --out truth")
_add(_review, review.export, "review export review.db --out truth")
_add(_review, review.purge, "review purge review.db --before 2026-01-31")
_template = _group("template", "Templates of forms.", "template new form.png --out form.toml")
_add(_template, template.new, "template new form.png --out form.toml")
_book = _group("book", "The networks of Nielsen's book, one digit a picture.", "book train --out book.npz")
_add(_book, book.train, "book train --encoding binary --sizes 784,30,4 --out book.npz")
_add(_book, book.read, "book read --weights book.npz digit.png")
