"""How a reading came about, step by step, as plain JSON types: what the page draws. Places are source pixels."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.explaining.field_picture import LEVELS, detail
from pipeline.explaining.panels import picture_of
from pipeline.explaining.rounds import ending, story
from pipeline.images import load_grey
from pipeline.reading.field_reader import Trace
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.lattices.search import Round
from segmenter.cuts import Cut
from segmenter.ink import Ink

MOST_WIDE, MOST_HIGH = 1200, 600  # pixels of a picture that is sent
AROUND = 0.6  # of the number's height: the room around it that a reviewer sees

Box = tuple[int, int, int, int]
Place = list[float]


def explain_steps(trace: Trace) -> dict[str, Any]:
    """The picture, the cuts and the rounds of a trace.

    width, height: of the upright source. view: [left, top, right, bottom] of the part worth showing; picture: that part
    as a PNG, in a data URL. cuts: each its level and its path [[x, y], ...] from top to bottom. rounds: each the cuts
    tried and those new in it (numbers of `cuts`), the spans of the best path (digit, null for ink that was skipped;
    unsure; outline), the text they spell, whether it was the second look, and two sentences.
    """
    height, width = trace.grey.shape
    shown, (left, top) = detail(trace)
    view = [left, top, left + shown.shape[1], top + shown.shape[0]]
    picture = "data:image/png;base64," + base64.b64encode(_png(shown)).decode()
    steps: dict[str, Any] = {
        "width": width,
        "height": height,
        "view": view,
        "picture": picture,
        "cuts": [],
        "rounds": [],
    }
    if trace.pieces is not None:
        pieces = trace.pieces
        steps["cuts"] = [_cut(cut, pieces.ink) for cut in pieces.cuts[1:-1]]
        before: list[Round | None] = [None, *trace.rounds[:-1]]
        after: list[Round | None] = [*trace.rounds[1:], None]
        steps["rounds"] = [_round(*around, pieces.ink) for around in zip(before, trace.rounds, after, strict=True)]
    return steps


def review_picture(image: bytes, record: dict[str, Any]) -> tuple[bytes, Box]:
    """The part of an image that a reviewer should see, as a PNG, and where it lies in the source: around the digits
    that were read, or all of it. Raises ImageError."""
    grey = load_grey(image)
    height, width = grey.shape
    boxes = np.array([digit["box"] for digit in record.get("digits", ())]).reshape(-1, 4)
    view = (0, 0, width, height)
    if len(boxes):
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        room = round(AROUND * int((boxes[:, 3] - boxes[:, 1]).max()))
        # Whatever else may belong to the number stands beside it, so the view is wider than it is high.
        view = (
            max(0, int(left) - 3 * room),
            max(0, int(top) - room),
            min(width, int(right) + 3 * room),
            min(height, int(bottom) + room),
        )
    return _png(grey[view[1] : view[3], view[0] : view[2]]), view


def _png(grey: NDArray[np.float32]) -> bytes:
    picture = picture_of(grey)
    picture.thumbnail((MOST_WIDE, MOST_HIGH), Image.Resampling.BOX)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _to_source(ink: Ink, places: NDArray[np.float64]) -> list[Place]:
    """Places (n, 2) x, y of the ink in source pixels, to a tenth."""
    matrix, shift = ink.to_source[:, :2], ink.to_source[:, 2]
    found: list[Place] = np.round(places @ matrix.T + shift, 1).tolist()
    return found


def _cut(cut: Cut, ink: Ink) -> dict[str, Any]:
    rows = np.arange(len(cut.path))
    bends = np.flatnonzero(np.diff(cut.path.astype(int), 2)) + 1
    kept = np.unique(np.concatenate([[0], bends, [len(rows) - 1]]))
    places = np.stack([cut.path[kept], rows[kept] + 0.5], axis=1).astype(np.float64)
    places[0, 1], places[-1, 1] = 0, len(rows)
    return {"level": LEVELS[cut.level], "path": _to_source(ink, places)}


def _round(before: Round | None, current: Round, after: Round | None, ink: Ink) -> dict[str, Any]:
    active = current.active[1:-1]
    fresh = active if before is None else active & ~before.active[1:-1]
    cut_finer = after is not None and after.rescored is None
    return {
        "cuts": np.flatnonzero(active).tolist(),
        "new": np.flatnonzero(fresh).tolist(),
        "spans": _spans(current, ink),
        "text": current.path.text,
        "sure": not current.unsure.any(),
        "second_look": current.rescored is not None,
        "story": story(current, before, current.active if before is None else current.active & ~before.active),
        "ending": ending(current, cut_finer),
    }


def _spans(current: Round, ink: Ink) -> list[dict[str, Any]]:
    spans = []
    for span, symbol, unsure in zip(current.path.spans, current.path.symbols, current.unsure, strict=True):
        if current.spans.mass[span] > 0:
            left, top, right, bottom = current.spans.box[span].tolist()
            corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)
            spans.append(
                {
                    "digit": None if symbol == SKIP else str(symbol),
                    "unsure": bool(unsure),
                    "outline": _to_source(ink, corners),
                }
            )
    return spans
