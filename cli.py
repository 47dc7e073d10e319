"""The command line: `digitstring`, also `python cli.py`. Thin: it parses, calls `pipeline`, and prints.

Standard output carries data only; progress and messages go to standard error. Exit codes: 0 all read and
accepted; 1 something read is below the threshold; 2 wrong usage; 3 an input could not be read; 4 the
weights are missing or damaged. Where several hold: 4 before 2 before 3 before 1.

Everything but typer is imported where it is needed, so that `--help` needs no weights and `read` starts fast.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import typer.core

if TYPE_CHECKING:
    from pipeline.batch.outcomes import Outcome, ReaderOptions

ACCEPTED, UNSURE, USAGE, UNREADABLE, NO_WEIGHTS = 0, 1, 2, 3, 4
PRIORITY = (NO_WEIGHTS, USAGE, UNREADABLE, UNSURE, ACCEPTED)
INTERRUPTED, BROKEN_PIPE = 130, 141  # as the shell reports a process ended by SIGINT and SIGPIPE
Progress = Callable[[int, int], None]


class Commands(typer.core.TyperGroup):
    """All commands; the one place where errors become a sentence and an exit code."""

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
            code = _exit_code(error)
            if code is None:
                raise
            _say(str(error))
            raise typer.Exit(code) from None


def _exit_code(error: Exception) -> int | None:
    """The exit code of a user's mistake; None for a fault of ours, which keeps its traceback."""
    import pipeline

    if isinstance(error, pipeline.WeightsError):
        return NO_WEIGHTS
    if isinstance(error, pipeline.UsageError):
        return USAGE
    known = (pipeline.PipelineError, pipeline.SegmenterError, pipeline.ClassifierError)
    return UNREADABLE if isinstance(error, known) else None


def _say(message: str) -> None:
    typer.echo(f"digitstring: {message}", err=True)


