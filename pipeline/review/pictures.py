"""What reviewers see of a document: a field cut out of its page, upright, and the page around it, made smaller."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from segmenter.arrays import Box, Grey

PAGE_SIDE = 1400  # pixels of the longer side of a page's picture: its print can be read, and it takes some 100 kB
FRAME = (192, 38, 126)
FRAME_WIDTH = 4


@dataclass(frozen=True)
class Around:
    """The page of a field. digest: of the page, so that it is kept once; picture: as a PNG, upright; box: of the field
    (left, top, right, bottom) in the picture's pixels."""

    digest: str
    picture: bytes
    box: Box


def quarters_to_turn(fields: Sequence[Mapping[str, Any]]) -> int:
    """How many quarters, counter-clockwise, a page must be turned for its numbers to be read from left to right; as
    told by where the last digit of each stands from its first."""
    steps = [_step(field["digits"]) for field in fields if len(field.get("digits", ())) > 1]
    x, y = np.sum(steps, axis=0) if steps else (1, 0)
    if abs(x) >= abs(y):
        return 0 if x >= 0 else 2
    return 1 if y > 0 else 3


def _step(digits: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    (left, top, right, bottom), last = digits[0]["box"], digits[-1]["box"]
    return last[0] + last[2] - left - right, last[1] + last[3] - top - bottom


def turned_box(box: Sequence[int], shape: tuple[int, ...], quarters: int) -> Box:
    """A box of a page (H, W) in pixels of the page turned by quarters, counter-clockwise."""
    left, top, right, bottom = box
    height, width = shape
    for _ in range(quarters):
        left, top, right, bottom = top, width - right, bottom, width - left
        height, width = width, height
    return left, top, right, bottom


class PagePictures:
    """The crops of one page's fields and its picture, turned so that its numbers stand upright.

    grey: (H, W) of the page; digest: of the page.
    """

    def __init__(self, grey: Grey, quarters: int, digest: str):
        self._shape, self._quarters, self._digest = grey.shape, quarters, digest
        self._page = np.rot90(grey, quarters)
        picture = picture_of(self._page)
        picture.thumbnail((PAGE_SIDE, PAGE_SIDE), Image.Resampling.BOX)
        self._scale = picture.width / self._page.shape[1]
        self._png = png(picture)

    def crop(self, box: Sequence[int]) -> bytes:
        """A field's box of the page as a PNG."""
        left, top, right, bottom = turned_box(box, self._shape, self._quarters)
        return png(picture_of(self._page[top:bottom, left:right]))

    def in_crop(self, field: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The digits of a field, their boxes in pixels of its crop."""
        left, top, _, _ = turned_box(field["box"], self._shape, self._quarters)
        found = []
        for digit in field["digits"]:
            box = turned_box(digit["box"], self._shape, self._quarters)
            found.append({**digit, "box": [box[0] - left, box[1] - top, box[2] - left, box[3] - top]})
        return found

    def around(self, box: Sequence[int]) -> Around:
        """The page, and where the field's box lies on its picture."""
        left, top, right, bottom = (round(self._scale * edge) for edge in turned_box(box, self._shape, self._quarters))
        return Around(self._digest, self._png, (left, top, max(right, left + 1), max(bottom, top + 1)))


def framed(picture: bytes, box: Sequence[int]) -> bytes:
    """A page's picture with a frame around a field, as a PNG."""
    with Image.open(io.BytesIO(picture)) as image:
        page = image.convert("RGB")
    left, top, right, bottom = box
    place = (left - FRAME_WIDTH, top - FRAME_WIDTH, right + FRAME_WIDTH, bottom + FRAME_WIDTH)
    ImageDraw.Draw(page).rectangle(place, outline=FRAME, width=FRAME_WIDTH)
    return png(page)


def picture_of(grey: Grey) -> Image.Image:
    """(H, W) in [0, 1] as a picture of 8 bits."""
    return Image.fromarray(np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8))


def png(picture: Image.Image) -> bytes:
    """A picture's PNG."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
