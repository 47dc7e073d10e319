"""The reading of an amount with what is written and its value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.formats.values import value_of
from pipeline.reading.lattices.lattice import Path
from pipeline.reading.lattices.texts import best_path_of
from pipeline.reading.marks import shapes_in_gaps, written_of
from pipeline.reading.result import Reading
from pipeline.reading.text_finding import Found
from pipeline.reading.written.choosing import Marked, choose, plausibility
from pipeline.reading.written.mark_model import MarkModel

COMPARED = 4  # texts whose marks are looked at before one of them is chosen
LEAST = 0.01  # ... and the least probability of such a text
UNPLACED = "the marks about the digits were not found"


def shapes_of(found: Found, text: str) -> tuple[str, ...] | None:
    """The shapes in the gaps of a text; None where no path of the lattice spells it."""
    if found.pieces is None or found.lattice is None:
        return None
    try:
        path = best_path_of(found.lattice, text)
    except ValueError:
        return None
    return shapes_in_gaps(found.pieces, found.rounds[-1].spans, path)


def weighed(found: Found, model: MarkModel | None) -> Found:
    """The same with its likeliest texts weighed by whether anybody writes an amount so: a comma that is taken for a 1
    leaves groups of digits that are no thousands."""
    few = [(text, share) for text, share in found.texts[:COMPARED] if share >= LEAST]
    if model is None or found.together is None or len(few) < 2:
        return found
    line = found.together.line
    worth = [
        share * (plausibility(model, text, line.marks(text), shapes_of(found, text)) if text else 1.0)
        for text, share in few
    ]
    scale = sum(share for _, share in few) / sum(worth)
    texts = [(text, each * scale) for (text, _), each in zip(few, worth, strict=True)]
    return replace(found, texts=tuple(sorted([*texts, *found.texts[len(few) :]], key=lambda pair: -pair[1])))


def with_value(reading: Reading, found: Found, path: Path | None, model: MarkModel | None) -> Reading:
    """The reading, which has a text, with what is written and its value: by both readers, or by shapes alone where the
    weights do not say how marks are known."""
    text = reading.text
    assert text is not None
    if model is not None:
        said = None if found.together is None else found.together.line.marks(text)
        return _marked(reading, choose(model, text, said, shapes_of(found, text)))
    if found.pieces is None or path is None or path.text != text:
        return _written(reading, text, value_note=UNPLACED)
    written = written_of(found.pieces, found.rounds[-1].spans, path)
    value = value_of(written)
    return _written(reading, written, value=value.amount, value_note=value.reason)


def _marked(reading: Reading, marked: Marked) -> Reading:
    return _written(
        reading,
        marked.written,
        written_confidence=reading.confidence * marked.share,
        value=marked.amount,
        value_confidence=None if marked.amount is None else reading.confidence * marked.amount_share,
        value_note=marked.doubt,
    )


def _written(reading: Reading, written: str, **further: Any) -> Reading:
    """The reading with what is written, in its mask, too, if it has one."""
    mask = None if reading.mask is None else reading.mask.in_writing(written)
    return replace(reading, written=written, mask=mask, **further)
