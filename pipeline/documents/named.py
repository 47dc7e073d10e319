"""What a caller says of an image: that it is a document, and where its fields are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from segmenter.arrays import Box

if TYPE_CHECKING:
    from pipeline.documents.templates.template_file import Template


@dataclass(frozen=True)
class Named:
    """What the caller says of an image. document: it is one, whatever it looks like. fields: names and boxes (left,
    top, right, bottom) in pixels of its first page; or template: the fields of a form. Without either, fields are
    found. Raises UsageError."""

    document: bool = False
    fields: Mapping[str, Box] | None = None
    template: Template | None = None

    @classmethod
    def of(cls, document: bool, fields: Mapping[str, Box] | None, template: Template | str | Path | None) -> Named:
        """With the template loaded and the boxes checked."""
        if fields and template is not None:
            raise UsageError("fields are named either by their boxes or by a template, not both")
        if fields:
            from pipeline.documents.fields import check_box

            fields = {name: check_box(name, box) for name, box in fields.items()}
        if isinstance(template, str | Path):
            from pipeline.documents.templates.template_file import load_template

            template = load_template(Path(template))
        return cls(document, fields or None, template)

    @property
    def is_document(self) -> bool:
        """Whether that leaves no doubt."""
        return self.document or self.fields is not None or self.template is not None
