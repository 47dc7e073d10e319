"""Contact sheets of strings that were read wrong, one for each cause: source, ink with cuts, reading and truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.common.pictures import draw_reading
from benchmarks.diagnosis.causes import CAUSES, StringVerdict
from pipeline.explaining.panels import FAINT, GOOD, QUIET, RULE, TEXT, WARN, Panel, flow, percent, text_width
from pipeline.reading.field_reader import Trace

CELL, SHEET = 340, 1460  # points
MOST = 60  # strings on one sheet


class Judged(Protocol):
    """What a sheet shows of a string."""

    @property
    def name(self) -> str: ...
    @property
    def truth(self) -> str: ...
    @property
    def trace(self) -> Trace: ...
    @property
    def verdict(self) -> StringVerdict: ...


def draw_sheets(cases: Sequence[Judged], folder: Path) -> list[Path]:
    """One PNG, or as many as it takes, for each cause; old ones are replaced."""
    written = []
    for old in folder.glob("cause-*.png"):
        old.unlink()
    for cause in CAUSES:
        chosen = [case for case in cases if case.verdict.cause == cause]
        for page in range(0, len(chosen), MOST):
            path = folder / f"cause-{cause.replace(' ', '-')}-{page // MOST + 1}.png"
            cells = [_draw_cell(case) for case in chosen[page : page + MOST]]
            flow(cells, SHEET, gap=24).finished().save(path)
            written.append(path)
    return written


def _draw_cell(case: Judged) -> Panel:
    picture = draw_reading(case.trace, CELL, 120)
    panel = Panel(CELL, picture.height + 52)
    panel.line([(0, 0), (CELL, 0)], RULE, 1)
    _draw_words(panel, case)
    panel.place(picture, 0, 46)
    return panel


def _draw_words(panel: Panel, case: Judged) -> None:
    """Truth and reading with the confidence, and below what was lost: digit, cause, what is on top, its output."""
    text = case.trace.reading.text or "nothing"
    x = 0.0
    for words, colour in (
        (case.truth, GOOD),
        ("read as", FAINT),
        (text, WARN),
        (percent(case.trace.reading.confidence), QUIET),
    ):
        panel.text(x, 5, words, 15, colour, bold=colour in (GOOD, WARN))
        x += text_width(words, 15) + 7
    panel.text(CELL, 8, case.name, 10, FAINT, "ra")
    lost = [
        f"{digit.digit}: {digit.cause[0]}" + (f" {digit.seen} {digit.output:.2f}" if digit.seen else "")
        for digit in case.verdict.digits
        if digit.cause
    ]
    extras = [f"extra {case.verdict.extras}"] if case.verdict.extras else []
    panel.text(0, 26, ",  ".join(lost + extras), 11.5, TEXT)
