"""What a terminal gets besides sentences: the switches for how many, and progress on standard error."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from pipeline.commands.saying import be, is_quiet, tell

Progress = Callable[[int, int], None]  # (done, in all)


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what goes wrong.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]


def paths_of(command: Callable[..., Any]) -> tuple[str, ...]:
    """The parameters of a command that are files or folders, by their annotations."""
    hints = get_type_hints(command)
    return tuple(name for name, hint in hints.items() if hint in (Path, Path | None))


def talkative(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with --quiet and --verbose, unless it has its own."""
    signature = inspect.signature(command, eval_str=True)  # in the command's own module
    if "quiet" in signature.parameters:
        return command

    @functools.wraps(command)
    def talking(*arguments: Any, quiet: bool, verbose: bool, **options: Any) -> Any:
        be(quiet, verbose)
        return command(*arguments, **options)

    switches = {"quiet": Quiet, "verbose": Verbose}
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=note)
        for name, note in switches.items()
    ]
    parameters = [*signature.parameters.values(), *added]
    talking.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    talking.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return talking


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """A progress bar on standard error, with rate and remaining time; None where that is no terminal."""
    if not sys.stderr.isatty() or is_quiet():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(what, *columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None, rate="")

        def update(done: int, total: int) -> None:
            speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
            rate = f"{speed:.1f}/s" if speed else ""
            progress.update(task, completed=done, total=total, rate=rate)

        yield update


@contextmanager
def epoch_lines(epochs: int) -> Iterator[Callable[[Any, int], None]]:
    """What to call after each epoch of a training (with its report, and how many are done): a line with its figures,
    and on a terminal a progress bar below."""
    with progress_bar("Training") as progress:

        def on_epoch(report: Any, done: int) -> None:
            tell(str(report))
            if progress is not None:
                progress(done, epochs)

        yield on_epoch
