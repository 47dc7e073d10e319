"""Masks: where one digit alone is unsure, the text with that digit open, `12?4`, so that a person is asked for no more.

The probability that the open text is right is the sum over all texts that differ from the likeliest in that place
alone: they share what the likeliest leaves over as their posteriors do.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.reading.result_parts import OPEN, Alternative, Mask

TEXTS = 16  # that are looked for: as many as there are digits in one place, and some that differ otherwise
SHOWN = 4  # digits of the open place that are named


def mask_of(text: str, confidence: float, others: Sequence[Alternative], level: float) -> Mask | None:
    """The mask of a text of at least two digits, where some place leaves the rest surer than `level`.

    confidence: of the text; others: of all other texts, not of the shown ones alone.
    """
    if len(text) < 2:
        return None
    best = max((_open(text, place, confidence, others) for place in range(len(text))), key=lambda mask: mask.confidence)
    return best if best.confidence >= level else None


def _open(text: str, place: int, confidence: float, others: Sequence[Alternative]) -> Mask:
    """The text with a place open."""
    before, after = text[:place], text[place + 1 :]
    digits = [Alternative(text[place], confidence)]
    for other in others:
        alike = len(other.text) == len(text) and other.text.startswith(before) and other.text.endswith(after)
        if alike:
            digits.append(Alternative(other.text[place], other.confidence))
    digits.sort(key=lambda digit: -digit.confidence)
    share = min(1.0, sum(digit.confidence for digit in digits))
    return Mask(before + OPEN + after, place, share, tuple(digits[:SHOWN]))
