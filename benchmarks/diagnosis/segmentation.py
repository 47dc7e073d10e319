"""Recall of the cuts: for how many true digits is there a span that is just that digit, and among how many spans.

    python -m benchmarks.diagnosis.segmentation

On real pictures with known boxes a span is a digit when the boxes have an IoU of 0.7; on synthetic strings by unseen
writers when it holds 90 % of the digit's ink and 85 % of its ink is the digit's (span_truth.py). Spans are counted
before any network sees them, but those too small to be a digit are left out of the count.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.tables import data_folder, markdown
from benchmarks.diagnosis.span_truth import BoxTruth, OwnerTruth
from pipeline.evaluation.metrics import wilson
from pipeline.images import load_grey
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import EVALUATION
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import load_data
from segmenter.cuts import find_cuts
from segmenter.ink import LINE_HEIGHT, extract_ink
from segmenter.pieces import Pieces, cut_pieces
from segmenter.spans import Spans, find_spans

LEAST_SIDE = LINE_HEIGHT / 5  # a span whose box is smaller than this in height and width is no digit
FIRST_HALF = 423  # constants were chosen on cheque amounts up to this file number
HEADER = ["pictures", "n", "true digits", "recall (95 % interval)", "spans a true digit", "CPU ms a picture"]


@dataclass
class SpanTally:
    """What was counted over some pictures; without[kind]: digits found when cuts of that kind are left out."""

    pictures: int = 0
    digits: int = 0
    found: int = 0
    spans: int = 0
    cpu: float = 0.0
    without: Counter[str] = field(default_factory=Counter)

    def add(self, grey: np.ndarray, truth: BoxTruth | OwnerTruth) -> None:
        """Count one picture: (H, W) float32 in [0, 1]."""
        begin = time.process_time()
        ink = extract_ink(grey)
        cuts = find_cuts(ink)
        pieces = cut_pieces(ink, cuts) if cuts else None
        spans = find_spans(pieces) if pieces is not None else None
        self.cpu += time.process_time() - begin
        self.pictures += 1
        self.digits += len(truth.text)
        if pieces is None or spans is None:
            return
        found = _found(truth, pieces, spans)
        self.found += found
        size = spans.box[:, 2:] - spans.box[:, :2]
        self.spans += int((size.max(axis=1) >= LEAST_SIDE).sum())
        kinds = np.array([cut.kind for cut in cuts])
        for kind in set(kinds) - {"border"}:
            self.without[kind] += _found(truth, pieces, find_spans(pieces, kinds != kind)) - found

    def cells(self, name: str) -> list[str]:
        """What `HEADER` names."""
        low, high = wilson(self.found, self.digits)
        return [
            name,
            str(self.pictures),
            str(self.digits),
            f"{self.found / self.digits:.1%} ({low:.1%} to {high:.1%})",
            f"{self.spans / self.digits:.1f}",
            f"{1000 * self.cpu / self.pictures:.1f}",
        ]


def _found(truth: BoxTruth | OwnerTruth, pieces: Pieces, spans: Spans) -> int:
    return int(truth.fits(pieces, spans).any(axis=1).sum())


def cheques(folder: Path) -> Iterator[tuple[str, np.ndarray, BoxTruth]]:
    """Half, picture and truth of each cheque amount."""
    boxes = json.loads((folder / "boxes.json").read_text())
    with (folder / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            half = "up to" if int(Path(row["file"]).stem.split("_")[-1]) <= FIRST_HALF else "above"
            truth = BoxTruth.from_record(boxes[row["file"]])
            yield f"cheque amounts {half} {FIRST_HALF}", load_grey(folder / "images" / row["file"]), truth


def synthetic(data: Path, n: int, seed: int) -> Iterator[tuple[str, np.ndarray, OwnerTruth]]:
    """Strings of the evaluation style by writers that training never sees."""
    sources, rng = load_data(data, Recipe()).held_out, np.random.default_rng(seed)
    for _ in range(n):
        string = draw_string(rng, sources, EVALUATION)
        yield "synthetic strings", string.image.astype(np.float32) / np.float32(255), OwnerTruth(string)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None, help="folder with strings/, mnist/ and strokes/")
    parser.add_argument("--n", type=int, default=500, help="synthetic strings")
    parser.add_argument("--seed", type=int, default=2014)
    parser.add_argument("--out", type=Path, default=Path("runs/segmentation.json"))
    options = parser.parse_args(arguments)
    data = options.data or data_folder()
    if data is None or not (data / "strings" / "cheque-amounts").is_dir():
        parser.exit(2, "segmentation: name the folder of the data with --data or DIGITSTRING_DATA\n")
    tallies: dict[str, SpanTally] = {}
    with threadpool_limits(1):
        for part in (cheques(data / "strings" / "cheque-amounts"), synthetic(data, options.n, options.seed)):
            for name, grey, truth in part:
                tallies.setdefault(name, SpanTally()).add(grey, truth)
    print(f"seed {options.seed}\n\n" + markdown(HEADER, [tally.cells(name) for name, tally in tallies.items()]) + "\n")
    kinds = sorted(set().union(*(tally.without for tally in tallies.values())))
    rows = [
        [name, *(f"{tally.without[kind] / tally.digits:+.1%}" for kind in kinds)] for name, tally in tallies.items()
    ]
    print("Change of recall when the cuts of one generator are left out:\n\n" + markdown(["pictures", *kinds], rows))
    options.out.parent.mkdir(exist_ok=True)
    record = {name: {**vars(tally), "without": dict(tally.without)} for name, tally in tallies.items()}
    options.out.write_text(json.dumps({"seed": options.seed, "tallies": record}, indent=1) + "\n")


if __name__ == "__main__":
    main()
