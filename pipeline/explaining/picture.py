"""The picture that explains a reading: what came in, the ink and its cuts, the digits, the rounds of the search."""

from __future__ import annotations

from PIL import Image

from pipeline.explaining.both_readers import draw_readers
from pipeline.explaining.digit_row import draw_digits
from pipeline.explaining.field_picture import draw_ink, draw_legend, draw_source, label_path
from pipeline.explaining.header import draw_header
from pipeline.explaining.panels import Panel, stack, titled
from pipeline.explaining.rounds import draw_rounds
from pipeline.reading.field_reader import Trace
from pipeline.reading.result import Reading

MARGIN = 36  # points; a point is a pixel of the finished picture
WIDTHS = 1040, 1400  # of the picture: of a short field, whose source and ink stand side by side, and of a long one
LONG = 4.2  # fields wider than this many times their height are long
PICTURE_HEIGHT = 180


def draw_explanation(trace: Trace, reading: Reading | None = None, *, threshold: float | None = None) -> Image.Image:
    """Draw how an image was read, as one RGB picture about 1000 to 1400 pixels wide.

    trace: what Reader.trace gives. reading: its reading; given apart only where it is another one.
    threshold: the confidence from which on the reader accepts, to be shown beside the reading's.
    """
    reading = reading or trace.reading
    width = WIDTHS[_is_long(trace) or len(trace.reading.digits) > 7] - 2 * MARGIN
    parts = [draw_header(reading, threshold, width, _nothing(trace)), *_sections(trace, width)]
    body = stack(parts, 26, width)
    page = Panel(body.width + 2 * MARGIN, body.height + 2 * MARGIN)
    page.place(body, MARGIN, MARGIN)
    return page.finished()


def _is_long(trace: Trace) -> bool:
    """Whether the field needs the whole width to be seen well."""
    shapes = [trace.grey.shape] + ([] if trace.pieces is None else [trace.pieces.ink.pixels.shape])
    return max(w / h for h, w in shapes) > LONG


def _nothing(trace: Trace) -> str:
    """Why there is no text."""
    if trace.reading.note is not None:
        return trace.reading.note
    return "a blank page: no ink" if trace.pieces is None else "ink, but no digits"


def _sections(trace: Trace, width: float) -> list[Panel]:
    """The numbered parts below the header, as far as the reading came."""
    if trace.pieces is None or trace.path is None:
        source, size = draw_source(trace, width, 2 * PICTURE_HEIGHT)
        return [titled("What came in", f"{size}; neither dark nor light writing was found on it", source, 1)]
    parts = []
    if trace.reading.readers:
        note = "each alone; coloured is what the other does not confirm"
        parts.append(("Two readers", note, draw_readers(trace.reading, width)))
    if trace.reading.digits:
        note = "28 x 28 pixels each, as the network sees them; orange is ink of the neighbours"
        parts.append(("The digits", note, draw_digits(trace, width)))
    note = "thick cuts are new, shaded spans were unsure and are cut finer in the next round"
    parts.append(("How it was searched", note, draw_rounds(trace, width)))
    return [*_pictures(trace, width), *(titled(*part, number) for number, part in enumerate(parts, start=3))]


def _pictures(trace: Trace, width: float) -> list[Panel]:
    """Source and ink, side by side where both are short."""
    pieces = trace.pieces
    assert pieces is not None
    short = not _is_long(trace)
    room = (width - 32) / 2 if short else width
    source, size = draw_source(trace, room, PICTURE_HEIGHT)
    labels, strong, skipped = label_path(trace)
    active = trace.rounds[-1].active
    ink = draw_ink(pieces, room, PICTURE_HEIGHT, active=active, strong=strong, spans=labels, skipped=skipped)
    came_in = titled("What came in", size, source, 1)
    found = titled(
        "Ink and cuts", "upright; thick cuts part what was read", stack([ink, draw_legend(pieces, active, room)], 12), 2
    )
    if not short:
        return [came_in, found]
    both = Panel(width, max(came_in.height, found.height))
    both.place(came_in, 0, 0)
    both.place(found, room + 32, 0)
    return [both]
