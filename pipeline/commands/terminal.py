"""What people see on standard error: sentences, and progress where it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

Progress = Callable[[int, int], None]  # (done, in all)


def say(message: str) -> None:
    """A sentence on standard error."""
    typer.echo(f"digitstring: {message}", err=True)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """A progress bar on standard error, with rate and remaining time; None where that is no terminal."""
    if not sys.stderr.isatty():
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
            say(str(report))
            if progress is not None:
                progress(done, epochs)

        yield on_epoch
