"""Names: which of a page's numbers is the amount, which the date; the others are numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.documents.fields import AMOUNT, DATE
from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.cleaning import has_sign
from pipeline.documents.layout.field_finding import Candidate
from pipeline.documents.looks import Look


@dataclass(frozen=True)
class NamingLimits:
    """Which box is that of a currency sign, and where the amount of a cheque stands."""

    beside: int = 10  # working pixels between the box of a currency sign and that of its number
    level: float = 0.25  # heights by which the two may differ
    wider: float = 1.8  # times as wide as the sign's box is the number's, at least
    sign_box: float = 2.2  # heights that the sign's box is wide, at most
    sign_things: int = 4  # characters of a sign, as Rs. or USD
    sure_digit: float = 0.9  # confidence from which on a sign is none, but a digit
    cheque: tuple[float, float] = (1.6, 3.2)  # width over height of a cheque
    comb_from: float = 0.4  # of the page's width: a cheque's date is on the right of that ...
    comb_above: float = 0.5  # ... and above that of its height
    right: float = 0.45  # of the page's width: a cheque's amount is on the right of that
    label: float = 0.5  # confidence below which what stands in the box before a number's is its label, if that box ...
    narrower: float = 0.8  # ... is at most so wide as the number's: A/C No. and the like, taken for digits


NAMING = NamingLimits()
DATE_ORDERS = ("date:DDMMYYYY", "date:MMDDYYYY", "date:YYYYMMDD")
SHORT_DATE_ORDERS = ("date:DDMMYY", "date:MMDDYY", "date:YYMMDD")


def amounts(
    candidates: Sequence[Candidate], looks: Sequence[Look], shape: tuple[int, int]
) -> tuple[set[int], set[int]]:
    """Which of the candidates hold amounts: those after a currency sign; on a cheque, one on the right: that with
    a sign, else the widest. And which hold a sign alone.

    shape: (h, w) of the sheet.
    """
    cheque = is_cheque(candidates, shape)
    signs = {k: _sign_beside(k, candidates, looks, cheque) for k in range(len(candidates))}
    alone = {sign for sign in signs.values() if sign is not None}
    plain = [k for k, candidate in enumerate(candidates) if not candidate.is_comb and k not in alone]
    found = {k for k in plain if looks[k].is_number and (looks[k].signed or signs[k] is not None)}
    if cheque:
        right = {k for k in plain if candidates[k].frame.left > NAMING.right * shape[1]}
        found = _widest(found & right or {k for k in right if has_sign(candidates[k].crop)} or right, candidates)
    return found, alone


def labels(candidates: Sequence[Candidate], looks: Sequence[Look]) -> set[int]:
    """Which of the candidates are words that say what the number in the next box is."""
    return {
        k
        for k, one in enumerate(candidates)
        for other, look in zip(candidates, looks, strict=True)
        if look.is_number
        and looks[k].reading.confidence < min(NAMING.label, look.reading.confidence)
        and not (one.is_comb or other.is_comb)
        and _is_left_of(one.frame, other.frame)
        and one.frame.width <= NAMING.narrower * other.frame.width
    }


def _widest(indices: set[int], candidates: Sequence[Candidate]) -> set[int]:
    return {max(indices, key=lambda k: candidates[k].frame.width)} if indices else set()


def is_cheque(candidates: Sequence[Candidate], shape: tuple[int, int]) -> bool:
    """A landscape page with a comb in its upper right."""
    height, width = shape
    return has_shape_of_cheque(shape) and any(
        candidate.is_comb
        and candidate.frame.left > NAMING.comb_from * width
        and candidate.frame.bottom < NAMING.comb_above * height
        for candidate in candidates
    )


def has_shape_of_cheque(shape: tuple[int, int]) -> bool:
    """Whether a sheet (h, w) is as wide as cheques are."""
    return NAMING.cheque[0] <= shape[1] / shape[0] <= NAMING.cheque[1]


def _sign_beside(index: int, candidates: Sequence[Candidate], looks: Sequence[Look], cheque: bool) -> int | None:
    """The box to the left that holds one short thing that is no digit, if there is one. On a cheque, a sign may look
    like digits."""
    frame = candidates[index].frame
    for k, other in enumerate(candidates):
        if k == index or candidates[index].is_comb or other.is_comb or not _is_left_of(other.frame, frame):
            continue
        reading = looks[k].reading
        lone = (
            other.frame.width <= NAMING.sign_box * other.frame.height
            and frame.width >= NAMING.wider * other.frame.width
        )
        no_digit = reading.text is None or (len(reading.text) == 1 and reading.confidence < NAMING.sure_digit)
        if lone and looks[k].things <= NAMING.sign_things and (no_digit or cheque):
            return k
    return None


def _is_left_of(left: Cell, right: Cell) -> bool:
    return (
        0 <= right.left - left.right <= NAMING.beside
        and abs(left.top - right.top) <= NAMING.level * right.height
        and abs(left.bottom - right.bottom) <= NAMING.level * right.height
    )


def field_names(kinds: Sequence[str], dates: Sequence[bool], known: Sequence[str | None] | None = None) -> list[str]:
    """A name for each field of a document: the known one, `amount`, `date`, else `field-01` and so on; none twice."""
    names: list[str] = []
    for number, (kind, is_date) in enumerate(zip(kinds, dates, strict=True), 1):
        stem = AMOUNT if kind == AMOUNT else DATE if is_date else None
        stem = known[number - 1] or stem if known is not None else stem
        taken = sum(name == stem or name.startswith(f"{stem}-") for name in names)
        names.append(f"field-{number:02d}" if stem is None else stem if not taken else f"{stem}-{taken + 1}")
    return names
