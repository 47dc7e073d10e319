"""Labels that are plainly wrong: a pen digit 2 that is labelled 7, two 0s in one, one stroke of a 4; a 579 in a
register that is labelled 589, between 578 and 580.

Found where the reader was sure of something else, or the shape is a straight line, and judged by eye; what the writer
may have meant stays. One in three hundred counts: some writers' only 4s are a slash and a bar, which teaches that a 1
may be a 4; and where strings of six digits are to tell how sure a reading is, every fiftieth would be a mistake of the
label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol, TypeVar


class Written(Protocol):
    """What somebody wrote."""

    @property
    def writer(self) -> str:
        """Who."""
        ...


Sample = TypeVar("Sample", bound=Written)

MISLABELLED: dict[str, tuple[int, ...]] = {
    "aga-003": (7, 19),
    "apb-011": (38,),
    "apb-012": (26, 37),
    "ced-001": (12,),
    "ced-003": (38,),
    "ced-009": (17,),
    "ced-010": (12, 32),
    "ced-016": (22, 34),
    "ced-037": (24,),
    "ced-039": (1,),
    "ibm-001": (39,),
    "ibm-002": (27, 31, 32, 35, 37, 38, 39, 40),
    "ibm-003": (42, 50, 52),
    "ibm-004": (48,),
    "ibm-005": (49,),
    "ibm-006": (51,),
    "ibm-007": (22, 40, 47),
    "ibm-008": (54, 57),
    "ibm-009": (62, 69),
    "ibm-010": (63, 64, 66, 69, 70, 71, 77),
    "ibm-011": (62,),
    "ibm-012": (63,),
    "ibm-013": (82, 87),
    "ibm-015": (73, 75),
    "ibm-016": (75, 77),
    "ibm-017": (65, 70),
    "ibm-018": (75, 79),
    "ibm-019": (90,),
    "ibm-020": (81, 86),
    "ibm-021": (85, 86, 87, 88, 89, 90, 95, 96, 97),
    "ibm-022": (89, 91, 92, 94),
    "pen-19": (182,),
    "pen-21": (43,),
    "val-001": (2, 29, 31, 33, 35, 38, 40, 44, 51, 52, 340, 479),
}
"""writer -> which of the writer's samples, counted from 0 in the file's order."""


REGISTER_NUMBERS = {
    "p01_003.jpg": ("589", "579"),
    "p07_012.jpg": ("395", "495"),
    "p20_028.jpg": ("24", "27"),
    "p34_001.jpg": ("1061", "2061"),
}
"""Of real numbers out of registers: picture -> its text as labelled, and what is written there."""


def what_is_written(file: str, text: str) -> str:
    """The text of a register's picture, mended where its label is known to be wrong."""
    labelled, written = REGISTER_NUMBERS.get(file, (text, text))
    return written if text == labelled else text


def rightly_labelled(samples: Iterable[Sample]) -> list[Sample]:
    """The samples without those whose label is known to be wrong."""
    seen: Counter[str] = Counter()
    kept: list[Sample] = []
    for sample in samples:
        if seen[sample.writer] not in MISLABELLED.get(sample.writer, ()):
            kept.append(sample)
        seen[sample.writer] += 1
    return kept
