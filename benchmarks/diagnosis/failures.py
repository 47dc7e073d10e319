"""Contact sheets of pictures that were read wrong, one for each kind: source, ink with cuts, reading and truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.common.pictures import draw_reading
from pipeline.explaining.panels import FAINT, GOOD, QUIET, RULE, WARN, Panel, flow, percent, text_width
from pipeline.reading.field_reader import FieldReader, Trace

CELL, HEIGHT, SHEET = 220, 100, 1440  # points
MOST = 60  # pictures on one sheet


class Failure(Protocol):
    """A picture that was read wrong: its kind ("" where there are none), where it lies, its digits ("" for none)."""

    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def truth(self) -> str: ...


def draw_failures(reader: FieldReader, failures: Sequence[Failure], folder: Path) -> list[Path]:
    """One PNG, or as many as it takes, for each kind; old ones are replaced. The pictures are read once more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("fails-*.png"):
        old.unlink()
    written = []
    for kind in sorted({failure.kind for failure in failures}):
        chosen = [failure for failure in failures if failure.kind == kind]
        for page in range(0, len(chosen), MOST):
            path = folder / f"fails-{kind or 'all'}-{page // MOST + 1}.png"
            cells = [_draw_cell(failure, reader.trace(failure.path)) for failure in chosen[page : page + MOST]]
            flow(cells, SHEET, gap=20).finished().save(path)
            written.append(path)
    return written


def _draw_cell(failure: Failure, trace: Trace) -> Panel:
    """Truth, reading and confidence over the pictures."""
    picture = draw_reading(trace, CELL, HEIGHT)
    panel = Panel(CELL, picture.height + 46)
    panel.line([(0, 0), (CELL, 0)], RULE, 1)
    reading, x = trace.reading, 0.0
    words = (
        (failure.truth or "nothing", GOOD),
        (reading.text or "nothing", WARN),
        (percent(reading.confidence), QUIET),
    )
    for word, colour in words:
        panel.text(x, 5, word, 15, colour, bold=colour != QUIET)
        x += text_width(word, 15) + 9
    panel.text(0, 26, failure.path.name, 10, FAINT)
    panel.place(picture, 0, 42)
    return panel
