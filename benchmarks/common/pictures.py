"""What contact sheets show of a reading: the source, and its ink with the cuts and spans of the path."""

from __future__ import annotations

from pipeline.explaining.field_picture import draw_ink, draw_source, label_path
from pipeline.explaining.panels import Panel, stack
from pipeline.reading.field_reader import Trace

GAP = 6  # points between the two


def draw_reading(trace: Trace, width: float, height: float) -> Panel:
    """The source and below it the ink, each within width x height points; the source alone of a blank picture."""
    pictures = [draw_source(trace, width, height)[0]]
    if trace.pieces is not None and trace.path is not None:
        labels, strong, skipped = label_path(trace)
        active = trace.rounds[-1].active
        pictures.append(
            draw_ink(trace.pieces, width, height, active=active, strong=strong, spans=labels, skipped=skipped)
        )
    return stack(pictures, GAP)
