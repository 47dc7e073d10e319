"""In which order the numbers of a MICR line stand, country by country, and which check digits they have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.formats.format import parse_format

PARTS = {"serial": "serial", "routing": "routing", "account": "account", "after": "serial"}  # named groups: the field


@dataclass(frozen=True)
class LineFormat:
    """An order of numbers. pattern: of the line as written, its parts named. checks: of a part, the name of the format
    that the digits of some groups together have if it was read right."""

    pattern: re.Pattern[str]
    checks: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def parts(self, found: re.Match[str]) -> list[str]:
        """The named parts of a line in their order."""
        named = [name for name, text in found.groupdict().items() if name in PARTS and text]
        return sorted(named, key=found.start)

    def fits(self, part: str, found: re.Match[str]) -> bool:
        """Whether the check digit of a part, if it has one, is right."""
        if part not in self.checks:
            return True
        name, groups = self.checks[part]
        return parse_format(name).fits("".join(filter(str.isdigit, "".join(found[group] for group in groups))))


E13B_FORMATS = (
    # USA: routing between transit symbols, the account closed by an on-us symbol, a serial before or, if none is there,
    # behind: what stands behind is otherwise a transaction code.
    LineFormat(
        re.compile(
            r"(?:⑈(?P<serial>\d+)⑈ ?)?⑆(?P<routing>\d{9})⑆ ?(?P<account>\d[\d ⑉]*)⑈ ?(?(serial)|(?P<after>\d*))"
        ),
        {"routing": ("aba", ("routing",))},
    ),
    # India: serial, sort code, account or bank's number, transaction code.
    LineFormat(re.compile(r"⑈(?P<serial>\d{6})⑈ ?(?P<routing>\d{9})⑆ ?(?P<account>\d{6})⑈ ?\d{2}")),
    # Canada: serial, the branch's and the institution's number, account.
    LineFormat(re.compile(r"(?:⑈(?P<serial>\d+)⑈ ?)?⑆(?P<routing>\d{5}⑉\d{3})⑆ ?(?P<account>\d[\d ⑉]*)⑈")),
)
CMC7_FORMATS = (
    # France: the cheque's number, the interbank zone (where it is cleared), the bank's own (which account).
    LineFormat(re.compile(r"<(?P<serial>\d{7})< ?(?P<routing>\d{12}) ?> ?(?P<account>\d{12}):")),
    # Brazil: bank and branch; clearing house, number and kind of the cheque; account. The check digit of the second
    # stands behind the first, that of the first before the third.
    LineFormat(
        re.compile(
            r"<(?P<routing>\d{7})(?P<second>\d) ?< ?(?P<house>\d{3})(?P<serial>\d{6})(?P<kind>\d)"
            r" ?> ?(?P<first>\d)(?P<account>\d{10})(?P<third>\d):"
        ),
        {
            "routing": ("luhn", ("routing", "first")),
            "serial": ("luhn", ("house", "serial", "kind", "second")),
            "account": ("luhn", ("account", "third")),
        },
    ),
)


def recognise(text: str, formats: tuple[LineFormat, ...]) -> tuple[LineFormat, re.Match[str]] | None:
    """The first of the formats that a line follows, and how; None where it follows none."""
    found = ((one, one.pattern.search(text)) for one in formats)
    return next(((one, match) for one, match in found if match is not None), None)
