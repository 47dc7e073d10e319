"""The reader of a field: image to ink to cuts to lattice to text, with an honest probability."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Scores
from classifier.line.line_columns import beam_texts
from classifier.onnx.runtime import on_engine
from classifier.weights import load_networks
from pipeline.errors import UsageError
from pipeline.images import load_grey
from pipeline.reading.confidence.masking import TEXTS, mask_of
from pipeline.reading.digits import column_boxes, make_digits, path_boxes, path_shares, scaled_alternatives, text_shares
from pipeline.reading.lattices.lattice import Path
from pipeline.reading.lattices.paths import best_path
from pipeline.reading.lattices.search import Round, SearchConfig
from pipeline.reading.lattices.texts import best_path_of, likely_texts
from pipeline.reading.line.readers import digit_columns
from pipeline.reading.line.reading import LineReading
from pipeline.reading.reader_settings import accepted_from, calibration_of, check_inputs, checked_mask
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Opinion
from pipeline.reading.text_finding import Found, find_texts
from pipeline.reading.together import line_side
from pipeline.reading.written.mark_model import marks_of
from segmenter.arrays import Box, Grey
from segmenter.pieces import Pieces

if TYPE_CHECKING:
    from pipeline.formats.format import Format

SHIPPED = FilePath(__file__).resolve().parent.parent / "weights" / "shipped.npz"
HINT = 0.05  # what the line finds less likely than this says nothing against a page without ink


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything `explain` draws: the grey source (H, W), the pieces (None on a blank page), the rounds, the texts
    with their posteriors, the path that spells the reading (None on a blank page; where no path does, or nothing fits
    the format, the best of all), and what the second reader saw (None without one)."""

    grey: NDArray[np.float32]
    pieces: Pieces | None
    rounds: tuple[Round, ...]
    texts: tuple[tuple[str, float], ...]
    path: Path | None
    reading: Reading
    line: LineReading | None = None

    @property
    def spelled(self) -> bool:
        """Whether the path spells the reading's text; else only the line's columns do."""
        return self.path is not None and self.path.text == (self.reading.text or "")


