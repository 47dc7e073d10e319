"""The reader of a field: image to ink to cuts to lattice to text, with an honest probability."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import WeightsError
from classifier.network import ConvolutionNetwork, forward_blocks
from classifier.weights import Networks, load_networks
from pipeline.errors import UsageError
from pipeline.formats.format import Format, parse_format
from pipeline.formats.values import value_of
from pipeline.images import load_grey
from pipeline.reading.calibration import LEAST, Calibration
from pipeline.reading.characters import MEASURES, comma_costs, draw_crops, measure, skip_costs
from pipeline.reading.lattice import SKIP, Lattice, Path
from pipeline.reading.marks import written_of
from pipeline.reading.paths import best_path
from pipeline.reading.rescoring import MEASURES as SECOND_MEASURES
from pipeline.reading.rescoring import look_again
from pipeline.reading.result import Alternative, Digit, Reading
from pipeline.reading.search import Round, SearchConfig, search
from pipeline.reading.texts import BEAM, best_path_of, likely_fitting, likely_texts
from segmenter.cuts import INK_LEVEL, find_cuts
from segmenter.ink import extract_ink
from segmenter.spans import Pieces, Spans, cut_pieces

SHIPPED = FilePath(__file__).resolve().parent.parent / "weights" / "shipped.npz"
EDGES = np.array([[0.5, 0.5, 0, 1], [0, 1, 0.5, 0.5]])  # middles of a pixel's four edges, x and y
FEW = 5  # texts that are always compared
LEAST_ALTERNATIVE = 1e-4  # alternatives less likely than this are not worth showing


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything `explain` draws: the grey source (H, W), the pieces (None on a blank page), the rounds, the texts
    with their posteriors, and the path that spells the reading (None on a blank page; where nothing fits the format,
    the best of all)."""

    grey: NDArray[np.float32]
    pieces: Pieces | None
    rounds: tuple[Round, ...]
    texts: tuple[tuple[str, float], ...]
    path: Path | None
    reading: Reading


