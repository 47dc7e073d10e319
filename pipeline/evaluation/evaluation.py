"""How good are the readings? The figures of a truth table against a reader.

Definitions: strings count as right only when they are exactly the truth; an image that could not be
read counts as wrong with confidence 0. Intervals are Wilson's (1927) at 95 %.
"""

from __future__ import annotations

import csv
import posixpath
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.batch.outcomes import Outcome, ReadsImages
from pipeline.batch.records import make_record, to_json_line
from pipeline.batch.workers import read_images
from pipeline.errors import DataError
from pipeline.evaluation.metrics import calibration_error, calibration_noise, edit_distance, read_rate, wilson
from pipeline.files import write_whole

ERROR_BOUNDS = (0.05, 0.01, 0.001)
NOISE_SEED = 2


@dataclass(frozen=True)
class Truth:
    """A row of the truth table: the name as written there, where the image lies, its digits ("": none)."""

    file: str
    path: Path
    text: str


@dataclass(frozen=True)
class LengthResult:
    """The strings of one true length."""

    length: int
    images: int
    right: int

    def to_json(self) -> dict[str, Any]:
        """Counts, the error and its interval."""
        low, high = wilson(self.images - self.right, self.images)
        return {**asdict(self), "error": 1 - self.right / self.images, "error_wilson95": [low, high]}


