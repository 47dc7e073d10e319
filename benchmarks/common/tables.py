"""What the benchmarks share: markdown tables, and where the data are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def data_folder() -> Path | None:
    """DIGITSTRING_DATA, else None (the user's cache)."""
    named = os.environ.get("DIGITSTRING_DATA")
    return Path(named) if named else None
