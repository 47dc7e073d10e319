"""Marks that can be seen, and such as cannot: too small, too faint, or in a digit's stroke."""

import numpy as np
import pytest

from pipeline.synthesis.strings import SyntheticString
from pipeline.training.calibrating.plain_marks import has_plain_marks

PAPER, INK = 230, 40
BETWEEN, UNDER = (52, 26), (40, 16)  # top and left of a mark clear of the digits, and of one at a digit's side


def string(place: tuple[int, int], size: int, grey: int = INK) -> SyntheticString:
    """Two digits 40 pixels high, and a square point."""
    image, owner = np.full((70, 60), PAPER, np.uint8), np.full((70, 60), -1, np.int16)
    top, left = place
    for index, (rows, columns, ink) in enumerate(
        [
            (slice(15, 55), slice(10, 16), INK),
            (slice(top, top + size), slice(left, left + size), grey),
            (slice(15, 55), slice(40, 46), INK),
        ]
    ):
        image[rows, columns], owner[rows, columns] = ink, index
    return SyntheticString(image, "11", owner, ("1", ".", "1"), written="1.1")


@pytest.mark.parametrize(
    ("place", "size", "grey", "plain"),
    [
        (BETWEEN, 4, INK, True),
        (BETWEEN, 2, INK, False),
        (BETWEEN, 4, 200, False),
        (BETWEEN, 4, 120, True),
        (UNDER, 4, INK, False),
    ],
)
def test_marks_that_can_be_seen(place, size, grey, plain) -> None:
    assert has_plain_marks(string(place, size, grey)) is plain


def test_a_string_without_marks_is_plain() -> None:
    bare = string(BETWEEN, 4)
    owner = np.where(bare.owner == 1, -1, np.where(bare.owner == 2, 1, bare.owner)).astype(np.int16)
    assert has_plain_marks(SyntheticString(bare.image, "11", owner, ("1", "1"), written="11"))
