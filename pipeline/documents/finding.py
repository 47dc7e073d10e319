"""The fields of a page, found without a template."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.documents.cells import Cell, find_cells
from pipeline.documents.cleaning import keep_inside
from pipeline.documents.combs import Box, group_cells
from pipeline.documents.crops import Crop, cut_out
from pipeline.documents.frames import keep_frames
from pipeline.documents.lines import PrintedLine, find_lines
from pipeline.documents.sheet import Sheet

AROUND = 0.1  # of its height: what is looked at above and below a box, for strokes that leave it
EDGE = 2  # working pixels along a box's sides that its lines may take


@dataclass(frozen=True, eq=False)
class Candidate:
    """A place where a number may stand. frame: in working pixels; cells: of a comb, 0 for none; kind: "box", "line"."""

    frame: Cell
    cells: int
    crop: Crop
    kind: str = "box"

    @property
    def is_comb(self) -> bool:
        return self.cells > 1


@dataclass(frozen=True, eq=False)
class Layout:
    """The printed lines of a page, without strokes that only look like lines, and the boxes that they make."""

    across: list[PrintedLine]
    down: list[PrintedLine]
    boxes: list[Box]

    @classmethod
    def of(cls, sheet: Sheet) -> Layout:
        across, down = keep_frames(*find_lines(sheet))
        height, width = sheet.contrast.shape
        return cls(across, down, group_cells(find_cells((height, width), across, down)))


def find_candidates(sheet: Sheet, layout: Layout) -> list[Candidate]:
    """The boxes and combs in which something is written, in reading order."""
    found = (_candidate(sheet, layout, box) for box in layout.boxes)
    return [candidate for candidate in found if candidate is not None]


def _candidate(sheet: Sheet, layout: Layout, box: Box) -> Candidate | None:
    frame = box.frame
    crop = picture_of(sheet, layout, frame, box.separators())
    return None if crop is None else Candidate(frame, len(box.cells) if box.is_comb else 0, crop)


def picture_of(sheet: Sheet, layout: Layout, frame: Cell, separators: list[PrintedLine]) -> Crop | None:
    """What is written in a frame, without its lines and what stands around it; None where nothing is."""
    around = AROUND * frame.height + EDGE
    outer = (frame.left - around, frame.top - around, frame.right + around, frame.bottom + around)
    crop = cut_out(sheet, outer, layout.across, [*layout.down, *separators])
    edge = (around + EDGE) * sheet.unit
    height, width = crop.grey.shape
    inside = round(edge), round(edge), max(round(edge) + 1, round(width - edge)), max(round(edge) + 1,
                                                                                     round(height - edge))
    grey, written = keep_inside(crop.grey, inside)
    return Crop(grey, crop.to_page) if written else None
