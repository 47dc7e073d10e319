"""`digitstring evaluate`: readings against a table of the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.codes import ACCEPTED, UNREADABLE
from pipeline.commands.saying import say
from pipeline.commands.terminal import progress_bar


def evaluate(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH.csv", help="Table with the columns file,text.")],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the files (default: beside the table, or images/ there).")
    ] = None,
    as_json: o.Json = False,
    readings: Annotated[Path | None, typer.Option(help="Also write the readings, as JSON Lines.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    format: o.Format = None,
    threshold: o.Threshold = None,
    max_error: o.MaxError = None,
    profile: o.Profile = None,
    weights: o.Weights = None,
    second: o.Second = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing readings.")] = False,
) -> None:
    """Compare readings with a table of the truth: accuracy, errors, read rates, calibration, speed.

    Exits with 0 when all images could be read, whatever they were read as.
    """
    options = o.reader_options(weights, threshold, max_error, format, profile=profile, second=second)
    from pipeline.evaluation.evaluation import evaluate as run_evaluation
    from pipeline.evaluation.evaluation import load_truth, write_readings
    from pipeline.files import check_new

    if readings is not None:
        check_new(readings, force, inputs=[truth])
    truths = load_truth(truth, images)
    with progress_bar("Evaluating") as progress:
        evaluation, outcomes = run_evaluation(truths, options, workers=workers, progress=progress)
    for outcome in outcomes:
        if outcome.error is not None:
            say(outcome.error)
    typer.echo(json.dumps(evaluation.to_json()) if as_json else evaluation.to_text())
    if readings is not None:
        write_readings(readings, truths, outcomes)
    raise typer.Exit(UNREADABLE if evaluation.unreadable else ACCEPTED)
