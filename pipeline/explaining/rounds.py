"""The rounds of the search: with which cuts each read, what it read, where it was unsure and cut finer."""

from __future__ import annotations

import numpy as np

from pipeline.explaining.field_picture import SpanLabel, draw_ink
from pipeline.explaining.panels import QUIET, TEXT, WARN, Panel, flow, text_width
from pipeline.reading.field_reader import Trace
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.lattices.search import Round
from segmenter.pieces import Pieces

COLUMNS, GAP = 3, 26
HEIGHT = 96  # points that the ink of one round may take


def draw_rounds(trace: Trace, width: float) -> Panel:
    """A panel for each round, in reading order."""
    pieces = trace.pieces
    assert pieces is not None
    before: Round | None = None
    panels, room = [], (width - GAP * (COLUMNS - 1)) / COLUMNS
    for number, (current, after) in enumerate(zip(trace.rounds, [*trace.rounds[1:], None], strict=True), start=1):
        cut_finer = after is not None and after.rescored is None
        panels.append(_draw_round(pieces, current, before, number, room, cut_finer))
        before = current
    return flow(panels, width, GAP, row_gap=20)


def _draw_round(
    pieces: Pieces, current: Round, before: Round | None, number: int, room: float, cut_finer: bool
) -> Panel:
    fresh = current.active if before is None else current.active & ~before.active
    ink = draw_ink(pieces, room, HEIGHT, active=current.active, strong=fresh, spans=_labels(current), notes=False)
    head, news, outcome = f"Round {number}", story(current, before, fresh), ending(current, cut_finer)
    wide = max(ink.width, text_width(head, 14) + 12 + text_width(news, 12), text_width(outcome, 12))
    panel = Panel(wide, ink.height + 44)
    panel.text(0, 0, head, 14, TEXT)
    panel.text(text_width(head, 14) + 12, 2, news, 12, QUIET)
    panel.place(ink, 0, 22)
    panel.text(0, ink.height + 27, outcome, 12, WARN if current.unsure.any() else QUIET)
    return panel


def story(current: Round, before: Round | None, fresh: np.ndarray) -> str:
    """What was new in this round."""
    if current.rescored is not None:
        return f"second look: {_count(len(current.rescored), 'span')} scored again"
    cuts = int(fresh[1:-1].sum())
    if before is None:
        return f"{_count(cuts, 'cut')}, {_count(len(current.spans), 'span')} scored"
    return f"{_count(cuts, 'finer cut')}, {_count(len(current.spans) - len(before.spans), 'more span')} scored"


def ending(current: Round, cut_finer: bool) -> str:
    """How sure the round was, and what follows from it."""
    if not current.unsure.any():
        return "every span sure"
    what = _count(int(current.unsure.sum()), "span") + " unsure: "
    if cut_finer:
        return what + "cut finer there"
    spans = np.array(current.path.spans)[current.unsure]
    left = any((~current.active[current.spans.start[s] + 1 : current.spans.end[s]]).any() for s in spans)
    return what + ("as many spans scored as allowed" if left else "no finer cuts left there")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _labels(current: Round) -> list[SpanLabel]:
    """The spans of the round's best path."""
    labels = []
    for span, symbol, unsure in zip(current.path.spans, current.path.symbols, current.unsure, strict=True):
        if current.spans.mass[span] > 0:
            left, _, right, _ = current.spans.box[span].tolist()
            labels.append(SpanLabel(left, right, "" if symbol == SKIP else str(symbol), unsure=bool(unsure)))
    return labels
