"""What a reviewer says of a picture: the digits, with the marks between them if they are typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import UsageError

DIGITS = frozenset("0123456789")
MARKS = frozenset(" .,'’·:/-–+()*=$€£¥")  # what stands between and around the digits of amounts, dates and numbers
MOST_CHARACTERS = 100
MOST_NAME = 100  # characters of a reviewer's name


@dataclass(frozen=True)
class Decision:
    """text: the digits, "" for no number, None where nobody can tell. written: as they stand there, where there are
    marks among them."""

    text: str | None
    written: str | None = None

    @classmethod
    def of(cls, typed: str | None) -> Decision:
        """What was typed. Raises UsageError for what is neither digits nor marks, or marks alone."""
        if typed is None:
            return cls(None)
        written = typed.strip()
        text = "".join(character for character in written if character in DIGITS)
        if set(written) - DIGITS - MARKS or len(written) > MOST_CHARACTERS or (written and not text):
            raise UsageError(
                f"what stands there is written with the digits 0-9 and marks such as . , / -, at most "
                f"{MOST_CHARACTERS} characters, not {typed[:200]!r}"
            )
        return cls(text, None if written == text else written)

    def action(self, record: Mapping[str, Any]) -> str:
        """What the audit calls it: unusable; confirmed, where the digits are those of the record, and so are the marks
        where both have them; else corrected."""
        if self.text is None:
            return "unusable"
        marks = (self.written, record.get("written"))
        same = self.text == (record["text"] or "") and (None in marks or marks[0] == marks[1])
        return "confirmed" if same else "corrected"


def checked_name(who: str) -> str:
    """A reviewer's name without blanks around it. Raises UsageError for none."""
    who = who.strip()
    if not who or len(who) > MOST_NAME or not who.isprintable():
        raise UsageError(f"a reviewer's name has 1 to {MOST_NAME} printable characters")
    return who
