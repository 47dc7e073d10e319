"""Read a folder of images into a file of records, so that an interrupted run can be continued."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.batch.cluster import read_on_cluster
from pipeline.batch.folders import RemoteImage, Source, open_folder
from pipeline.batch.outcomes import ReadsImages
from pipeline.batch.records import Record, format_of, header, make_record, to_line, whole_records
from pipeline.batch.workers import default_workers, read_images
from pipeline.errors import ImageError, UsageError
from pipeline.review.store import ReviewStore

Progress = Callable[[int, int], None]  # (images done, images in all)


@dataclass(frozen=True)
class BatchSummary:
    """How many images there are, and what became of them; earlier: done by the run that is continued."""

    images: int
    accepted: int = 0
    unsure: int = 0
    unreadable: int = 0
    earlier: int = 0

    def __post_init__(self) -> None:
        if self.images != self.accepted + self.unsure + self.unreadable:
            raise ValueError(f"the parts do not add up: {self}")


def run_batch(
    folder: str | Path,
    out: Path,
    make_reader: Callable[[], ReadsImages],
    *,
    recursive: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    review: Path | None = None,
) -> BatchSummary:
    """Read the images of `folder` and write one record each to `out`, in the order of their names.

    Every record is written whole as soon as it is known, so killing the run loses at most the line
    that is being written. folder: a path, or a URL of a kind that fsspec knows. workers: processes; None: as many as
    pay. scheduler: of a Dask cluster, which then reads in place of processes here. review: the file that keeps what is
    below the threshold, before its record is written, so that nothing is lost there either.
    Raises ImageError, UsageError, DataError, WeightsError before `out` is touched; PipelineError later.
    """
    images = open_folder(folder)
    names = images.names(recursive)
    earlier, whole = _earlier_records(out, resume, force)
    done = {record["file"] for record in earlier}
    todo = [name for name in names if name not in done]
    sources = [images.image(name) for name in todo]
    queue = None if review is None else ReviewStore(review)
    if scheduler is None:
        outcomes = read_images(sources, make_reader, workers or default_workers(len(sources)))
    else:
        outcomes = read_on_cluster(sources, make_reader, scheduler)
    counts = Counter(_kind(record) for record in earlier)
    with _open_output(out, whole) as file:
        for name, source, outcome in zip(todo, sources, outcomes, strict=True):
            record = make_record(name, outcome.reading, outcome.error)
            if queue is not None and _kind(record) == "unsure":
                _keep(queue, source, record)
            _write(file, out, to_line(record, format_of(out)))
            counts[_kind(record)] += 1
            if progress:
                progress(counts.total(), len(earlier) + len(todo))
    return BatchSummary(counts.total(), **counts, earlier=len(earlier))


def _kind(record: Record) -> str:
    """The part of the summary that a record belongs to."""
    return "unreadable" if "error" in record else "accepted" if record["accepted"] else "unsure"


def _keep(queue: ReviewStore, source: Source, record: Record) -> None:
    try:
        image = source.load() if isinstance(source, RemoteImage) else source.read_bytes()
    except (OSError, ImageError):  # gone since it was read; its record stands
        return
    queue.add(image, record)


def _earlier_records(out: Path, resume: bool, force: bool) -> tuple[list[Record], int]:
    """The records to keep and the bytes they take; nothing is changed yet.

    Raises UsageError: wrong ending, or a file that is there without `resume` or `force`; DataError: a
    file to resume that is no output of ours.
    """
    format_of(out)
    if resume and force:
        raise UsageError("--resume continues the output and --force replaces it; choose one")
    if out.exists() and not out.is_file():
        raise UsageError(f"{out}: is not a file that can be written")
    if not out.exists() or force:
        return [], 0
    if not resume:
        raise UsageError(f"{out}: is there already; --resume continues it, --force replaces it")
    return whole_records(out)


def _open_output(out: Path, whole: int) -> BinaryIO:
    """Open for appending after the first `whole` bytes; a half-written line behind them is cut off."""
    try:
        file = out.open("r+b" if whole else "wb")
        file.truncate(whole)
        file.seek(whole)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); name another output") from None
    if not whole:
        _write(file, out, header(format_of(out)))
    return file


def _write(file: BinaryIO, out: Path, line: bytes) -> None:
    try:
        file.write(line)
        file.flush()
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); --resume continues later") from None
