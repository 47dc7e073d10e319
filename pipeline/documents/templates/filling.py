"""Templates at work: a first draft of one from a scan, and the fields of a scan read by one."""

from __future__ import annotations

import numpy as np

from pipeline.documents.fields import AMOUNT, MICR, DocumentReading, FieldReading
from pipeline.documents.given import read_box
from pipeline.documents.layout.field_finding import Layout
from pipeline.documents.layout.sheet import Sheet
from pipeline.documents.page import PageView, find_numbers, named, upright
from pipeline.documents.templates.cross_checks import checked
from pipeline.documents.templates.registration import landmarks, register
from pipeline.documents.templates.template_file import Template, TemplateField
from pipeline.errors import ImageError
from pipeline.reading.field_reader import FieldReader
from segmenter.arrays import Affine


def draft(reader: FieldReader, sheet: Sheet) -> Template:
    """A template of the fields that are found on a page, in its upright, level picture."""
    view = upright(reader, sheet)
    sheet, size = view.sheet, _size(view.sheet)
    whole = np.array([*size, *size]) / view.sheet.unit
    # What is magnetic is found again by itself, and read by its own shapes.
    found = [one for one in find_numbers(reader, view) if one.kind != MICR]
    fields = []
    for field, one in zip(named([(1, one) for one in found]), found, strict=True):
        frame = one.frame
        assert frame is not None  # it was found on a sheet
        box = np.array([frame.left, frame.top, frame.right, frame.bottom]) / whole
        fields.append(
            TemplateField(
                field.name,
                tuple(float(edge) for edge in np.clip(box, 0, 1)),  # type: ignore[arg-type]
                _format(field),
            )
        )
    return Template(size, landmarks(sheet, view.layout) / whole, tuple(fields))


def _size(sheet: Sheet) -> tuple[int, int]:
    height, width = sheet.contrast.shape
    return round(width * sheet.unit), round(height * sheet.unit)


def _format(field: FieldReading) -> str | None:
    """The format that a draft proposes: that of dates and combs, which their boxes show, and of amounts."""
    return "amount" if field.kind == AMOUNT else field.reading.format


def read_by_template(reader: FieldReader, sheet: Sheet, template: Template, page: int = 1) -> DocumentReading:
    """The template's fields on a page, whichever way up it lies. Raises ImageError where the template does not fit."""
    view, placed = _place(reader, sheet, template)
    boxes = template.scaled(np.array([field.box for field in template.fields]).reshape(-1, 4))
    fields = []
    for field, box in zip(template.fields, boxes, strict=True):
        corners = placed[:, :2] @ box.reshape(2, 2).T + placed[:, 2:]
        place = (float(corners[0, 0]), float(corners[1, 0]), float(corners[0, 1]), float(corners[1, 1]))
        reading = read_box(reader, view.sheet, view.layout, place, field.format)
        fields.append(FieldReading(field.name, "given", page, view.sheet.page_box(place), reading, field.required))
    return DocumentReading(checked(fields, template.checks, reader.threshold))


def _place(reader: FieldReader, sheet: Sheet, template: Template) -> tuple[PageView, Affine]:
    """The sheet turned so that the template fits best, and the map from the template's pixels to the sheet's."""
    marks = template.scaled(template.landmarks)
    best: tuple[int, PageView, Affine] | None = None
    for quarters in range(4):
        turned = sheet.turned(quarters)
        found = register(marks, landmarks(turned, Layout.of(turned)), max(turned.contrast.shape))
        if found is not None and (best is None or found[1] > best[0]):
            best = found[1], PageView(reader, turned), found[0]
        if best is not None and best[0] >= 0.8 * len(marks):
            break
    if best is None:
        raise ImageError(
            "the template does not fit this page: too few of its lines and boxes are found on it; "
            "is it another form, or cut off?"
        )
    return best[1], best[2]
