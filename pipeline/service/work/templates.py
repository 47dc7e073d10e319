"""The templates of a service: the files of the folder that was named at its start, each called by its name alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.documents.templates.template_file import Template, load_template
from pipeline.errors import UsageError

SUFFIX = ".toml"


def load_templates(folder: str | None) -> Mapping[str, Template]:
    """The templates of a folder by their names, `form` for form.toml; none of no folder. No request can name a path:
    what is not among these is not looked for, and a pipe is none. Raises UsageError for a folder without, or with a
    damaged one."""
    if folder is None:
        return {}
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.suffix == SUFFIX and path.is_file())
    except OSError as error:
        raise UsageError(f"{folder}: the templates cannot be listed ({error.strerror})") from None
    if not files:
        raise UsageError(f"{folder}: has no template (*{SUFFIX}); `digitstring template new` drafts one")
    return {path.stem: load_template(path) for path in files}
