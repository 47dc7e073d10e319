"""`digitstring template`: templates of forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.saying import tell


def new(
    scan: Annotated[Path, typer.Argument(help="A scan of the form, filled in.")],
    out: Annotated[Path, typer.Option(help="The template to write, .toml.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing template.")] = False,
    weights: o.Weights = None,
) -> None:
    """Write a first draft of a template: the fields found on a scan, to be named and corrected by hand."""
    from pipeline.files import check_new

    check_new(out, force, inputs=[scan])
    reader = o.reader_options(weights)()
    from pipeline.documents.document import draft_template
    from pipeline.documents.templates.template_file import write_template

    template = draft_template(reader.field_reader, scan)
    write_template(template, out)
    tell(f"{out}: {len(template.fields)} fields found on {scan}; name them, then read --template {out}")
