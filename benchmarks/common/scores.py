"""What the benchmarks of the shipped weights share: options, the reader, figures of readings, and the report."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.tables import data_folder
from classifier.errors import ClassifierError
from pipeline.errors import PipelineError
from pipeline.evaluation.metrics import calibration_error, calibration_noise, read_rate, wilson
from pipeline.files import write_whole
from pipeline.reading.field_reader import SHIPPED, FieldReader
from pipeline.reading.result import Reading

READ_RATE_ERROR = 0.01
NOISE_SEED = 2  # of the simulation that says how large a calibration error chance alone makes


@dataclass(frozen=True)
class Scores:
    """Readings of n strings: whether each was exactly right, and with what confidence."""

    right: tuple[bool, ...]
    confidences: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.right) != len(self.confidences) or not self.right:
            raise ValueError("one confidence for each of at least one string is needed")

    @classmethod
    def of(cls, pairs: Iterable[tuple[Reading, str]]) -> Scores:
        """The scores of readings, each with the digits it should have found ("" for none)."""
        found = [((reading.text or "") == text, reading.confidence) for reading, text in pairs]
        return cls(tuple(right for right, _ in found), tuple(confidence for _, confidence in found))

    @classmethod
    def joined(cls, parts: Iterable[Scores]) -> Scores:
        """All strings of several scores together."""
        parts = list(parts)
        return cls(tuple(x for part in parts for x in part.right), tuple(x for part in parts for x in part.confidences))

    @property
    def accuracy(self) -> float:
        return sum(self.right) / len(self.right)

    def cells(self) -> list[str]:
        """What `HEADER` names."""
        confidences, right = np.array(self.confidences), np.array(self.right)
        chance, _ = calibration_noise(confidences, np.random.default_rng(NOISE_SEED))
        return [
            str(len(right)),
            share(sum(self.right), len(right)),
            f"{read_rate(confidences, right, READ_RATE_ERROR):.1%}",
            f"{calibration_error(confidences, right):.3f} ({chance:.3f})",
        ]

    def to_json(self) -> dict[str, Any]:
        """Figures as shares in [0, 1]."""
        confidences, right = np.array(self.confidences), np.array(self.right)
        chance, _ = calibration_noise(confidences, np.random.default_rng(NOISE_SEED))
        return {
            "n": len(right),
            "right": sum(self.right),
            "accuracy": self.accuracy,
            "wilson95": wilson(sum(self.right), len(right)),
            "read_rate_at_1%": read_rate(confidences, right, READ_RATE_ERROR),
            "calibration_error": calibration_error(confidences, right),
            "calibration_noise": chance,
        }


HEADER = ("n", "strings right (95 % interval)", "read rate at 1 % error", "calibration error (by chance)")


def share(count: int, n: int) -> str:
    """A share with its interval (Wilson 1927) at 95 %."""
    low, high = wilson(count, n)
    return f"{count / n:.1%} ({low:.1%} to {high:.1%})" if n else "-"


def options(text: str | None, out: str, seed: int | None = None) -> argparse.ArgumentParser:
    """A parser with the options that all these benchmarks have; `seed` where they draw anything."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="weights file (default: the shipped one)")
    parser.add_argument("--data", type=Path, help="data folder (default: DIGITSTRING_DATA)")
    parser.add_argument("--out", type=Path, default=Path("runs") / out, help="where the figures go, as JSON")
    if seed is not None:
        parser.add_argument("--seed", type=int, default=seed)
    return parser


def open_reader(weights: Path) -> FieldReader:
    """The reader with these weights. Raises SystemExit with one sentence."""
    try:
        return FieldReader(weights)
    except (ClassifierError, PipelineError) as error:
        raise SystemExit(str(error)) from error


def find_data(given: Path | None) -> Path:
    """The data folder. Raises SystemExit where there is none."""
    folder = given or data_folder()
    if folder is None or not folder.is_dir():
        raise SystemExit(f"no data folder{f' {folder}' if folder else ''}: name one with --data or DIGITSTRING_DATA")
    return folder


def left_out(card: dict[str, Any]) -> tuple[str, ...] | None:
    """The pen collections that the weights' card says they were not trained on; None where it does not say."""
    without = card.get("recipe", {}).get("without")
    return None if without is None else tuple(without)


def describe(weights: Path, reader: FieldReader) -> dict[str, Any]:
    """Which weights these are, for the report."""
    without = left_out(reader.card)
    print(
        f"weights {weights.name}, SHA-256 {sha256(weights)[:12]}; "
        + (
            "their card does not say which pen collections were left out of training"
            if without is None
            else f"by their card trained without the pen collections: {', '.join(without) or 'none left out'}"
        )
    )
    return {"file": weights.name, "sha256": sha256(weights), "left_out_collections": without}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_report(out: Path, report: dict[str, Any]) -> None:
    """Writes the report, and its folder where there is none."""
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, json.dumps(report, indent=1) + "\n")