class FieldReader:
    """Reads pictures of one number; `pipeline.reader` reads whatever a picture shows. Loads its weights once; safe to
    share between threads.

    weights: a weights file, None for the shipped ones. threshold: confidence from which on a reading is accepted;
    max_error: the same, picked from the weights' card for at most this share of errors among the accepted; neither:
    1 error in 100. alternatives: how many other texts a reading lists. format: what the number looks like, such as
    "digits:8" or "amount" (README, formats); None: any digits.
    Raises WeightsError and UsageError.
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
    ):
        if alternatives < 0:
            raise UsageError(f"alternatives must be 0 or more, not {alternatives}")
        path = SHIPPED if weights is None else FilePath(weights)
        self.networks, self.card = load_networks(path)
        _check_inputs(self.networks, path)
        self.calibration, table = _calibration_of(self.card, path)
        self.thresholds = table
        self.threshold = _threshold(table, threshold, max_error)
        self.alternatives = alternatives
        self.config = config or SearchConfig()
        self.format = None if format is None else parse_format(format)

    def variant(
        self, *, threshold: float | None = None, alternatives: int | None = None, format: str | None = None
    ) -> FieldReader:
        """A reader with the same weights and other options. Raises UsageError."""
        other = copy.copy(self)
        other.threshold = self.threshold if threshold is None else _threshold(self.thresholds, threshold, None)
        other.alternatives = self.alternatives if alternatives is None else alternatives
        other.format = self.format if format is None else parse_format(format)
        return other

    def read(self, image: Any, format: str | None = None) -> Reading:
        """The number in an image: a path, bytes, a Pillow image or an array; in a format other than the reader's, if
        one is given. Raises ImageError, UsageError."""
        return self.trace(image, format).reading

    def trace(self, image: Any, format: str | None = None) -> Trace:
        """The reading of an image and how it came about. Raises ImageError, UsageError."""
        wanted = self.format if format is None else parse_format(format)
        grey = load_grey(image)
        pieces, rounds, texts = find_texts(grey, self.networks, self.config, self.alternatives + 2, wanted)
        if pieces is None:
            nothing = Reading.nothing(format=None if wanted is None else wanted.spec)
            return Trace(grey, None, (), (), None, nothing)
        lattice = rounds[-1].lattice
        path = best_path_of(lattice, texts[0][0]) if texts else best_path(lattice)
        if wanted is None:
            reading = self._reading(pieces, rounds, texts, path, grey.shape)
        else:
            reading = self._reading(pieces, rounds, texts or [("", 0.0)], path, grey.shape)
            reading = replace(reading, format=wanted.spec, note=_note(lattice, wanted, reading))
            if wanted.is_amount and reading.text is not None:
                reading = _valued(reading, written_of(pieces, rounds[-1].spans, path))
        return Trace(grey, pieces, tuple(rounds), tuple(texts), path, reading)

    def _reading(
        self, pieces: Pieces, rounds: list[Round], texts: list[tuple[str, float]], path: Path, shape: tuple[int, ...]
    ) -> Reading:
        text, posterior = texts[0] if texts else (path.text, 0.0)
        confidence = self.calibration.confidence(posterior)
        others = _alternatives(texts[1:], posterior, confidence)[: self.alternatives]
        if not text:
            return Reading.nothing(len(rounds), others)
        digits = self._digits(pieces, rounds[-1], path, confidence, shape)
        return Reading(text, confidence, confidence >= self.threshold, digits, others, len(rounds))

    def _digits(
        self, pieces: Pieces, last: Round, path: Path, confidence: float, shape: tuple[int, ...]
    ) -> tuple[Digit, ...]:
        posteriors, digits = last.posteriors, []
        for span, symbol in zip(path.spans, path.symbols, strict=True):
            if symbol != SKIP:
                chance = max(confidence, self.calibration.confidence(float(posteriors[span, symbol])))
                others = [(str(k), float(posteriors[span, k])) for k in range(10) if k != symbol]
                digits.append(
                    Digit(
                        str(symbol),
                        chance,
                        _source_box(pieces, last.spans, span, shape),
                        _alternatives(others, float(posteriors[span, symbol]), chance)[:3],
                    )
                )
        return tuple(digits)


def find_texts(
    grey: NDArray[np.float32], networks: Networks, config: SearchConfig, count: int, format: Format | None = None
) -> tuple[Pieces | None, list[Round], list[tuple[str, float]]]:
    """The pieces of a field (None where it is blank), the rounds of the search, the likeliest texts and posteriors;
    no texts where a format is given and nothing fits it.

    grey: (H, W) float32 in [0, 1], 1 = white.
    """
    ink = extract_ink(grey)
    cuts = find_cuts(ink)
    if not cuts:
        return None, [], []
    pieces = cut_pieces(ink, cuts)
    amount = format is not None and format.is_amount
    rounds = search(pieces, lambda pieces, spans: score_spans(networks.first, pieces, spans, amount), config, format)
    if networks.second is not None:
        rounds.append(look_again(pieces, rounds[-1], networks.second, config, format))
    return pieces, rounds, _best_texts(rounds[-1].lattice, count, format)


def _best_texts(lattice: Lattice, count: int, format: Format | None) -> list[tuple[str, float]]:
    """The likeliest texts and their posteriors, about `count`; the first is the same however many are asked for."""
    find = partial(likely_fitting, lattice, format)
    texts = find(FEW)
    if texts and count > FEW:
        known = {text for text, _ in texts}
        more = [pair for pair in find(count, beam=max(BEAM, count)) if pair[0] not in known]
        texts[1:] = sorted(texts[1:] + more, key=lambda pair: -pair[1])[: count - 1]
    return texts


def _valued(reading: Reading, written: str) -> Reading:
    """The reading of an amount with what is written and its value."""
    value = value_of(written)
    return replace(reading, written=written, value=value.amount, value_note=value.reason)


def _note(lattice: Lattice, format: Format, reading: Reading) -> str | None:
    """A sentence for a reading without text whose picture holds digits: that nothing fits, and what stands there."""
    plain = [] if reading.text is not None else likely_texts(lattice, 1)
    if not plain or not plain[0][0]:
        return None
    return f"nothing here fits the format {format.spec}; without a format it reads {plain[0][0]}"


def score_spans(network: ConvolutionNetwork, pieces: Pieces, spans: Spans, amount: bool = False) -> NDArray[np.float32]:
    """Scores (N, 11) of spans: the network's weighted sums, less what skipping costs; in an amount also less what a
    digit costs that stands like a comma."""
    measures = measure(pieces, spans)
    scores = forward_blocks(network, draw_crops(pieces, spans), measures)
    scores[:, SKIP] -= skip_costs(measures)
    if amount:
        scores[:, :SKIP] -= comma_costs(measures)[:, None]
    return scores


def _check_inputs(networks: Networks, path: FilePath) -> None:
    """Raise WeightsError unless the networks take what the reader gives them: crops of two channels, measures."""
    for name, network, inputs in (("first", networks.first, MEASURES), ("second", networks.second, SECOND_MEASURES)):
        if network is not None and (network.shape.channels, network.shape.measures) != (2, inputs):
            raise WeightsError(
                f"{path}: the {name} network does not take what this version gives it; make the weights "
                "with 'train' again"
            )


def _calibration_of(card: dict[str, Any], path: FilePath) -> tuple[Calibration, dict[str, float]]:
    try:
        table = {key: float(value) for key, value in card["thresholds"].items()}
        if not all(0 < float(bound) < 1 and 0 <= value <= 1 for bound, value in table.items()):
            raise ValueError(f"not thresholds: {table}")
        return Calibration.from_json(card["calibration"]), table
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{path}: the card of the weights has no calibration; make it with 'train'") from error


def _threshold(table: dict[str, float], threshold: float | None, max_error: float | None) -> float:
    """The acceptance threshold that the arguments mean."""
    if threshold is not None and max_error is not None:
        raise UsageError("give either a threshold or a largest error, not both")
    if threshold is not None:
        if not 0 <= threshold <= 1:
            raise UsageError(f"the threshold must be in [0, 1], not {threshold}")
        return float(threshold)
    wanted = 0.01 if max_error is None else max_error
    if not 0 < wanted < 1:
        raise UsageError(f"the largest error must be between 0 and 1, not {wanted}")
    within = [bound for bound in table if float(bound) <= wanted]
    if not within:
        known = ", ".join(sorted(table, key=float))
        raise UsageError(f"these weights know no threshold for an error of {wanted}; they know {known}")
    return table[max(within, key=float)]


def _source_box(pieces: Pieces, spans: Spans, span: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box of a span's ink in whole source pixels: left, top, right, bottom."""
    left, top, right, bottom = spans.box[span].astype(int)
    held = np.append(spans.holds[span], False)[pieces.cell_of[top:bottom, left:right]]
    inked = held & (pieces.ink.pixels[top:bottom, left:right] >= INK_LEVEL)
    rows = np.flatnonzero(inked.any(axis=1))
    first, last = inked.argmax(axis=1), right - left - 1 - inked[:, ::-1].argmax(axis=1)
    # An affine map takes the ends of the rows to the outermost points.
    ends = np.stack([np.concatenate([first[rows], last[rows]]) + left, np.concatenate([rows, rows]) + top])
    matrix, shift = pieces.ink.to_source[:, :2], pieces.ink.to_source[:, 2]
    places, edges = matrix @ ends, matrix @ EDGES
    limit = np.array(shape[::-1])
    low = np.floor(np.clip(places.min(axis=1) + edges.min(axis=1) + shift, 0, limit - 1)).astype(int)
    high = np.ceil(np.clip(places.max(axis=1) + edges.max(axis=1) + shift, low + 1, limit)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _alternatives(others: list[tuple[str, float]], posterior: float, confidence: float) -> tuple[Alternative, ...]:
    """Other texts (or digits) and their posteriors, likeliest first, within what the winner's confidence leaves.

    posterior, confidence: of the winner, before calibration and after. None is made likelier than the winner.
    """
    rest = (1 - confidence) / max(1 - posterior, sum(p for _, p in others), LEAST)
    ordered = sorted(others, key=lambda other: -other[1])
    scaled = [Alternative(text, min(p * rest, confidence)) for text, p in ordered if text]
    return tuple(other for other in scaled if other.confidence >= LEAST_ALTERNATIVE)
