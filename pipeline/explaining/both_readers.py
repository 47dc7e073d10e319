"""What each of the two readers would say alone, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from pipeline.explaining.panels import CARD, QUIET, TEXT, WARN, Panel, percent, text_width
from pipeline.reading.result import Reading

HEIGHT, ROW, SIZE = 92, 32, 22.0  # points
NAMES = {"lattice": "pieces of ink", "line": "the whole line"}


def draw_readers(reading: Reading, width: float) -> Panel:
    """A row for each reader: its text, the signs that the other one does not confirm in another colour, and how sure
    it is."""
    panel = Panel(width, HEIGHT, CARD)
    texts = {name: opinion.text or "" for name, opinion in reading.readers.items()}
    for place, (name, opinion) in enumerate(reading.readers.items()):
        y = 14 + ROW * (place + 0.5)
        panel.text(24, y, NAMES.get(name, name), 14, QUIET, "lm")
        others = [text for other, text in texts.items() if other != name]
        x = 190.0
        for sign, confirmed in confirmed_signs(opinion.text or "", others):
            panel.text(x, y, sign, SIZE, TEXT if confirmed else WARN, "lm", bold=True)
            x += text_width(sign, SIZE) + 1
        words = "nothing" if not opinion.text else percent(opinion.confidence)
        panel.text(x + 14, y, words, 14, QUIET, "lm")
    return panel


def confirmed_signs(text: str, others: Sequence[str]) -> list[tuple[str, bool]]:
    """The signs of a text, and whether every other text has them there."""
    confirmed = [True] * len(text)
    for other in others:
        for kind, first, last, _, _ in SequenceMatcher(None, text, other, autojunk=False).get_opcodes():
            if kind in ("replace", "delete"):
                confirmed[first:last] = [False] * (last - first)
    return list(zip(text, confirmed, strict=True))
