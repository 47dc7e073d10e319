"""The fields of a page, found without a template."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.documents.layout.cells import Cell, find_cells
from pipeline.documents.layout.cleaning import keep_inside
from pipeline.documents.layout.combs import PrintedBox, group_cells, without_strokes
from pipeline.documents.layout.cutouts import Cutout, cut_out
from pipeline.documents.layout.grids import find_grids
from pipeline.documents.layout.lines import PrintedLine, find_lines, keep_frames
from pipeline.documents.layout.rows import find_rows, print_height
from pipeline.documents.layout.sheet import Place, Sheet


@dataclass(frozen=True)
class FindingSettings:
    """How much of a box is looked at, and which printed box somebody means who names one."""

    around: float = 0.1  # of its height: what is looked at above and below a box, for strokes that leave it
    inside: float = 0.75  # of a printed box that lies within one that is named: then it may be meant; it is ...
    meant: float = 0.6  # ... at least so large a share of that, or so wide: people name boxes with some room
    higher: float = 1.15  # times the usual height of print that a box is high, at least: lower ones are parts of words
    edge: int = 2  # working pixels along a box's sides that its lines may take


FINDING = FindingSettings()


@dataclass(frozen=True, eq=False)
class Candidate:
    """A place where a number may stand. frame: in working pixels; cells: of a comb, 0 for none; kind: "box", "line"."""

    frame: Cell
    cells: int
    crop: Cutout
    kind: str = "box"

    @property
    def is_comb(self) -> bool:
        """Whether it has a cell for each digit."""
        return self.cells > 1


@dataclass(frozen=True, eq=False)
class Layout:
    """The printed lines of a page, without strokes that only look like lines, and the boxes that they make."""

    across: list[PrintedLine]
    down: list[PrintedLine]
    boxes: list[PrintedBox]

    @classmethod
    def of(cls, sheet: Sheet) -> Layout:
        """The lines, boxes and ruled lines of a sheet."""
        lines = find_lines(sheet)
        across, down = keep_frames(*lines)
        height, width = sheet.contrast.shape
        boxes = group_cells(find_cells((height, width), across, down), find_grids(across, down, lines[1]))
        return cls(*without_strokes(across, down, boxes), boxes)


def find_candidates(sheet: Sheet, layout: Layout) -> list[Candidate]:
    """The boxes and combs in which something is written, in reading order."""
    least = FINDING.higher * print_height(sheet)
    found = (_candidate(sheet, layout, box) for box in layout.boxes if box.frame.height >= least)
    return [candidate for candidate in found if candidate is not None]


def find_lone(sheet: Sheet, layout: Layout) -> list[Candidate]:
    """What is written on lone lines."""
    rows = find_rows(sheet, layout.across, layout.boxes)
    found = (_candidate(sheet, layout, PrintedBox((cell,))) for cell in rows)
    return [replace(candidate, kind="line") for candidate in found if candidate is not None]


def given_candidate(sheet: Sheet, layout: Layout, box: Place) -> Candidate | None:
    """What is written within a box (left, top, right, bottom; working pixels) that somebody named; None: nothing.

    A box or comb of the page that it means is taken in its stead.
    """
    frame = Cell(*(round(edge) for edge in box))
    means = max(layout.boxes, key=lambda other: common_area(other.frame, frame), default=None)
    if means is not None and _is_meant(means.frame, frame):
        return _candidate(sheet, layout, means)
    crop = picture_of(sheet, layout, frame, [], [])
    return None if crop is None else Candidate(frame, 0, crop)


def common_area(one: Cell, other: Cell) -> int:
    """Pixels that two rectangles have in common."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0, width) * max(0, height)


def _is_meant(printed: Cell, named: Cell) -> bool:
    """Whether a named box means a printed one: that lies within it, and is not much narrower, or fills most of it."""
    common = common_area(printed, named)
    inside = common / max(1, printed.width * printed.height)
    return inside >= FINDING.inside and (
        printed.width >= FINDING.meant * named.width or common >= FINDING.meant * named.width * named.height
    )


def _candidate(sheet: Sheet, layout: Layout, box: PrintedBox) -> Candidate | None:
    frame = box.frame
    crop = picture_of(sheet, layout, frame, box.separators(), box.edges())
    return None if crop is None else Candidate(frame, len(box.cells) if box.is_comb else 0, crop)


def picture_of(
    sheet: Sheet, layout: Layout, frame: Cell, separators: list[PrintedLine], edges: list[PrintedLine]
) -> Cutout | None:
    """What is written in a frame, without its lines and what stands around it; None where nothing is."""
    around = FINDING.around * frame.height + FINDING.edge
    outer = (frame.left - around, frame.top - around, frame.right + around, frame.bottom + around)
    crop = cut_out(sheet, outer, [*layout.across, *edges], [*layout.down, *separators])
    edge = (around + FINDING.edge) * sheet.unit
    height, width = crop.grey.shape
    inside = (
        round(edge),
        round(edge),
        max(round(edge) + 1, round(width - edge)),
        max(round(edge) + 1, round(height - edge)),
    )
    grey, written = keep_inside(crop.grey, inside)
    return Cutout(grey, crop.to_page) if written else None