@dataclass(frozen=True)
class Evaluation:
    """The figures of one run; rates and errors are shares in [0, 1], not per cent.

    read_rates: for each of ERROR_BOUNDS, the largest share of images that can be accepted, the most
        confident first, such that the error among them stays within the bound.
    accepted, accepted_right: counts at the reader's own threshold.
    calibration_noise: (mean, 95 % quantile) of the calibration error that a perfectly calibrated
        reader with the same confidences would show on as many images, by chance alone.
    images_per_second: of wall clock, all workers together. cpu_ms_per_image: of CPU time, one image.
    """

    images: int
    unreadable: int
    right: int
    character_error_rate: float
    by_length: tuple[LengthResult, ...]
    read_rates: tuple[float, ...]
    accepted: int
    accepted_right: int
    calibration_error: float
    calibration_noise: tuple[float, float]
    images_per_second: float
    cpu_ms_per_image: float

    def __post_init__(self) -> None:
        if not 0 <= self.accepted_right <= self.accepted <= self.images or self.right > self.images:
            raise ValueError(f"counts that cannot be: {self}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; names as in the tables, bounds in per cent."""
        wrong = self.accepted - self.accepted_right
        return {
            "images": self.images,
            "unreadable": self.unreadable,
            "right": self.right,
            "string_accuracy": self.right / self.images,
            "wilson95": list(wilson(self.right, self.images)),
            "character_error_rate": self.character_error_rate,
            **{f"read_rate_at_{bound:.4g}%": rate for bound, rate in self._bounds_and_rates()},
            "accepted": self.accepted / self.images,
            "error_of_accepted": wrong / self.accepted if self.accepted else None,
            "error_of_accepted_wilson95": list(wilson(wrong, self.accepted)),
            "calibration_error": self.calibration_error,
            "calibration_noise": {"mean": self.calibration_noise[0], "95%": self.calibration_noise[1]},
            "images_per_second": self.images_per_second,
            "cpu_ms_per_image": self.cpu_ms_per_image,
            "by_length": [result.to_json() for result in self.by_length],
        }

    def to_text(self) -> str:
        """The figures as a table for people."""
        low, high = wilson(self.right, self.images)
        wrong = self.accepted - self.accepted_right
        wrong_low, wrong_high = wilson(wrong, self.accepted)
        mean, most = self.calibration_noise
        lines = [
            f"images                 {self.images}" + f" ({self.unreadable} unreadable)" * bool(self.unreadable),
            f"string accuracy        {self.right / self.images:.1%}  (95 %: {low:.1%} to {high:.1%})",
            f"character error rate   {self.character_error_rate:.2%}",
            *(f"read rate at {bound:4.4g} %    {rate:.1%}" for bound, rate in self._bounds_and_rates()),
            f"accepted               {self.accepted / self.images:.1%}, of them wrong "
            + (f"{wrong / self.accepted:.2%}" if self.accepted else "none")
            + f"  (95 %: {wrong_low:.2%} to {wrong_high:.2%})",
            f"calibration error      {self.calibration_error:.4f}  "
            f"(by chance alone {mean:.4f}, in 95 % of cases below {most:.4f})",
            f"speed                  {self.images_per_second:.1f} images/s, "
            f"{self.cpu_ms_per_image:.1f} ms CPU an image",
            "",
            "length  images   error  95 % interval",
        ]
        for result in self.by_length:
            low, high = wilson(result.images - result.right, result.images)
            error = 1 - result.right / result.images
            lines.append(f"{result.length:6} {result.images:7} {error:7.1%}  {low:.1%} to {high:.1%}")
        return "\n".join(lines)

    def _bounds_and_rates(self) -> list[tuple[float, float]]:
        return [(100 * bound, rate) for bound, rate in zip(ERROR_BOUNDS, self.read_rates, strict=True)]


def load_truth(table: Path, images: Path | None = None) -> list[Truth]:
    """Rows of a CSV with the columns `file` and `text` (digits; empty for an image without a number).

    A file is looked up in `images` if given, else beside the table, else in `images/` beside it.
    Raises DataError: the table is missing or has other columns, no rows, duplicates, a text that is no
    digits, or names files that are not there.
    """
    folders = [images] if images is not None else [table.parent, table.parent / "images"]
    rows: dict[str, Truth] = {}
    for line, file, text in table_rows(table):
        if text is None:
            raise DataError(f"{table}: line {line}: the text is missing")
        name = posixpath.normpath(file.replace("\\", "/"))
        if not file or name in rows:
            raise DataError(f"{table}: line {line}: {f'{file} is there twice' if file else 'no file name'}")
        if text.strip("0123456789"):
            raise DataError(f"{table}: line {line}: the text {text!r} has other characters than the digits 0-9")
        candidates = [folder / file for folder in folders]
        rows[name] = Truth(file, next((path for path in candidates if path.is_file()), candidates[-1]), text)
    missing = [truth.file for truth in rows.values() if not truth.path.is_file()]
    if missing:
        places = " or ".join(str(folder) for folder in folders)
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise DataError(f"{table}: {len(missing)} of its {len(rows)} files are not in {places}: {shown}")
    if not rows:
        raise DataError(f"{table}: has no rows")
    return list(rows.values())


def table_rows(table: Path) -> list[tuple[int, str, str | None]]:
    """(line number, file, text) of each row, as written there; None where a row ends before its text. Raises
    DataError: the table is missing, no CSV in UTF-8, or has other columns."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            if not {"file", "text"} <= set(reader.fieldnames or ()):
                raise DataError(f"{table}: its first line must name the columns file,text")
            return [(reader.line_num, row["file"] or "", row["text"]) for row in reader]
    except FileNotFoundError:
        raise DataError(f"{table}: no such file; check the path") from None
    except OSError as error:
        raise DataError(f"{table}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"{table}: is not a CSV file in UTF-8") from None


def evaluate(
    truths: Sequence[Truth],
    make_reader: Callable[[], ReadsImages],
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Evaluation, list[Outcome]]:
    """Read every image and compare. Raises what `read_images` raises."""
    outcomes = []
    reading = read_images([truth.path for truth in truths], make_reader, workers)
    start = time.perf_counter()
    for outcome in reading:
        outcomes.append(outcome)
        if progress:
            progress(len(outcomes), len(truths))
    return compare(truths, outcomes, time.perf_counter() - start), outcomes


def compare(truths: Sequence[Truth], outcomes: Sequence[Outcome], seconds: float) -> Evaluation:
    """The figures of outcomes in the order of `truths`, which took `seconds` of wall clock."""
    readings = [outcome.reading for outcome in outcomes]
    texts = [(reading.text or "") if reading else "" for reading in readings]
    confidences = np.array([reading.confidence if reading else 0.0 for reading in readings])
    right = np.array([text == truth.text for text, truth in zip(texts, truths, strict=True)])
    accepted = np.array([reading is not None and reading.accepted for reading in readings])
    edits = sum(edit_distance(text, truth.text) for text, truth in zip(texts, truths, strict=True))
    return Evaluation(
        images=len(truths),
        unreadable=readings.count(None),
        right=int(right.sum()),
        character_error_rate=edits / max(1, sum(len(truth.text) for truth in truths)),
        by_length=_by_length(truths, right),
        read_rates=tuple(read_rate(confidences, right, bound) for bound in ERROR_BOUNDS),
        accepted=int(accepted.sum()),
        accepted_right=int((accepted & right).sum()),
        calibration_error=calibration_error(confidences, right),
        calibration_noise=calibration_noise(confidences, np.random.default_rng(NOISE_SEED)),
        images_per_second=len(truths) / max(seconds, 1e-9),
        cpu_ms_per_image=1000 * sum(outcome.cpu_seconds for outcome in outcomes) / len(truths),
    )


def _by_length(truths: Sequence[Truth], right: np.ndarray) -> tuple[LengthResult, ...]:
    lengths = np.array([len(truth.text) for truth in truths])
    return tuple(
        LengthResult(int(length), int((lengths == length).sum()), int(right[lengths == length].sum()))
        for length in np.unique(lengths)
    )


def write_readings(out: Path, truths: Sequence[Truth], outcomes: Sequence[Outcome]) -> None:
    """The records of all images as JSON Lines, named as in the truth table. Raises UsageError, OutputError."""
    lines = [
        to_json_line(make_record(truth.file, outcome.reading, outcome.error))
        for truth, outcome in zip(truths, outcomes, strict=True)
    ]
    write_whole(out, "".join(lines))
