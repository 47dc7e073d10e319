"""Connected components: their labels, boxes and areas, and the masks of those that are kept."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from segmenter.arrays import Box, Index, Labels, Mask

EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class Components:
    """The components of a mask, whose pixels are neighbours also by their corners; arrays of them are in their order.

    labels: (h, w) int32, 0 outside, k + 1 in component k. count: how many.
    SciPy labels and boxes; the same from scikit-image takes as long, and 0.1 s more of a cold start.
    """

    labels: Labels
    count: int

    @classmethod
    def of(cls, mask: Mask, corners: bool = True) -> "Components":
        """The components of a mask (h, w). corners: whether pixels that meet at a corner are neighbours."""
        labels, count = ndimage.label(mask, structure=EIGHT if corners else None)
        return cls(labels, count)

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> "Components":
        """Of an empty mask of `shape`."""
        return cls(np.zeros(shape, dtype=np.int32), 0)

    @cached_property
    def boxes(self) -> Index:
        """(count, 4) left, top, right, bottom; right and bottom are exclusive."""
        found = ndimage.find_objects(self.labels)
        boxes = [(columns.start, rows.start, columns.stop, rows.stop) for rows, columns in found]
        return np.array(boxes, dtype=np.intp).reshape(-1, 4)

    @property
    def widths(self) -> Index:
        """(count,) of the boxes."""
        return self.boxes[:, 2] - self.boxes[:, 0]

    @property
    def heights(self) -> Index:
        """(count,) of the boxes."""
        return self.boxes[:, 3] - self.boxes[:, 1]

    @cached_property
    def areas(self) -> Index:
        """(count,) pixels of each component."""
        return np.bincount(self.labels.ravel(), minlength=self.count + 1)[1:]

    @cached_property
    def whole(self) -> Mask:
        """(h, w) all of them."""
        return self.labels > 0

    def chosen(self, which: Mask) -> "Components":
        """Those of which `which`, (count,), is true, in their order; to label them anew takes several times as long."""
        if which.all():
            return self
        kept = int(np.count_nonzero(which))
        numbers = np.zeros(self.count + 1, dtype=np.int32)
        numbers[1:][which] = np.arange(1, kept + 1)
        found = Components(numbers.take(self.labels), kept)
        found.__dict__["boxes"] = self.boxes[which]
        return found

    def holding(self, where: Mask) -> Mask:
        """(count,) whether each component has a pixel in a mask (h, w)."""
        found = np.zeros(self.count + 1, dtype=bool)
        found[self.labels[where]] = True
        return found[1:]

    def reaching(self, box: Box) -> Mask:
        """(count,) whether each component has a pixel in a box."""
        left, top, right, bottom = box
        return np.bincount(self.labels[top:bottom, left:right].ravel(), minlength=self.count + 1)[1:] > 0

    def mask(self, chosen: Mask) -> Mask:
        """(h, w) the components of which `chosen`, (count,), is true."""
        table = np.zeros(self.count + 1, dtype=bool)
        table[1:] = chosen
        return table.take(self.labels)

    def cutout(self, k: int) -> Mask:
        """Component k within its box."""
        left, top, right, bottom = self.boxes[k]
        return self.labels[top:bottom, left:right] == k + 1


def usual_height(heights: Index) -> float:
    """Median of heights (n,), each counted by its square: many small marks weigh little."""
    ordered = np.sort(heights)
    weights = np.cumsum(ordered.astype(np.float64) ** 2)
    return float(ordered[np.searchsorted(weights, 0.5 * weights[-1])])
