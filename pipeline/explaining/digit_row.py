"""The digits one by one: the crop as the network sees it, what it is read as, and the next best."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from pipeline.explaining.panels import ACCENT, CARD, QUIET, RULE, TEXT, WARN, Panel, flow, percent, picture_of
from pipeline.reading.field_reader import Trace
from pipeline.reading.lattices.characters import draw_crops
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.result_parts import Digit
from segmenter.spans import Spans

CARD_WIDTH, CROP, SPACE = 122, 112, 8  # points; a pixel of the crop is 4 of them
CARD_HEIGHT = CROP + 106
AROUND = np.array([1.0, 0.65, 0.3], dtype=np.float32)  # the colour of the other ink in the frame
UNSURE = 0.9  # digits below this confidence stand out


def draw_digits(trace: Trace, width: float) -> Panel:
    """A card for each digit of the reading."""
    pieces, path = trace.pieces, trace.path
    assert pieces is not None and path is not None
    if not trace.spelled:
        return flow([_draw_card(digit, _cut_out(trace, digit)) for digit in trace.reading.digits], width, gap=SPACE)
    chosen = [span for span, symbol in zip(path.spans, path.symbols, strict=True) if symbol != SKIP]
    spans = trace.rounds[-1].spans
    own = Spans(*(getattr(spans, field.name)[chosen] for field in fields(Spans)))
    crops = draw_crops(pieces, own)
    cards = [_draw_card(digit, crop_colours(crop)) for digit, crop in zip(trace.reading.digits, crops, strict=True)]
    return flow(cards, width, gap=SPACE, row_gap=SPACE)


def _cut_out(trace: Trace, digit: Digit) -> NDArray[np.float32]:
    """The digit's place in the source, in the middle of a square: no span of the lattice is read so."""
    left, top, right, bottom = digit.box
    part = trace.grey[top:bottom, left:right]
    side = max(part.shape)
    square = np.ones((side, side), dtype=np.float32)
    y, x = (side - part.shape[0]) // 2, (side - part.shape[1]) // 2
    square[y : y + part.shape[0], x : x + part.shape[1]] = part
    return square


def _draw_card(digit: Digit, crop: NDArray[np.float32]) -> Panel:
    """crop: (h, w) grey or (h, w, 3) RGB."""
    panel = Panel(CARD_WIDTH, CARD_HEIGHT, CARD)
    side = (CARD_WIDTH - CROP) / 2
    panel.picture(picture_of(crop), side, side, CROP, CROP, smooth=False)
    y = side + CROP + 24
    colour = WARN if digit.confidence < UNSURE else ACCENT
    panel.text(side + 4, y, digit.digit, 34, TEXT, "lm", bold=True)
    panel.text(CARD_WIDTH - side - 3, y - 5, percent(digit.confidence), 15, colour, "rm", bold=True)
    panel.box(side + 34, y + 9, CARD_WIDTH - side - 3, y + 14, fill=RULE, radius=2)
    full = CARD_WIDTH - 2 * side - 37
    panel.box(side + 34, y + 9, side + 34 + digit.confidence * full, y + 14, fill=colour, radius=2)
    y += 32
    for other in digit.alternatives[:2] if digit.alternatives else ():
        panel.text(side + 14, y, other.text, 13, QUIET, "mm")
        panel.text(CARD_WIDTH - side - 3, y, percent(other.confidence), 12.5, QUIET, "rm")
        y += 18
    if not digit.alternatives:
        panel.text(CARD_WIDTH / 2, y, "nothing else", 12, QUIET, "mm")
    return panel


def crop_colours(crop: NDArray[np.float32]) -> NDArray[np.float32]:
    """A crop (2, 28, 28) as (28, 28, 3) RGB in [0, 1]: the character's ink white on black, the ink around it orange."""
    own, around = crop[0][:, :, None], crop[1][:, :, None]
    return own + around * (1 - own) * AROUND
