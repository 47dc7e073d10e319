"""A page read without a template: its fields found, turned upright, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.documents.fields import AMOUNT, MICR, FieldReading
from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.cleaning import without_sign
from pipeline.documents.layout.combs import sort_reading
from pipeline.documents.layout.field_finding import Candidate, Layout, find_candidates, find_lone
from pipeline.documents.layout.sheet import Sheet
from pipeline.documents.looks import Look, look_at
from pipeline.documents.micr.micr_line import read_micr
from pipeline.documents.naming import (
    DATE_ORDERS,
    SHORT_DATE_ORDERS,
    amounts,
    field_names,
    has_shape_of_cheque,
    is_cheque,
    labels,
)
from pipeline.formats.format import parse_format
from pipeline.reading.field_reader import FieldReader
from segmenter.arrays import Box


@dataclass(frozen=True)
class UprightSettings:
    """When a page is taken to stand upright."""

    tried: int = 9  # fields that are read to tell: more cost time and change nothing
    sure: float = 0.85  # median confidence from which on it does; all of ...
    fewest_digits: int = 8  # ... so many digits together: a few may be symmetric
    sure_date: float = 0.5  # confidence of a date from which on it does
    better: float = 1.3  # times as many digits must be readable another way up


UPRIGHT = UprightSettings()
YEARS = range(1900, 2100)  # of a date in a comb that is not known to be one


@dataclass(frozen=True)
class FoundNumber:
    """A number found on a page: its kind, where it is, and the look at it; is_date: whether it is a date's comb.
    frame: the same place on the sheet, in working pixels; None for a whole page. name: where that is known."""

    kind: str
    box: Box
    look: Look
    is_date: bool = False
    frame: Cell | None = None
    name: str | None = None


def read_page(reader: FieldReader, sheet: Sheet) -> list[FoundNumber]:
    """The numbers of a page, found without a template, in reading order."""
    return find_numbers(reader, upright(reader, sheet))


def find_numbers(reader: FieldReader, view: PageView) -> list[FoundNumber]:
    """The numbers of a page that stands upright, in reading order."""
    sheet, candidates, looks = view.sheet, view.candidates, [view.look(k) for k in range(len(view.candidates))]
    height, width = sheet.contrast.shape
    paid, signs = amounts(candidates, looks, (height, width))
    words = signs | (labels(candidates, looks) - paid)
    found = []
    for index, (candidate, look) in enumerate(zip(candidates, looks, strict=True)):
        if index in paid:
            look = _look_at_amount(reader, sheet, candidate, look)
        if index not in words and (look.is_number or (index in paid and look.reading.text is not None)):
            kind = AMOUNT if index in paid else "comb" if candidate.is_comb else "box"
            found.append((candidate.frame, kind, look))
    # What is written on the lines of a cheque are words.
    lone = [] if is_cheque(candidates, (height, width)) else find_lone(sheet, view.layout)
    for candidate in lone:
        look = look_at_candidate(reader, sheet, candidate)
        if look.is_lone_number:
            found.append((candidate.frame, "line", look))
    order = {id(frame): k for k, frame in enumerate(sort_reading([frame for frame, _, _ in found]))}
    found.sort(key=lambda one: order[id(one[0])])
    numbers = [
        FoundNumber(
            kind,
            sheet.page_box((frame.left, frame.top, frame.right, frame.bottom)),
            look,
            kind == "comb" and _fits_date(look),
            frame,
        )
        for frame, kind, look in found
    ]
    return numbers + _micr(reader, sheet)


def _micr(reader: FieldReader, sheet: Sheet) -> list[FoundNumber]:
    """The MICR line at the foot of a cheque, and its parts."""
    height, width = sheet.contrast.shape
    if not has_shape_of_cheque((height, width)):
        return []
    return [
        FoundNumber(
            MICR,
            sheet.page_box((part.frame.left, part.frame.top, part.frame.right, part.frame.bottom)),
            Look(part.reading, 1.0, False),
            frame=part.frame,
            name=part.name,
        )
        for part in read_micr(sheet, reader.threshold)
    ]


class PageView:
    """A sheet one way up, its candidates, and the looks at them, each taken once, when it is asked for."""

    def __init__(self, reader: FieldReader, sheet: Sheet):
        self.reader, self.sheet = reader, sheet
        self.layout = Layout.of(sheet)
        self.candidates = find_candidates(sheet, self.layout)
        self._looks: dict[int, Look] = {}

    def look(self, index: int) -> Look:
        """The look at the candidate of that number."""
        if index not in self._looks:
            self._looks[index] = look_at_candidate(self.reader, self.sheet, self.candidates[index])
        return self._looks[index]

    def sample(self) -> list[Look]:
        """The looks at a few of the candidates, combs and wide boxes first."""
        order = sorted(
            range(len(self.candidates)), key=lambda k: (-self.candidates[k].cells, -self.candidates[k].frame.width)
        )
        return [self.look(k) for k in order[: UPRIGHT.tried]]

    @property
    def holds_date(self) -> bool:
        """Whether a date was read in a comb, surely: by chance, none is read upside down."""
        return any(_fits_date(look) and look.reading.confidence >= UPRIGHT.sure_date for look in self.sample())

    @property
    def is_surely_upright(self) -> bool:
        """Whether a date was read in a comb, or what was read is sure enough."""
        looks = self.sample()
        digits = sum(len(look.reading.text or "") for look in looks)
        return self.holds_date or (
            digits >= UPRIGHT.fewest_digits
            and float(np.median([look.reading.confidence for look in looks])) >= UPRIGHT.sure
        )

    @property
    def readable(self) -> float:
        """How many digits of the sample are probably right."""
        return sum(look.reading.confidence * len(look.reading.text or "") for look in self.sample())


def upright(reader: FieldReader, sheet: Sheet) -> PageView:
    """The sheet turned so that its numbers can be read: as it is, unless another way up is clearly better."""
    views = [PageView(reader, sheet)]
    if views[0].is_surely_upright:
        return views[0]
    for quarters in (2, 1, 3):
        views.append(PageView(reader, sheet.turned(quarters)))
        last, least = views[-1], UPRIGHT.better * views[0].readable
        if last.holds_date or (last.is_surely_upright and last.readable > least):
            return last
    best = max(views, key=lambda view: view.readable)
    return best if best.readable > UPRIGHT.better * views[0].readable else views[0]


def look_at_candidate(reader: FieldReader, sheet: Sheet, candidate: Candidate) -> Look:
    """A comb is read as so many digits, and as a date if that is what it fits best."""
    if not candidate.is_comb:
        return look_at(reader, candidate.crop, sheet.page.shape)
    look = look_at(reader, candidate.crop, sheet.page.shape, f"digits:{candidate.cells}")
    orders = {8: DATE_ORDERS, 6: SHORT_DATE_ORDERS}.get(candidate.cells, ())
    if not orders:
        return look
    # Hardly any digits at random are a date of our time: if one of the likeliest texts is, then that was meant.
    likely = [other.text for other in look.reading.alternatives]
    likely = likely if look.reading.text is None else [look.reading.text, *likely]
    for order in orders:
        if any(_is_date(text, order) for text in likely):
            return look_at(reader, candidate.crop, sheet.page.shape, order)
    return look


def _look_at_amount(reader: FieldReader, sheet: Sheet, candidate: Candidate, look: Look) -> Look:
    """The look at an amount, without the sign before it, if there is one."""
    wanted = None if reader.format is not None else "amount"
    better = look_at(reader, without_sign(candidate.crop), sheet.page.shape, wanted)
    return look if better.reading.text is None else better


def _fits_date(look: Look) -> bool:
    return look.reading.format is not None and look.reading.format.startswith("date:")


def _is_date(text: str, order: str) -> bool:
    """Whether digits are a date of our time in an order such as date:DDMMYYYY."""
    place = order.removeprefix("date:").find("YYYY")
    return parse_format(order).fits(text) and (place < 0 or int(text[place : place + 4]) in YEARS)


def named(found: Sequence[tuple[int, FoundNumber]]) -> tuple[FieldReading, ...]:
    """Fields of a document from what was found on its pages (page number from 1)."""
    names = field_names(
        [one.kind for _, one in found], [one.is_date for _, one in found], [one.name for _, one in found]
    )
    return tuple(
        FieldReading(name, one.kind, page, one.box, one.look.reading)
        for name, (page, one) in zip(names, found, strict=True)
    )
