"""`digitstring threshold`: from a labelled sample, the threshold that keeps a promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.codes import ACCEPTED, UNSURE
from pipeline.commands.saying import say, tell
from pipeline.commands.terminal import progress_bar


def threshold(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH.csv", help="Table with the columns file,text.")],
    max_error: Annotated[float, typer.Option(help="The share of the accepted that may be wrong.")] = 0.01,
    confidence: Annotated[float, typer.Option(help="The probability with which that is kept.")] = 0.95,
    out: Annotated[Path, typer.Option(help="Profile to write, for --profile of the other commands.")] = Path(
        "profile.json"
    ),
    images: Annotated[
        Path | None, typer.Option(help="Folder of the files (default: beside the table, or images/ there).")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    format: o.Format = None,
    weights: o.Weights = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing profile.")] = False,
) -> None:
    """Find the threshold from which on at most a share of the accepted is wrong, and print it.

    The sample must be like what is to be read, taken at random, and not have been used to train or adapt the weights.
    The profile holds for the weights and the format that it was made with. Exits with 1, and writes nothing, where the
    sample is too small for the promise, or no threshold keeps it.
    """
    options = o.reader_options(weights, None, None, format)
    from pipeline.evaluation.evaluation import load_truth
    from pipeline.evaluation.profiling import NoGuarantee, measure, write_profile
    from pipeline.files import check_new

    check_new(out, force, inputs=[truth])
    truths = load_truth(truth, images)
    try:
        with progress_bar("Reading") as progress:
            profile = measure(truths, options, max_error, confidence, workers=workers, progress=progress)
    except NoGuarantee as trouble:
        say(str(trouble))
        raise typer.Exit(UNSURE) from None
    write_profile(profile, out)
    typer.echo(json.dumps(profile.threshold))
    tell(
        f"{out}: {profile.accepted} of {profile.rows} rows are accepted from {profile.threshold:.4f} on, "
        f"{profile.wrong} of them wrong; of all that will be, at most {profile.bound:.2%} "
        f"(with {confidence:.4g} confidence)"
    )
    raise typer.Exit(ACCEPTED)
