"""Profiles: the threshold that `digitstring threshold` found on a user's own sample, in a small JSON file.

A promise holds for readings made as those of the sample were: with the same weights, in the same format.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError

VERSION = 1


@dataclass(frozen=True)
class Profile:
    """threshold: the confidence from which on readings are accepted. weights: SHA-256 of those it holds for; format:
    that it holds for, None: any digits.

    max_error, confidence: what is promised: with probability `confidence` over samples, at most the share `max_error`
    of the accepted is wrong. rows, accepted, wrong: counts in the sample. bound: the largest share of errors that
    `confidence` leaves possible there.
    """

    threshold: float
    weights: str
    format: str | None
    max_error: float
    confidence: float
    rows: int
    accepted: int
    wrong: int
    bound: float

    def __post_init__(self) -> None:
        shares = (self.threshold, self.max_error, self.confidence, self.bound)
        if not all(isinstance(share, float) and 0 <= share <= 1 for share in shares):
            raise ValueError(f"shares that cannot be: {shares}")
        if not 0 <= self.wrong <= self.accepted <= self.rows:
            raise ValueError(f"counts that cannot be: {self}")

    def to_json(self) -> dict[str, Any]:
        """Keys: profile, the version of the file, and the names above."""
        return {"profile": VERSION, **asdict(self)}

    def check_weights(self, card: dict[str, Any]) -> None:
        """Raise UsageError unless a card is that of the weights that the profile holds for."""
        if card.get("weights_sha256") != self.weights:
            raise UsageError(
                "the profile was made with other weights, and its promise does not hold for these; "
                "make it again with `digitstring threshold`"
            )


def load_profile(path: Path) -> Profile:
    """The profile in a file. Raises UsageError: missing, no profile, or of another version."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: the profile cannot be read ({error.strerror})") from None
    except ValueError:
        content = None
    if not isinstance(content, dict) or "profile" not in content:
        raise UsageError(f"{path}: not a profile; `digitstring threshold` writes one")
    if content.pop("profile") != VERSION:
        raise UsageError(f"{path}: a profile of another version; make it again with `digitstring threshold`")
    try:
        return Profile(**content)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path}: a damaged profile ({error})") from None
