"""Read a folder of images into a file of records, so that an interrupted run can be continued."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline.batch.cluster import read_on_cluster
from pipeline.batch.folders import Listing, RemoteImage, Source, open_folder
from pipeline.batch.interrupts import InterruptedBatch, Stop, StoppedError
from pipeline.batch.layouts import FileLayout
from pipeline.batch.outcomes import Outcome, ReadsImages
from pipeline.batch.output import Output, Settings
from pipeline.batch.records import Record, make_record, status_of
from pipeline.batch.workers import default_workers, read_images
from pipeline.errors import ImageError, OutputError, Remedy
from pipeline.review.store import ReviewStore

Step = TypeVar("Step")
Progress = Callable[[int, int], None]  # (images done, images in all)


@dataclass(frozen=True)
class BatchSummary:
    """How many images there are, and what became of them; earlier: done by the run that is continued. hidden, others:
    files of the folder that were left out, by a leading dot, or since their names are not those of images."""

    images: int
    accepted: int = 0
    unsure: int = 0
    unreadable: int = 0
    earlier: int = 0
    hidden: int = 0
    others: int = 0

    def __post_init__(self) -> None:
        if self.images != self.accepted + self.unsure + self.unreadable:
            raise ValueError(f"the parts do not add up: {self}")


class BatchTally:
    """What became of the images so far; earlier: the records there are already, todo: how many images are to come."""

    def __init__(self, earlier: Sequence[Record], todo: int, progress: Progress | None = None) -> None:
        self._counts = Counter(status_of(record) for record in earlier)
        self._earlier, self._total, self._progress = len(earlier), len(earlier) + todo, progress

    @property
    def left(self) -> int:
        """How many images are still to come."""
        return self._total - self._counts.total()

    def add(self, record: Record) -> None:
        """Count a record, and tell whoever watches."""
        self._counts[status_of(record)] += 1
        if self._progress:
            self._progress(self._counts.total(), self._total)

    def said(self) -> str:
        """How far it is, in words."""
        return f"{self._counts.total()} of {self._total} images"

    def summary(self, listing: Listing) -> BatchSummary:
        """The whole batch, with what `listing` left out."""
        return BatchSummary(
            self._counts.total(),
            **self._counts,
            earlier=self._earlier,
            hidden=listing.hidden,
            others=listing.others,
        )


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
    review_blank: bool = False,
    main: bool = False,
    excel: bool = False,
    settings: Settings | None = None,
    stop: Stop | None = None,
) -> BatchSummary:
    """Read the images of `folder` and write their records to `out`, in the order of their names.

    Every record is written whole as soon as it is known, so killing the run loses at most the record that is being
    written. folder: a path, or a URL of a kind that fsspec knows. workers: processes; None: as many as pay. scheduler:
    of a Dask cluster, which then reads in place of processes here. review: the file that keeps what is below the
    threshold, before its record is written, so that nothing is lost there either; review_blank: also blank pictures and
    fields. main, excel: see FileLayout. settings: what decides the readings, kept beside `out`; resuming with others is
    refused. stop: ends the batch where it becomes true.
    Raises ImageError, UsageError, DataError, WeightsError before `out` is touched; OutputError later;
    UnreachableError at any time.
    """
    images = open_folder(folder)
    listing = images.listing(recursive)
    with Output(out, FileLayout.of(out, main, excel), settings, resume=resume, force=force) as output:
        todo = output.left_of(listing.names)
        sources = [images.image(name) for name in todo]
        queue = None if review is None else ReviewStore(review)
        outcomes = _outcomes(sources, make_reader, workers, scheduler, stop)
        tally = BatchTally(output.earlier, len(todo), progress)
        output.begin()
        steps = _until(zip(todo, sources, outcomes, strict=True), stop)
        for record in _kept_records(steps, queue, review_blank):
            output.add(record)
            tally.add(record)
    if stop and tally.left:
        raise InterruptedBatch(f"interrupted after {tally.said()}; their records are in {out}", stop.signal)
    return tally.summary(listing)


def _outcomes(
    sources: list[Source],
    make_reader: Callable[[], ReadsImages],
    workers: int | None,
    scheduler: str | None,
    stop: Stop | None,
) -> Iterator[Outcome]:
    if scheduler is not None:
        return read_on_cluster(sources, make_reader, scheduler)
    return read_images(sources, make_reader, workers or default_workers(len(sources)), stop)


def _until(steps: Iterator[Step], stop: Stop | None) -> Iterator[Step]:
    """The steps until there is a reason to stop; the one at hand is done."""
    if stop:
        return
    try:
        for step in steps:
            yield step
            if stop:
                return
    except StoppedError:
        return


def _kept_records(
    steps: Iterator[tuple[str, Source, Outcome]], queue: ReviewStore | None, blank: bool
) -> Iterator[Record]:
    """The record of each outcome; what is below the threshold is in the queue before."""
    for name, source, outcome in steps:
        record = make_record(name, outcome.reading, outcome.error)
        if queue is not None and "accepted" in record and not record["accepted"]:
            _keep(queue, source, record, blank)
        yield record


def _keep(queue: ReviewStore, source: Source, record: Record, blank: bool) -> None:
    try:
        image = source.load() if isinstance(source, RemoteImage) else source.read_bytes()
    except (OSError, ImageError):  # gone since it was read; its record stands
        return
    try:
        queue.keep(image, record, blank)
    except ImageError:  # nor can it be opened any more
        return
    except OutputError as error:  # its record is not written yet
        raise OutputError(error.problem, Remedy.RESUME) from None