def _leave_pipe() -> NoReturn:
    """Whoever read our output has gone; the rest goes nowhere, quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(BROKEN_PIPE)


def _worst(codes: set[int]) -> int:
    return next(code for code in PRIORITY if code in codes | {ACCEPTED})


app = typer.Typer(
    name="digitstring",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich costs more CPU to import than an image to read
    pretty_exceptions_enable=False,
    help="Read numbers in images, digit by digit, with an honest probability that the reading is right.",
    epilog="Example: digitstring read amount.png",
)
data_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Fetch and convert the data that training needs."
)
app.add_typer(data_app, name="data", epilog="Example: digitstring data mnist --data mnist")
review_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What people said of unsure readings.")
app.add_typer(review_app, name="review", epilog="Example: digitstring review export review.db --out truth")
template_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Templates of forms.")
app.add_typer(template_app, name="template", epilog="Example: digitstring template new form.png --out form.toml")

Threshold = Annotated[float | None, typer.Option(min=0, max=1, help="Accept readings with at least this confidence.")]
MaxError = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Accept so that at most this share of the accepted is wrong (default: 0.01)."),
]
Weights = Annotated[Path | None, typer.Option(help="Weights file to use instead of the shipped one.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="What the number looks like: digits:8, digits:3-6, amount, date:DDMMYYYY, a pattern such as "
        r"'\d{4}-\d{6}', luhn, mod11, ean13, aba, iban:DE, or one with a check behind: digits:16,luhn.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Review = Annotated[
    Path | None, typer.Option(help="Review file (SQLite) that keeps what is below the threshold, for people.")
]
Alternatives = Annotated[int, typer.Option(min=0, help="How many other texts to name in each record.")]


Document = Annotated[bool, typer.Option("--document", help="The images are whole documents (default: found out).")]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=LEFT,TOP,RIGHT,BOTTOM",
        help="A field of the document, in pixels; may be repeated. Without: fields are found.",
    ),
]


def _options(
    weights: Path | None, threshold: float | None, max_error: float | None, format: str | None, alternatives: int = 3
) -> ReaderOptions:
    import pipeline

    if threshold is not None and max_error is not None:
        raise pipeline.UsageError("--threshold and --max-error both set what is accepted; choose one")
    # Threads of BLAS cost more than they bring at our sizes; must be set before numpy is imported.
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    from pipeline.batch.outcomes import ReaderOptions

    return ReaderOptions(str(weights) if weights else None, threshold, max_error, alternatives, format)


@contextmanager
def _progress_bar(what: str) -> Iterator[Progress | None]:
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


@app.command(epilog="Example: digitstring read --json 'scans/*.png'")
def read(
    images: Annotated[list[str], typer.Argument(help="Image files, globs, or - for standard input.")],
    as_json: JsonOption = False,
    format: Format = None,
    threshold: Threshold = None,
    max_error: MaxError = None,
    alternatives: Annotated[
        int | None, typer.Option(min=0, help="How many other texts to give; without --json a line each.")
    ] = None,
    document: Document = False,
    field: Fields = None,
    template: Annotated[Path | None, typer.Option(help="Fields by a template (see `template new`).")] = None,
    weights: Weights = None,
) -> None:
    """Print the number in each image.

    One image: its text, an empty line when there is none. Several: a line each with file, text and
    confidence, separated by tabs. --json: one object a line, with digits, boxes and alternatives. --format: only
    numbers of that format are looked for; where none fits, there is no text, and a message says so.

    A whole document, such as a cheque, a form or a PDF: a line for each field that is found, with its name.
    """
    options = _options(weights, threshold, max_error, format, 3 if alternatives is None else alternatives)
    from pipeline.batch.outcomes import DocumentOptions, expand_globs, read_outcome
    from pipeline.batch.records import make_record, to_json_line

    files = expand_globs(images)
    documents = DocumentOptions(document, tuple(field or ()), None if template is None else str(template))
    reader = replace(options, documents=documents)()
    codes = set()
    for file in files:
        outcome = read_outcome(reader, sys.stdin.buffer.read() if file == "-" else Path(file), file)
        codes.add(_outcome_code(outcome))
        if outcome.error is not None:
            _say(outcome.error)
        elif outcome.reading is not None:
            for sentence in _notes(outcome.reading):
                _say(f"{file}: {sentence}")
        if as_json:
            sys.stdout.write(to_json_line(make_record(file, outcome.reading, outcome.error)))
        elif outcome.reading is not None:
            names = [file] if len(files) > 1 else []
            sys.stdout.writelines(_plain_lines(names, outcome.reading, bool(alternatives)))
    raise typer.Exit(_worst(codes))


def _notes(reading: Any) -> list[str]:
    """What there is to say of a reading on standard error."""
    return [*getattr(reading, "errors", []), *([] if reading.note is None else [reading.note])]


def _outcome_code(outcome: Outcome) -> int:
    if outcome.reading is None or getattr(outcome.reading, "errors", []):
        return UNREADABLE
    return ACCEPTED if outcome.reading.accepted else UNSURE


def _plain_lines(names: list[str], reading: Any, with_alternatives: bool) -> Iterator[str]:
    """Tab-separated lines: the names there are, the text, and the confidence unless text stands alone. Of a document,
    a line for each field, with its name."""
    if hasattr(reading, "fields"):
        for field in reading.fields:
            yield from _plain_lines([*names, field.name], field.reading, with_alternatives)
        return
    rows = [(reading.text or "", reading.confidence)]
    if with_alternatives:
        rows += [(other.text, other.confidence) for other in reading.alternatives]
    for text, confidence in rows:
        cells = [name.replace("\t", "\\t").replace("\n", "\\n") for name in names]
        cells += [text, f"{confidence:.4f}"] if cells or with_alternatives else [text]
        yield "\t".join(cells) + "\n"


@app.command(epilog="Example: digitstring batch scans --out readings.jsonl --recursive")
def batch(
    folder: Annotated[str, typer.Argument(help="Folder with the images, or its URL (s3://..., gs://..., file://...).")],
    out: Annotated[Path, typer.Option(help="Output, .jsonl or .csv.")],
    recursive: Annotated[bool, typer.Option("--recursive", help="Also read the folders inside.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes (default: one a core, if there is work for them).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler that reads in place of processes here, as tcp://host:8786.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted output.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    format: Format = None,
    threshold: Threshold = None,
    max_error: MaxError = None,
    alternatives: Alternatives = 3,
    weights: Weights = None,
    review: Review = None,
) -> None:
    """Read a folder of images into a file, one record each; unreadable ones get a record with `error`."""
    options = _options(weights, threshold, max_error, format, alternatives)
    from pipeline.batch.outcomes import DocumentOptions
    from pipeline.batch.run import run_batch

    with _progress_bar("Reading") as progress:
        summary = run_batch(
            folder,
            out,
            replace(options, documents=DocumentOptions()),
            recursive=recursive,
            workers=workers,
            scheduler=scheduler,
            resume=resume,
            force=force,
            progress=progress,
            review=review,
        )
    earlier = f" ({summary.earlier} by an earlier run)" if summary.earlier else ""
    _say(
        f"{summary.images} images{earlier}: {summary.accepted} accepted, {summary.unsure} below the "
        f"threshold, {summary.unreadable} unreadable; {out}"
    )
    raise typer.Exit(UNREADABLE if summary.unreadable else UNSURE if summary.unsure else ACCEPTED)


@app.command(epilog="Example: digitstring evaluate strings/truth.csv --readings readings.jsonl")
def evaluate(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH.csv", help="Table with the columns file,text.")],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the files (default: beside the table, or images/ there).")
    ] = None,
    as_json: JsonOption = False,
    readings: Annotated[Path | None, typer.Option(help="Also write the readings, as JSON Lines.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    format: Format = None,
    threshold: Threshold = None,
    max_error: MaxError = None,
    weights: Weights = None,
) -> None:
    """Compare readings with a table of the truth: accuracy, errors, read rates, calibration, speed.

    Exits with 0 when all images could be read, whatever they were read as.
    """
    options = _options(weights, threshold, max_error, format)
    from pipeline.evaluation.evaluate import evaluate as run_evaluation
    from pipeline.evaluation.evaluate import load_truth, write_readings

    truths = load_truth(truth, images)
    with _progress_bar("Evaluating") as progress:
        evaluation, outcomes = run_evaluation(truths, options, workers=workers, progress=progress)
    for outcome in outcomes:
        if outcome.error is not None:
            _say(outcome.error)
    typer.echo(json.dumps(evaluation.to_json()) if as_json else evaluation.to_text())
    if readings is not None:
        write_readings(readings, truths, outcomes)
    raise typer.Exit(UNREADABLE if evaluation.unreadable else ACCEPTED)


@app.command(epilog="Example: digitstring explain amount.png --out picture.png")
def explain(
    image: Annotated[str, typer.Argument(help="Image file, or - for standard input.")],
    out: Annotated[Path, typer.Option(help="The picture to draw, .png.")],
    format: Format = None,
    threshold: Threshold = None,
    max_error: MaxError = None,
    weights: Weights = None,
) -> None:
    """Draw how an image was read: source, ink, cuts, winning spans, rounds of the search; or a document's fields."""
    options = _options(weights, threshold, max_error, format)
    from pipeline.batch.outcomes import DocumentOptions
    from pipeline.explaining.writing import write_explanation

    reader = replace(options, documents=DocumentOptions())()
    reading = write_explanation(sys.stdin.buffer.read() if image == "-" else Path(image), out, reader)
    _say(f"{out}: shows how {image} was read as {reading.text or 'nothing'} ({reading.confidence:.1%})")
    raise typer.Exit(ACCEPTED if reading.accepted else UNSURE)


