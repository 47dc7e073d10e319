"""The search: read with the coarse cuts, look where the classifier is unsure, cut finer there, and read again.

This is the book's proposal for strings (Nielsen, chapter 1: try splits, watch the classifier's confidence, divide
again) with an exact best path in place of trial and error. Every round keeps the spans of the rounds before it,
so that the best path can only get better.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.reading.lattice import SKIP, Lattice, Path, best_path, lattice_scores, span_posteriors
from segmenter.cuts import DENSE, GAP
from segmenter.spans import Pieces, Spans, find_spans, measure_spans

Scorer = Callable[[Pieces, Spans], NDArray[np.float32]]  # the weighted sums (N, 11) of the network's outputs


@dataclass(frozen=True)
class SearchConfig:
    """sure: a span whose output and posterior reach this needs no finer cuts. first_level: cuts of the first round,
    all of this level and coarser. most_spans: how many spans may be scored for one field.
    """

    sure: float = 0.95
    first_level: int = GAP
    most_spans: int = 2000

    def __post_init__(self) -> None:
        if not 0 <= self.sure <= 1 or not GAP <= self.first_level <= DENSE or self.most_spans < 1:
            raise ValueError(f"not a search configuration: {self}")


@dataclass(frozen=True, eq=False)
class Round:
    """One round: the active cuts ((cuts,) bool), the spans so far, their lattice and best path, and which of the
    path's spans were unsure ((path,) bool)."""

    active: NDArray[np.bool_]
    spans: Spans
    lattice: Lattice
    path: Path
    unsure: NDArray[np.bool_]


def search(pieces: Pieces, score: Scorer, config: SearchConfig = SearchConfig()) -> list[Round]:  # noqa: B008
    """Rounds of the search, the last one its result; at least one."""
    levels = np.array([cut.level for cut in pieces.cuts])
    active = levels <= config.first_level
    known: dict[tuple[int, int], NDArray[np.float32]] = {}
    rounds: list[Round] = []
    while True:
        spans = _score_new(pieces, active, known, score)
        rounds.append(_read_round(active, spans, pieces, known, config))
        finer = _finer_cuts(rounds[-1], levels)
        if not finer.any() or len(known) >= config.most_spans:
            return rounds
        active = active | finer


def _score_new(pieces: Pieces, active: NDArray[np.bool_], known: dict[tuple[int, int], NDArray[np.float32]],
               score: Scorer) -> Spans:
    """Score the spans between active cuts that were not scored before; all spans known after that."""
    spans = find_spans(pieces, active)
    pairs = list(zip(spans.start.tolist(), spans.end.tolist(), strict=True))
    new = np.array([pair not in known for pair in pairs], dtype=bool)
    if new.any():
        fresh = Spans(spans.start[new], spans.end[new], spans.holds[new], spans.mass[new], spans.centre[new],
                      spans.box[new])
        sums = lattice_scores(score(pieces, fresh), fresh.mass <= 0)
        for pair, row in zip([p for p, is_new in zip(pairs, new, strict=True) if is_new], sums, strict=True):
            known[pair] = row
    start, end = np.array(list(known), dtype=np.intp).reshape(-1, 2).T
    order = np.lexsort((start, end))
    return measure_spans(pieces, start[order], end[order]) if len(known) > len(pairs) else _ordered(spans)


def _ordered(spans: Spans) -> Spans:
    order = np.lexsort((spans.start, spans.end))
    return Spans(spans.start[order], spans.end[order], spans.holds[order], spans.mass[order], spans.centre[order],
                 spans.box[order])


def _read_round(active: NDArray[np.bool_], spans: Spans, pieces: Pieces,
                known: dict[tuple[int, int], NDArray[np.float32]], config: SearchConfig) -> Round:
    scores = np.array([known[pair] for pair in zip(spans.start.tolist(), spans.end.tolist(), strict=True)])
    lattice = Lattice(len(pieces.cuts), spans.start, spans.end, scores)
    path = best_path(lattice)
    posteriors, _ = span_posteriors(lattice)
    used = np.array(path.spans, dtype=np.intp)
    symbols = np.array(path.symbols, dtype=np.intp)
    output = 0.5 * (np.tanh(0.5 * scores[used, symbols]) + 1)
    confidence = np.minimum(output, posteriors[used, symbols])
    free = (symbols == SKIP) & (spans.mass[used] <= 0)
    return Round(active, spans, lattice, path, (confidence < config.sure) & ~free)


def _finer_cuts(last: Round, levels: NDArray[np.int_]) -> NDArray[np.bool_]:
    """The cuts to add: inside each unsure span of the path, those of its coarsest level not yet active."""
    finer = np.zeros_like(last.active)
    for span in np.array(last.path.spans, dtype=np.intp)[last.unsure]:
        inside = np.arange(last.spans.start[span] + 1, last.spans.end[span])
        waiting = inside[~last.active[inside]]
        if len(waiting):
            finer[waiting[levels[waiting] == levels[waiting].min()]] = True
    return finer
