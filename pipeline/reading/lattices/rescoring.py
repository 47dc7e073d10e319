"""The second look: spans that are likely after the search are scored again, by a larger network.

Scoring every span costs most of a reading, and most spans are plainly nothing. So a small network scores them all and
decides where to cut; a larger one then scores the spans that a likely path uses, and what it says is added to the first
one's scores (two-pass decoding, as in speech recognition; the second network learned on the first one's errors).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifier.network import ConvolutionNetwork, forward_blocks
from pipeline.reading.lattices import characters
from pipeline.reading.lattices.lattice import SYMBOLS, Lattice
from pipeline.reading.lattices.paths import posteriors
from pipeline.reading.lattices.search import Round, SearchConfig, read_round
from segmenter.pieces import Pieces
from segmenter.spans import pick_spans

if TYPE_CHECKING:
    from pipeline.formats.format import Format

LIKELY = 0.01  # posterior from which on a span gets a second look
MEASURES = characters.MEASURES + SYMBOLS  # what the second network sees beside the crop


def likely_spans(lattice: Lattice, empty: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(M,) the spans that hold ink and are used, as whatever symbol, with at least this posterior."""
    return _used(posteriors(lattice)[0], empty)


def _used(chances: NDArray[np.float64], empty: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(M,) the spans with ink whose posteriors (N, 11) sum to enough."""
    return np.flatnonzero((chances.sum(axis=1) >= LIKELY) & ~empty)


def second_measures(measures: NDArray[np.float32], scores: NDArray[Any]) -> NDArray[np.float32]:
    """(N, 27) what the second network sees beside the crop: the measures (N, 16), and the scores (N, 11) so far."""
    return np.concatenate([measures, np.clip(scores / 4, -2, 2)], axis=1).astype(np.float32)


def look_again(
    pieces: Pieces, last: Round, network: ConvolutionNetwork, config: SearchConfig, format: Format | None = None
) -> Round:
    """The round that follows the last one: the same spans, the likely ones scored again.

    With a format: those likely given it, and those likely without, so that paths that fit and paths that do not
    stay comparable.
    """
    empty = last.spans.mass <= 0
    rows = likely_spans(last.lattice, empty)
    if format is not None:
        rows = np.union1d(rows, _used(last.posteriors, empty))
    spans = pick_spans(last.spans, rows)
    scores = last.lattice.scores.copy()
    measures = second_measures(characters.measure(pieces, spans), scores[rows])
    scores[rows] += forward_blocks(network, characters.draw_crops(pieces, spans), measures)
    return replace(read_round(last.active, last.spans, scores, config, format), rescored=rows)
