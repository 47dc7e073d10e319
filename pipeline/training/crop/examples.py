"""Training examples: synthetic strings taken through the reader's own ink, cuts and crops, with their truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from classifier.network import ConvolutionNetwork, forward_blocks
from pipeline.data.real_strings import RealString
from pipeline.reading.lattices.characters import draw_crops, measure, skip_costs
from pipeline.reading.lattices.lattice import SKIP, SYMBOLS, Lattice, lattice_scores
from pipeline.reading.lattices.rescoring import likely_spans, second_measures
from pipeline.synthesis.strings import SyntheticString
from segmenter.cuts import find_cuts
from segmenter.ink import extract_ink
from segmenter.pieces import Pieces, cut_pieces
from segmenter.spans import Spans, find_spans, pick_spans

DIGIT_HELD, DIGIT_PURE = 0.90, 0.85  # a span is a digit when it holds this share of it, and is it to this share
MARK_DIGIT_INK = 0.10  # a span with less digit ink than this share is no digit's: it may be skipped
TRUE_PATHS = ((0.60, 0.60, 0.10), (0.35, 0.50, 0.50))
"""What spans a true path is made of, strictly and, where no path gets across so, loosely: share of the digit held and
purity from which on a span may stand for the digit, and share of digit ink below which it may be skipped."""


@dataclass(frozen=True, eq=False)
class Example:
    """The lattice of one string as the reader sees it, and its truth.

    nodes, start, end: the lattice of N spans, ordered by end. base: (N, 11) float32, scores to which those of the
    network in training are added: what skipping costs, and the sums of the network before it.
    rows: (M,) the spans that this network scores; crops: (M, 2, 28, 28) uint8 and measures: (M, 16) float32, or of a
    second network (M, 27), of these.
    targets: (N, 11) uint8, what each span is (all zero: neither one digit nor a mark).
    empty: (N,) bool, spans whose ink all snapped elsewhere.
    allowed: what each span may be on a true path, (N, 11) bool, strictly and then loosely; None where nobody knows
    which ink is whose.
    text: the digits.
    """

    nodes: int
    start: NDArray[np.intp]
    end: NDArray[np.intp]
    base: NDArray[np.float32]
    rows: NDArray[np.intp]
    crops: NDArray[np.uint8]
    measures: NDArray[np.float32]
    empty: NDArray[np.bool_]
    targets: NDArray[np.uint8] | None
    allowed: tuple[NDArray[np.bool_], ...] | None
    text: str

    def scores(self, sums: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 11) scores of all spans from the network's weighted sums (M, 11)."""
        scores = self.base.copy()
        scores[self.rows] += sums
        return scores


def make_example(string: SyntheticString | RealString, first: ConvolutionNetwork | None = None) -> Example | None:
    """The example of a string, or None where the segmenter finds no ink at all.

    first: the network that scores all spans before the one in training, which then sees only the likely ones.
    """
    ink = extract_ink(string.image.astype(np.float32) / np.float32(255))
    cuts = find_cuts(ink)
    if not cuts:
        return None
    pieces = cut_pieces(ink, cuts)
    spans = find_spans(pieces)
    spans = pick_spans(spans, np.argsort(spans.end, kind="stable"))
    targets, allowed = None, None
    if isinstance(string, SyntheticString) and string.owner_known:
        targets, allowed = span_truth(string, pieces, spans)
    return lattice_example(pieces, spans, first, targets, allowed, string.text)


def lattice_example(
    pieces: Pieces,
    spans: Spans,
    first: ConvolutionNetwork | None,
    targets: NDArray[np.uint8] | None,
    allowed: tuple[NDArray[np.bool_], ...] | None,
    text: str,
) -> Example:
    """The example of spans, ordered by end, whose truth is as in `Example`."""
    crops, measures, empty = draw_crops(pieces, spans), measure(pieces, spans), spans.mass <= 0
    base = np.zeros((len(spans), SYMBOLS), dtype=np.float32)
    base[:, SKIP] = -skip_costs(measures)
    rows = np.arange(len(spans))
    if first is not None:
        base += forward_blocks(first, crops, measures)
        rows = likely_spans(Lattice(len(pieces.cuts), spans.start, spans.end, lattice_scores(base, empty)), empty)
        measures = second_measures(measures, base)
    return Example(
        len(pieces.cuts),
        spans.start,
        spans.end,
        base,
        rows,
        np.round(crops[rows] * 255).astype(np.uint8),
        measures[rows],
        empty,
        targets,
        allowed,
        text,
    )


def span_truth(
    string: SyntheticString, pieces: Pieces, spans: Spans
) -> tuple[NDArray[np.uint8], tuple[NDArray[np.bool_], ...]]:
    """Targets (N, 11) of the spans and what they may be on a true path, from the owner of each pixel of ink."""
    by_character = ink_by_character(string, pieces)
    held = spans.holds.astype(np.float32) @ by_character
    digits = np.array([label.isdigit() for label in string.characters] + [False])
    share = (held / np.maximum(by_character.sum(axis=0), 1e-6)).astype(np.float32)
    purity = (held / np.maximum(spans.mass, 1e-6)[:, None]).astype(np.float32)
    symbols = np.array([int(label) if label.isdigit() else SKIP for label in string.characters] + [SKIP])
    targets = _stand_for(symbols, digits, share, purity, DIGIT_HELD, DIGIT_PURE, MARK_DIGIT_INK)
    return targets.astype(np.uint8), tuple(_stand_for(symbols, digits, share, purity, *bounds) for bounds in TRUE_PATHS)


def _stand_for(
    symbols: NDArray[np.intp],
    digits: NDArray[np.bool_],
    share: NDArray[np.float32],
    purity: NDArray[np.float32],
    held: float,
    pure: float,
    skip: float,
) -> NDArray[np.bool_]:
    """(N, 11): the symbols that spans stand for, given the share of each character they hold and its purity."""
    result = np.zeros((len(share), SYMBOLS), dtype=bool)
    for character in np.flatnonzero(digits):
        result[(share[:, character] >= held) & (purity[:, character] >= pure), symbols[character]] = True
    result[purity[:, digits].sum(axis=1) < skip, SKIP] = True
    if skip > MARK_DIGIT_INK:
        result[share[:, digits].max(axis=1, initial=0) < 1 - skip, SKIP] = True
    return result


def ink_by_character(string: SyntheticString, pieces: Pieces) -> NDArray[np.float32]:
    """(K, characters + 1) ink of each cell by owner, nobody's last."""
    ink = pieces.ink
    rows, columns = np.nonzero(ink.pixels)
    x, y = ink.to_source @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    h, w = string.owner.shape
    grown = _grown(string.owner)
    owner = grown[np.clip(y.astype(np.intp), 0, h - 1), np.clip(x.astype(np.intp), 0, w - 1)]
    nobody = len(string.characters)
    owner = np.where(owner < 0, nobody, owner).astype(np.intp)
    key = pieces.cell_of[rows, columns].astype(np.intp) * (nobody + 1) + owner
    table = np.bincount(key, ink.pixels[rows, columns], len(pieces.mass) * (nobody + 1))
    return table.reshape(-1, nobody + 1).astype(np.float32)


def _grown(owner: NDArray[np.int16]) -> NDArray[np.int16]:
    """The owner map grown by two pixels into what nobody owns: the blurred edges of strokes are theirs."""
    for _ in range(2):
        owner = np.where(owner < 0, ndimage.maximum_filter(owner, size=3), owner)
    return owner
