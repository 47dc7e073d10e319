"""One look at a candidate: what the reader makes of it, whether it is a number, and whether a sign stands before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.documents.layout.cutouts import Cutout
from pipeline.reading.field_reader import FieldReader, Trace
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.result import Reading
from segmenter.ink import LINE_HEIGHT


@dataclass(frozen=True)
class LookLimits:
    """From what on ink is a number, and what stands before it a sign."""

    least_share: float = 0.5  # of the ink that digits take, at least: in words, letters are skipped
    least_confidence: float = 0.05  # rows of letters are spelled in digits at 0.03, too; numbers in boxes are surer
    lone_share: float = 0.85  # the same for what stands in no box, where words are as likely, ...
    lone_confidence: float = 0.4
    lone_length: int = 3  # ... and its digits, at least
    sign_gap: float = 0.15  # line heights between a currency sign and the number
    sign_height: float = 0.5  # of the usual height of the digits, at least; a mark is lower
    sign_width: float = 2.5  # heights: what is wider is a word


LOOKS = LookLimits()


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
            self.reading.text is not None
            and self.digits >= LOOKS.least_share
            and self.reading.confidence >= LOOKS.least_confidence
        )

    @property
    def is_lone_number(self) -> bool:
        """The same of ink in no box, where words are as likely."""
        return (
            self.is_number
            and len(self.reading.text or "") >= LOOKS.lone_length
            and self.digits >= LOOKS.lone_share
            and self.reading.confidence >= LOOKS.lone_confidence
        )


def look_at(reader: FieldReader, crop: Cutout, shape: tuple[int, ...], format: str | None = None) -> Look:
    """Read a picture cut out of a page of `shape`. Raises UsageError for a format that is none."""
    trace = reader.trace(crop.grey, format)
    signed = _is_signed(trace)
    return Look(on_page(trace.reading, crop, shape), _digit_share(trace, signed), signed, _things(trace))


def on_page(reading: Reading, crop: Cutout, shape: tuple[int, ...]) -> Reading:
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
        following - right >= LOOKS.sign_gap * LINE_HEIGHT
        and bottom - top >= LOOKS.sign_height * usual
        and right - left <= LOOKS.sign_width * (bottom - top)
    )
