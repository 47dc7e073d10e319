"""The search: read with the coarse cuts, look where the classifier is unsure, cut finer there, and read again.

This is the book's proposal for strings (Nielsen, chapter 1: try splits, watch the classifier's confidence, divide
again) with an exact best path in place of trial and error. Every round keeps the spans of the rounds before it,
so that the best path can only get better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifier.sigmoid import sigmoid
from pipeline.reading.lattices.lattice import SKIP, SYMBOLS, Lattice, Path, lattice_scores
from pipeline.reading.lattices.paths import best_reading
from segmenter.cuts import DENSE, GAP
from segmenter.pieces import Pieces
from segmenter.spans import Spans, find_spans, join_spans, pick_spans

if TYPE_CHECKING:
    from pipeline.formats.format import Format
    from pipeline.reading.together import Opinions

Scorer = Callable[[Pieces, Spans], NDArray[np.float32]]  # the weighted sums (N, 11) of the network's outputs


@dataclass(frozen=True)
class SearchConfig:
    """sure: a span whose output and posterior reach this needs no finer cuts. first_level: cuts of the first round,
    all of this level and coarser. most_spans: how many spans may be scored for one field. agreed: posterior of a text
    that both readers read from which on nothing more is tried.
    """

    sure: float = 0.9
    first_level: int = GAP
    most_spans: int = 2000
    agreed: float = 0.9

    def __post_init__(self) -> None:
        if (
            not (0 <= self.sure <= 1 and 0 <= self.agreed <= 1)
            or not GAP <= self.first_level <= DENSE
            or self.most_spans < 1
        ):
            raise ValueError(f"not a search configuration: {self}")


@dataclass(frozen=True, eq=False)
class Round:
    """One round: the active cuts ((cuts,) bool), the spans so far, their lattice and best path, which of the path's
    spans were unsure ((path,) bool), and the posteriors (N, 11) of all spans as each symbol.

    rescored: (M,) the spans that were scored again; None in a round of the search. opinions: of both readers, where
    they read the same and are sure together.
    """

    active: NDArray[np.bool_]
    spans: Spans
    lattice: Lattice
    path: Path
    unsure: NDArray[np.bool_]
    posteriors: NDArray[np.float64]
    rescored: NDArray[np.intp] | None = None
    opinions: Opinions | None = None

    @property
    def agreed(self) -> bool:
        """Whether the second reader reads the same, and both are sure."""
        return self.opinions is not None


def search(
    pieces: Pieces,
    score: Scorer,
    config: SearchConfig = SearchConfig(),
    format: Format | None = None,
    judge: Callable[[Round], Round] = lambda found: found,
) -> list[Round]:
    """Rounds of the search, the last one its result; at least one. With a format: among the paths that fit it.

    judge: sees each round before it is decided where to cut finer; may change which spans are unsure."""
    levels = np.array([cut.level for cut in pieces.cuts])
    active = levels <= config.first_level
    spans: Spans | None = None
    scores = np.zeros((0, SYMBOLS))
    seen: set[tuple[int, int, bytes]] = set()
    rounds: list[Round] = []
    while True:
        fresh = _fresh_spans(find_spans(pieces, active), seen)
        scores = np.concatenate([scores, lattice_scores(score(pieces, fresh), fresh.mass <= 0)])
        spans = fresh if spans is None else join_spans(spans, fresh)
        order = np.argsort(spans.end, kind="stable")
        spans, scores = pick_spans(spans, order), scores[order]
        rounds.append(judge(read_round(active, spans, scores, config, format)))
        finer = _finer_cuts(rounds[-1], levels)
        if not finer.any() or len(spans) >= config.most_spans:
            return rounds
        active = active | finer


def _fresh_spans(spans: Spans, seen: set[tuple[int, int, bytes]]) -> Spans:
    """The spans that were not seen before, which `seen` learns of: by their cuts and the ink they hold."""
    held = [row.tobytes() for row in np.packbits(spans.holds, axis=1)]
    fresh = []
    for k, key in enumerate(zip(spans.start.tolist(), spans.end.tolist(), held, strict=True)):
        if key not in seen:
            seen.add(key)
            fresh.append(k)
    return spans if len(fresh) == len(spans) else pick_spans(spans, np.array(fresh, dtype=np.intp))


def read_round(
    active: NDArray[np.bool_],
    spans: Spans,
    scores: NDArray[np.float64],
    config: SearchConfig,
    format: Format | None = None,
) -> Round:
    """The round of spans ordered by end with these scores (N, 11)."""
    lattice = Lattice(len(active), spans.start, spans.end, scores)
    path, posteriors = best_reading(lattice, format)
    used = np.array(path.spans, dtype=np.intp)
    symbols = np.array(path.symbols, dtype=np.intp)
    confidence = np.minimum(sigmoid(scores[used, symbols]), posteriors[used, symbols])
    free = (symbols == SKIP) & (spans.mass[used] <= 0)
    return Round(active, spans, lattice, path, (confidence < config.sure) & ~free, posteriors)


def _finer_cuts(last: Round, levels: NDArray[np.int_]) -> NDArray[np.bool_]:
    """The cuts to add: inside each unsure span of the path, those of its coarsest level not yet active."""
    finer = np.zeros_like(last.active)
    for span in np.array(last.path.spans, dtype=np.intp)[last.unsure]:
        inside = slice(last.spans.start[span] + 1, last.spans.end[span])
        waiting = np.where(last.active[inside], DENSE + 1, levels[inside])
        finer[inside] = waiting == waiting.min(initial=DENSE)
    return finer
