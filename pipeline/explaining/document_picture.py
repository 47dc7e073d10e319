"""The picture of a document that was read: its pages, each field in its box, and the list of what stands there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.documents.fields import DocumentReading, FieldReading
from pipeline.explaining.panels import (
    CARD,
    GOOD,
    PAPER,
    QUIET,
    RULE,
    TEXT,
    WARN,
    Panel,
    beside,
    percent,
    picture_of,
    stack,
    text_width,
)

MARGIN, GAP = 36, 24  # points
PAGE = 900, 1200  # points of a page at most: width, height
ROW = 26
MOST_DIGITS = 26  # of a text in the list


def draw_document(pages: Mapping[int, NDArray[np.float32]], document: DocumentReading) -> Image.Image:
    """Draw the pages (number -> (H, W) float32 in [0, 1], 1 = white) with the fields that were read on them; RGB."""
    parts = [
        _page(grey, [field for field in document if field.page == number], f"Page {number} of {document.pages}")
        for number, grey in pages.items()
    ]
    parts += [_sentence(error, WARN) for error in document.errors]
    body = stack(parts or [_sentence("no page", WARN)], GAP)
    picture = Panel(body.width + 2 * MARGIN, body.height + 2 * MARGIN)
    picture.place(body, MARGIN, MARGIN)
    return picture.finished()


def _page(grey: NDArray[np.float32], fields: list[FieldReading], title: str) -> Panel:
    height, width = grey.shape
    scale = min(PAGE[0] / width, PAGE[1] / height)
    page = Panel(width * scale, height * scale)
    page.picture(picture_of(grey), 0, 0, page.width, page.height)
    page.box(0, 0, page.width - 1, page.height - 1, outline=RULE)
    for number, field in enumerate(fields, 1):
        left, top, right, bottom = (edge * scale for edge in field.box)
        colour = _colour(field)
        page.box(left - 2, top - 2, right + 2, bottom + 2, outline=colour, width=2)
        room = text_width(str(number), 12) + 8
        place = max(0.0, left - room - 2)
        page.box(place, top - 2, place + room, top + 15, fill=colour, radius=3)
        page.text(place + room / 2, top + 6.5, str(number), 12, PAPER, "mm")
    return beside([page, _list(fields, title)], GAP)


def _list(fields: list[FieldReading], title: str) -> Panel:
    """What stands in the fields, a row each."""
    names = max([text_width(field.name, 14) for field in fields], default=80) + 24
    texts = max([text_width(_text(field), 16) for field in fields], default=80) + 24
    panel = Panel(44 + names + texts + 80, 40 + ROW * max(1, len(fields)), CARD)
    panel.text(14, 18, title, 16, TEXT, "lm", bold=True)
    if not fields:
        panel.text(14, 40, "no number was found", 14, QUIET, "lm")
    for number, field in enumerate(fields, 1):
        y = 32 + ROW * (number - 0.5)
        panel.box(12, y - 9, 36, y + 9, fill=_colour(field), radius=4)
        panel.text(24, y, str(number), 12, PAPER, "mm")
        panel.text(46, y, field.name, 14, QUIET, "lm")
        panel.text(46 + names, y, _text(field), 16, TEXT, "lm")
        panel.text(46 + names + texts, y, percent(field.reading.confidence), 13, QUIET, "lm")
    return panel


def _text(field: FieldReading) -> str:
    text = field.reading.text or "nothing"
    return text if len(text) <= MOST_DIGITS else text[:MOST_DIGITS] + "..."


def _colour(field: FieldReading) -> str:
    return GOOD if field.reading.accepted else WARN


def _sentence(words: str, colour: str) -> Panel:
    panel = Panel(text_width(words, 14) + 20, 30)
    panel.text(10, 15, words, 14, colour, "lm")
    return panel
