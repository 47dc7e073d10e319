"""The top of the picture: the text, how likely it is right, whether that is enough, and what else it may be."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.explaining.panels import (
    ACCENT,
    CARD,
    FAINT,
    GOOD,
    PAPER,
    QUIET,
    RULE,
    TEXT,
    WARN,
    Panel,
    percent,
    text_width,
)
from pipeline.reading.result import Reading

HEIGHT = 132
BARS = 170  # points of a bar that stands for certainty


def draw_header(reading: Reading, threshold: float | None, width: float, nothing: str) -> Panel:
    """nothing: what to say in place of a text that there is not."""
    panel = Panel(width, HEIGHT, CARD)
    colour = TEXT if reading.text else QUIET
    words = reading.text or nothing
    size = 56.0 if reading.text else 26.0
    size = min(size, size * 0.45 * width / text_width(words, size))
    panel.text(28, 50, words, size, colour, "lm", bold=bool(reading.text))
    _draw_verdict(panel, reading, threshold)
    bars = [(reading.text, reading.confidence)] if reading.text else []
    bars += [(other.text, other.confidence) for other in reading.alternatives]
    _draw_bars(panel, bars, reading.text, width * 0.56)
    return panel


def _draw_verdict(panel: Panel, reading: Reading, threshold: float | None) -> None:
    """One line: a badge, and why."""
    badge, colour = ("accepted", GOOD) if reading.accepted else ("not accepted", WARN)
    wide = text_width(badge, 14) + 22
    panel.box(28, 89, 28 + wide, 113, fill=colour, radius=12)
    panel.text(28 + wide / 2, 101, badge, 14, PAPER, "mm", bold=True)
    if not reading.text:
        why = "no text, so nothing to accept"
    elif threshold is None:
        why = f"right with probability {percent(reading.confidence)}"
    else:
        sign = "reaches" if reading.accepted else "is below"
        why = f"probability {percent(reading.confidence)} {sign} the threshold of {percent(threshold)}"
    panel.text(28 + wide + 12, 101, why, 14, QUIET, "lm")


def _draw_bars(panel: Panel, bars: Sequence[tuple[str | None, float]], text: str | None, left: float) -> None:
    """Every text in question with its probability as a bar; the rest is said to be the rest."""
    if not bars:
        return
    rest = max(0.0, 1 - sum(confidence for _, confidence in bars))
    rows = [*bars[:4], ("any other", rest)]
    step = min(24, (HEIGHT - 20) / len(rows))
    y = (HEIGHT - step * len(rows)) / 2 + step / 2
    column = left + max(text_width(words or "", 15) for words, _ in rows) + 16
    for words, confidence in rows:
        other = words == "any other"
        colour = ACCENT if words == text else FAINT
        panel.text(column - 16, y, words or "", 13 if other else 15, QUIET if other else TEXT, "rm", bold=words == text)
        panel.box(column, y - 6, column + BARS, y + 6, fill=RULE, radius=3)
        if confidence * BARS >= 1:
            panel.box(column, y - 6, column + confidence * BARS, y + 6, fill=colour, radius=3)
        panel.text(column + BARS + 12, y, percent(confidence), 14, TEXT if words == text else QUIET, "lm")
        y += step
