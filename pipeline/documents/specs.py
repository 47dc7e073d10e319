"""Fields as they are named on the command line: `amount=1650,370,2270,525`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.errors import UsageError

Box = tuple[int, int, int, int]
SPEC = re.compile(r"\s*(?P<name>[^=]*?)\s*=(?P<box>.*)", re.DOTALL)


def parse_fields(specs: Sequence[str]) -> dict[str, Box]:
    """Names and boxes of NAME=left,top,right,bottom. Raises UsageError for what cannot be meant."""
    fields: dict[str, Box] = {}
    for spec in specs:
        found = SPEC.fullmatch(spec)
        if found is None or not found["name"]:
            raise UsageError(f"a field is written NAME=left,top,right,bottom, not {spec!r}")
        if found["name"] in fields:
            raise UsageError(f"two fields are named {found['name']!r}; give each its own name")
        try:
            left, top, right, bottom = (int(edge) for edge in found["box"].split(","))
        except ValueError:
            raise UsageError(
                f"the box of the field {found['name']!r} is left,top,right,bottom in whole pixels, "
                f"not {found['box'].strip()!r}"
            ) from None
        fields[found["name"]] = check_box(found["name"], (left, top, right, bottom))
    return fields


def check_box(name: str, box: Box) -> Box:
    """The box. Raises UsageError unless it has an area and no negative edge."""
    left, top, right, bottom = box
    if not (0 <= left < right and 0 <= top < bottom):
        raise UsageError(
            f"the box of the field {name!r} is left,top,right,bottom, with left before right and top "
            f"above bottom, not {','.join(map(str, box))}"
        )
    return box
