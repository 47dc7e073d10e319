"""Names: which of a page's numbers is the amount, which the date; the others are numbered."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.documents.cells import Cell
from pipeline.documents.fields import AMOUNT, DATE
from pipeline.documents.finding import Candidate
from pipeline.documents.looks import Look

BESIDE = 10  # working pixels between the box of a currency sign and that of its number
LEVEL = 0.25  # heights by which the two may differ
WIDER = 1.8  # times as wide as the sign's box is the number's, at least
SIGN_THINGS = 3  # characters of a sign, as Rs.
SURE_DIGIT = 0.9  # confidence from which on a sign is none, but a digit
LANDSCAPE = (1.6, 3.2)  # width over height of a cheque
RIGHT = 0.5  # of the page's width: a cheque's amount is on the right of that ...
DATE_ORDERS = ("date:DDMMYYYY", "date:MMDDYYYY", "date:YYYYMMDD")
SHORT_DATE_ORDERS = ("date:DDMMYY", "date:MMDDYY", "date:YYMMDD")


def amounts(candidates: Sequence[Candidate], looks: Sequence[Look], shape: tuple[int, int]) -> set[int]:
    """Which of the candidates hold amounts: those after a currency sign; else, on a cheque, the widest on the right.

    shape: (h, w) of the sheet.
    """
    plain = [k for k, candidate in enumerate(candidates) if not candidate.is_comb and looks[k].is_number]
    found = {k for k in plain if looks[k].signed or _has_sign_beside(k, candidates, looks)}
    if found or not plain or not _is_cheque(candidates, shape):
        return found
    right = [k for k in plain if candidates[k].frame.left > RIGHT * shape[1] * 0.9]
    return {max(right, key=lambda k: candidates[k].frame.width)} if right else set()


def _is_cheque(candidates: Sequence[Candidate], shape: tuple[int, int]) -> bool:
    """A landscape page with a comb in its upper right."""
    height, width = shape
    return LANDSCAPE[0] <= width / height <= LANDSCAPE[1] and any(
        candidate.is_comb and candidate.frame.left > 0.4 * width and candidate.frame.bottom < 0.5 * height
        for candidate in candidates)


def _has_sign_beside(index: int, candidates: Sequence[Candidate], looks: Sequence[Look]) -> bool:
    """Whether the box to the left holds one thing, narrow, that is no digit."""
    frame = candidates[index].frame
    for k, other in enumerate(candidates):
        if k != index and not other.is_comb and _is_left_of(other.frame, frame):
            reading = looks[k].reading
            lone = other.frame.width <= 1.6 * other.frame.height and frame.width >= WIDER * other.frame.width
            no_digit = reading.text is None or (len(reading.text) == 1 and reading.confidence < SURE_DIGIT)
            if lone and no_digit and looks[k].things <= SIGN_THINGS:
                return True
    return False


def _is_left_of(left: Cell, right: Cell) -> bool:
    return (0 <= right.left - left.right <= BESIDE and abs(left.top - right.top) <= LEVEL * right.height
            and abs(left.bottom - right.bottom) <= LEVEL * right.height)


def field_names(kinds: Sequence[str], dates: Sequence[bool]) -> list[str]:
    """A name for each field of a document: `amount`, `date`, else `field-01` and so on; no name twice."""
    names: list[str] = []
    for number, (kind, is_date) in enumerate(zip(kinds, dates, strict=True), 1):
        stem = AMOUNT if kind == AMOUNT else DATE if is_date else None
        taken = sum(name == stem or name.startswith(f"{stem}-") for name in names)
        names.append(f"field-{number:02d}" if stem is None else stem if not taken else f"{stem}-{taken + 1}")
    return names
