"""Write the picture that explains a reading to a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.reading.reading import Reading


def write_explanation(image: Path | bytes, out: Path, reader: Any) -> Reading:
    """Read `image`, draw how it was read, and write that picture to `out` (.png); beside, then renamed.

    Raises UsageError when `out` has another ending or cannot be written, and what `Reader.trace` raises.
    """
    if out.suffix.lower() != ".png":
        raise UsageError(f"{out}: the picture is a PNG; let the name end in .png")
    from pipeline.explain import draw_explanation

    trace = reader.trace(image)
    reading: Reading = trace.reading
    picture = draw_explanation(trace, reading, threshold=reader.threshold)
    beside = out.with_name(out.name + ".part")
    try:
        picture.save(beside, "PNG")
        os.replace(beside, out)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); name another place") from None
    return reading
