"""One look at a candidate: what the reader makes of it, whether it is a number, and whether a sign stands before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.documents.layout.cutouts import Crop
from pipeline.reading.lattice import SKIP
from pipeline.reading.reader import Reader, Trace
from pipeline.reading.result import Reading
from segmenter.ink import LINE_HEIGHT

LEAST_SHARE = 0.5  # of the ink that digits take, at least: in words, letters are skipped
LEAST_CONFIDENCE = 0.02
LONE_SHARE, LONE_CONFIDENCE = 0.85, 0.4  # the same for what stands in no box, and ...
LONE_LENGTH = 3  # ... its digits, at least
SIGN_GAP = 0.15  # line heights between a currency sign and the number
SIGN_HEIGHT = 0.5  # of the usual height of the digits, at least; a mark is lower
SIGN_WIDTH = 2.5  # heights: what is wider is a word


@dataclass(frozen=True)
class Look:
    """reading: with its boxes in pixels of the page. digits: the share of the ink that digits take, a leading sign
    left out. signed: whether something that is no digit stands alone before the number. things: how many characters, of
    whatever kind, the ink was taken for."""

    reading: Reading
    digits: float
    signed: bool
    things: int = 0

    @property
    def is_number(self) -> bool:
        """Whether the ink is a number, rather than words."""
        return (
            self.reading.text is not None and self.digits >= LEAST_SHARE and self.reading.confidence >= LEAST_CONFIDENCE
        )

    @property
    def is_lone_number(self) -> bool:
        """The same of ink in no box, where words are as likely."""
        return (
            self.is_number
            and len(self.reading.text or "") >= LONE_LENGTH
            and self.digits >= LONE_SHARE
            and self.reading.confidence >= LONE_CONFIDENCE
        )


def look_at(reader: Reader, crop: Crop, shape: tuple[int, ...], format: str | None = None) -> Look:
    """Read a picture cut out of a page of `shape`. Raises UsageError for a format that is none."""
    trace = reader.trace(crop.grey, format)
    signed = _is_signed(trace)
    return Look(on_page(trace.reading, crop, shape), _digit_share(trace, signed), signed, _things(trace))


def on_page(reading: Reading, crop: Crop, shape: tuple[int, ...]) -> Reading:
    """A reading of a picture, with its boxes in pixels of the page."""
    digits = tuple(replace(digit, box=crop.page_box(digit.box, shape)) for digit in reading.digits)
    return replace(reading, digits=digits)


def _things(trace: Trace) -> int:
    if trace.path is None:
        return 0
    return int((trace.rounds[-1].spans.mass[list(trace.path.spans)] > 0).sum())


def _digit_share(trace: Trace, signed: bool) -> float:
    if trace.path is None:
        return 0.0
    spans = list(trace.path.spans)[signed:]
    symbols = np.array(trace.path.symbols)[signed:]
    mass = trace.rounds[-1].spans.mass[spans]
    return float(mass[symbols != SKIP].sum() / max(float(mass.sum()), 1e-6))


def _is_signed(trace: Trace) -> bool:
    """Whether the first thing in the picture is skipped, stands by itself, and is about as high as a digit."""
    if trace.path is None or len(trace.path.spans) < 2 or trace.path.symbols[0] != SKIP:
        return False
    spans, symbols = np.array(trace.path.spans), np.array(trace.path.symbols)
    boxes = trace.rounds[-1].spans.box[spans]
    digits = boxes[symbols != SKIP]
    if not len(digits) or trace.rounds[-1].spans.mass[spans[0]] <= 0:
        return False
    left, top, right, bottom = boxes[0]
    usual = float(np.median(digits[:, 3] - digits[:, 1]))
    following = min(float(box[0]) for box in boxes[1:])
    return bool(
        following - right >= SIGN_GAP * LINE_HEIGHT
        and bottom - top >= SIGN_HEIGHT * usual
        and right - left <= SIGN_WIDTH * (bottom - top)
    )