class NetworkEncoding(StrEnum):
    """What the outputs of a network of the book stand for."""

    TEN = "ten"
    SINGLE = "single"
    BINARY = "binary"


@app.command(
    epilog="Examples: digitstring train --data data --out weights.npz;  "
    "digitstring train --encoding binary --sizes 784,30,4 --out book.npz"
)
def train(
    data: Annotated[Path | None, typer.Option(help="Folder with mnist/ and strokes/.")] = None,
    out: Annotated[Path, typer.Option(help="Weights file to write; its card lies beside it.")] = Path("weights.npz"),
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of each network (default: the recipe's).")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random.")] = None,
    without: Annotated[str | None, typer.Option(help="Pen collections to leave out, such as sta,lex,cec.")] = None,
    first: Annotated[
        Path | None, typer.Option(help="Weights whose first network to keep; only the second is trained.")
    ] = None,
    encoding: Annotated[
        NetworkEncoding | None, typer.Option(help="Train a network of the book on MNIST digits instead.")
    ] = None,
    sizes: Annotated[str | None, typer.Option(help="Of the book's network: neurons a layer, as 784,30,10.")] = None,
    cost: Annotated[str | None, typer.Option(help="Of the book's network: quadratic or cross-entropy.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the book's network (default 3.0).")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Of the book's network: mini-batch (10).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing weights.")] = False,
) -> None:
    """Make the shipped weights again from the data; or, with --encoding, train a network of the book."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a second process draws the strings meanwhile
    from pipeline.training import programs as commands

    commands.train(
        out,
        data,
        encoding=None if encoding is None else encoding.value,
        without=without,
        first=first,
        sizes=sizes,
        options={"epochs": epochs, "seed": seed},
        book_options={"cost": cost, "learning_rate": learning_rate, "batch_size": batch_size},
        resume=resume,
        force=force,
        reporting=_epoch_lines,
    )
    _say(f"{out}: trained")


@contextmanager
def _epoch_lines(epochs: int) -> Iterator[Callable[[Any, int], None]]:
    """What to call after each epoch: a line with its figures, and on a terminal a progress bar below."""
    with _progress_bar("Training") as progress:

        def on_epoch(report: Any, done: int) -> None:
            _say(str(report))
            if progress is not None:
                progress(done, epochs)

        yield on_epoch


@app.command(epilog="Example: digitstring adapt truth.csv --out mine.npz")
def adapt(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH.csv", help="Table with the columns file,text.")],
    out: Annotated[Path, typer.Option(help="Weights file to write; its card lies beside it.")],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the files (default: beside the table, or images/ there).")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights to start from (default: the shipped ones).")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder with mnist/ and strokes/, so that nothing is forgotten.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing weights.")] = False,
) -> None:
    """Make weights that read your kind of picture better, from pictures and their digits; no boxes needed.

    Rows are held out and read before and after; where adapting does not help, the parent's weights are kept.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from pipeline.adapting import adapt as adapting

    with _progress_bar("Adapting") as progress:
        report = adapting.adapt(
            truth,
            out,
            images=images,
            weights=weights,
            data=data,
            recipe=adapting.AdaptRecipe(seed=seed),
            resume=resume,
            force=force,
            say=_say,
            progress=progress or (lambda done, total: None),
        )
    if report.skipped:
        _say(f"{len(report.skipped)} of {len(report.skipped) + report.rows} rows skipped")
    _say(report.warning() or f"{out}: adapted to {report.rows} pictures")


@app.command(epilog="Example: digitstring serve --port 8000 --review review.db")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; by default this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes, each with the weights loaded once.")] = 1,
    review: Review = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name the service is called by, as behind a proxy; may be repeated.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Images that a process reads at once.")] = 2,
    waiting: Annotated[int, typer.Option(min=0, help="Further requests that may wait; then 429.")] = 16,
    deadline: Annotated[float, typer.Option(min=0.001, max=3600, help="Seconds for an image; then 503.")] = 10.0,
    max_bytes: Annotated[int, typer.Option(min=1, help="Bytes of a request at most; else 413.")] = 10 << 20,
    max_pixels: Annotated[int, typer.Option(min=1, help="Pixels of an image at most; else 422.")] = 20_000_000,
    max_images: Annotated[int, typer.Option(min=1, help="Images in a request at most; else 413.")] = 16,
    format: Format = None,
    threshold: Threshold = None,
    max_error: MaxError = None,
    weights: Weights = None,
) -> None:
    """Answer over HTTP: POST /v1/read, a page at /, and the review of what was unsure at /review.

    The environment variable DIGITSTRING_TOKEN holds a bearer token to ask for. Ctrl-C or SIGTERM: requests in flight
    are finished.
    """
    options = _options(weights, threshold, max_error, format)
    from pipeline.service import serve as service
    from pipeline.service.settings import Limits, ServiceSettings, hosts_of

    limits = Limits(
        body_bytes=max_bytes, pixels=max_pixels, images=max_images, threads=threads, waiting=waiting, deadline=deadline
    )
    warning = service.warning_of(host)
    if warning is not None:
        _say(warning)
    hosts = hosts_of(host, tuple(allow_host or ()))
    service.serve(ServiceSettings(options, limits, None if review is None else str(review), hosts), host, port, workers)


@review_app.command(epilog="Example: digitstring review export review.db --out truth")
def export(
    review: Annotated[Path, typer.Argument(help="The review file.")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
) -> None:
    """Write what reviewers said as truth.csv with images/ beside it, for adapt and evaluate; and audit.csv."""
    from pipeline.review.export import export_folder
    from pipeline.review.store import ReviewStore

    count = export_folder(ReviewStore(review, create=False), out)
    _say(f"{out}: {count} images")


class StrokeKind(StrEnum):
    """The stroke files that training reads."""

    DIGITS = "digits"
    STRINGS = "strings"
    OTHERS = "others"


@data_app.command(epilog="Example: digitstring data unipen train_r01_v07 --out digits.jsonl.gz")
def unipen(
    folder: Annotated[Path, typer.Argument(help="The unpacked UNIPEN collection train_r01_v07.")],
    out: Annotated[Path, typer.Option(help="Stroke file to write, .jsonl.gz.")],
    kind: Annotated[
        StrokeKind, typer.Option(help="Isolated digits, strings of digits, or other characters.")
    ] = StrokeKind.DIGITS,
) -> None:
    """Convert pen strokes of the original UNIPEN files."""
    from pipeline.data.unipen import convert_unipen

    with _progress_bar("Converting") as progress:
        report = convert_unipen(folder, out, kind.value, progress)
    for sentence in report.damaged:
        _say(sentence)
    left_out = sum(report.skipped.values())
    _say(f"{out}: {report.written} samples by {report.writers} writers; {left_out} segments left out")


@data_app.command(epilog="Example: digitstring data mnist --data mnist")
def mnist(
    data: Annotated[Path | None, typer.Option(help="Folder to put it in (default: the cache).")] = None,
) -> None:
    """Download MNIST, checked by SHA-256, unless it is there already; prints the folder."""
    from pipeline.data.mnist import fetch_mnist

    typer.echo(str(fetch_mnist(data)))


@template_app.command("new", epilog="Example: digitstring template new form.png --out form.toml")
def template_new(
    scan: Annotated[Path, typer.Argument(help="A scan of the form, filled in.")],
    out: Annotated[Path, typer.Option(help="The template to write, .toml.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing template.")] = False,
    weights: Weights = None,
) -> None:
    """Write a first draft of a template: the fields found on a scan, to be named and corrected by hand."""
    reader = _options(weights, None, None, None)()
    from pipeline.documents.document import draft_template
    from pipeline.documents.templates.template import write_template

    template = draft_template(reader, scan)  # type: ignore[arg-type]
    write_template(template, out, force)
    _say(f"{out}: {len(template.fields)} fields found on {scan}; name them, then read --template {out}")


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


if __name__ == "__main__":
    main()