class FieldReader:
    """Reads pictures of one number; `pipeline.reader` reads whatever a picture shows. Loads its weights once; safe to
    share between threads.

    weights: a weights file, None for the shipped ones. threshold: confidence from which on a reading is accepted;
    max_error: the same, picked from the weights' card for at most this share of errors among the accepted; neither:
    1 error in 100. alternatives: how many other texts a reading lists. format: what the number looks like, such as
    "digits:8" or "amount" (README, formats); None: any digits. mask: where a reading is not accepted and one digit
    alone is unsure, name it, if the others are right with at least this probability.
    second: "rapidocr", a third party's reader of lines in the place of the weights' own; None: theirs, if there is one.
    networks: those of the weights file, in numpy; they read by the engine of classifier/onnx/runtime.py.
    Raises WeightsError, EngineError and UsageError.
    """

    def __init__(
        self,
        weights: str | FilePath | None = None,
        *,
        threshold: float | None = None,
        max_error: float | None = None,
        alternatives: int = 3,
        config: SearchConfig | None = None,
        format: str | None = None,
        mask: float | None = None,
        second: str | None = None,
    ):
        if alternatives < 0:
            raise UsageError(f"alternatives must be 0 or more, not {alternatives}")
        path = SHIPPED if weights is None else FilePath(weights)
        self.networks, self.card = load_networks(path)
        check_inputs(self.networks, path)
        self._running = on_engine(self.networks)
        self.line, confidence = line_side(self._running, self.card, path, second)
        self.calibration, table = calibration_of(confidence, path)
        self.thresholds = table
        self.marks = marks_of(confidence, path)
        self.threshold = accepted_from(table, threshold, max_error)
        self.alternatives = alternatives
        self.mask = checked_mask(mask)
        self.config = config or SearchConfig()
        self.format = None if format is None else _format(format)

    def variant(
        self,
        *,
        threshold: float | None = None,
        alternatives: int | None = None,
        format: str | None = None,
        mask: float | None = None,
    ) -> FieldReader:
        """A reader with the same weights and other options. Raises UsageError."""
        other = copy.copy(self)
        other.threshold = self.threshold if threshold is None else accepted_from(self.thresholds, threshold, None)
        other.alternatives = self.alternatives if alternatives is None else alternatives
        other.format = self.format if format is None else _format(format)
        other.mask = self.mask if mask is None else checked_mask(mask)
        return other

    def read(self, image: Any, format: str | None = None) -> Reading:
        """The number in an image: a path, bytes, a Pillow image or an array; in a format other than the reader's, if
        one is given. Raises ImageError, UsageError."""
        return self.trace(image, format).reading

    def trace(self, image: Any, format: str | None = None) -> Trace:
        """The reading of an image and how it came about. Raises ImageError, UsageError."""
        return self.trace_grey(load_grey(image), format)

    def trace_grey(self, grey: Grey, format: str | None = None) -> Trace:
        """As `trace`, of a picture that is decoded, (H, W). Raises UsageError."""
        wanted = self.format if format is None else _format(format)
        found = find_texts(grey, self._running, self.config, self._texts, wanted, self.line)
        if wanted is not None and wanted.is_amount:
            from pipeline.reading.written.valuing import weighed

            found = weighed(found, self.marks)
        path = _path_of(found)
        reading = replace(self._reading(found, path, grey.shape), readers=self._opinions(found))
        if wanted is not None:
            reading = replace(reading, format=wanted.spec, note=_note(found, wanted, reading))
            if wanted.is_amount and reading.text is not None:
                from pipeline.reading.written.valuing import with_value

                reading = with_value(reading, found, path, self.marks)
        line = None if found.together is None else found.together.line
        return Trace(grey, found.pieces, found.rounds, found.texts, path, reading, line)

    def glance(self, grey: Grey) -> tuple[str, float] | None:
        """The likeliest text of a picture (H, W) to the second reader alone, and its probability: a fraction of the
        cost of reading. None without a second reader."""
        if self.line is None:
            return None
        ((text, share),) = beam_texts(digit_columns(self.line.reader.read_columns(grey)), 1)
        return text, math.exp(share)

    @property
    def _texts(self) -> int:
        """How many texts are looked for."""
        return max(self.alternatives, 0 if self.mask is None else TEXTS) + 2

    def _reading(self, found: Found, path: Path | None, shape: tuple[int, ...]) -> Reading:
        text, posterior = found.best
        confidence = self.calibration.confidence(posterior)
        most = self.alternatives if self.mask is None else None  # a mask is a sum over all
        every = scaled_alternatives(found.texts[1:], posterior, confidence, most)
        others, accepted = every[: self.alternatives], confidence >= self.threshold
        if not text:
            blank = found.pieces is None and all(other.confidence < HINT for other in others)
            return Reading.nothing(len(found.rounds), () if blank or not found.texts else others, blank=blank)
        boxes, shares = _places(found, text, path, shape)
        digits = make_digits(text, boxes, shares, confidence, self.calibration)
        mask = None if accepted or self.mask is None else mask_of(text, confidence, every, self.mask)
        return Reading(text, confidence, accepted, digits, others, len(found.rounds), mask=mask)

    def _opinions(self, found: Found) -> dict[str, Opinion]:
        """What each reader alone would say; empty where only one read."""
        if found.opinions is None or self.line is None or not found.opinions.candidates:
            return {}
        joint, said = self.line.joint, found.opinions.alone()
        alone = {"lattice": joint.lattice_alone, "line": joint.line_alone}
        return {
            name: Opinion(text or None, alone[name].confidence(posterior) if text else 0.0)
            for name, (text, posterior) in said.items()
        }


def _format(spec: str) -> Format:
    """The format of that name; what knows formats is imported when there is one. Raises UsageError."""
    from pipeline.formats.format import parse_format

    return parse_format(spec)


def _path_of(found: Found) -> Path | None:
    """The lattice's best path that spells the text; where none does, or there is no text, its best path of all; None
    where no ink was found."""
    if found.lattice is None:
        return None
    last = found.rounds[-1].path
    if found.texts and last.text == found.best[0]:
        return last
    try:
        return best_path_of(found.lattice, found.best[0]) if found.texts else best_path(found.lattice)
    except ValueError:
        return best_path(found.lattice)


def _places(found: Found, text: str, path: Path | None, shape: tuple[int, ...]) -> tuple[list[Box], Scores]:
    """Where the digits of a text stand, and (L, 10) the probability of each digit at each place: by the path that
    spells it, or else by the line's columns."""
    spelled = path is not None and path.text == text
    if found.opinions is None or found.together is None:
        assert found.pieces is not None and path is not None and spelled
        return path_boxes(found.pieces, found.rounds[-1].spans, path, shape), path_shares(path, found.rounds[-1])
    shares = text_shares(text, found.texts)
    if found.pieces is not None and path is not None and spelled and found.opinions.likely_in_lattice(text):
        return path_boxes(found.pieces, found.rounds[-1].spans, path, shape), shares
    return column_boxes(found.together.line, text, found.ink, shape), shares


def _note(found: Found, format: Format, reading: Reading) -> str | None:
    """A sentence for a reading without text whose picture holds digits: that nothing fits, and what stands there."""
    plain = [] if reading.text is not None or found.lattice is None else likely_texts(found.lattice, 1)
    if not plain or not plain[0][0]:
        return None
    return f"nothing here fits the format {format.spec}; without a format it reads {plain[0][0]}"
