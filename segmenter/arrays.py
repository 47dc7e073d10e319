"""The array types of pictures and of places in them: one name for each thing, here and in `pipeline`."""

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]  # (H, W) brightness in [0, 1], 1 = white
Ink = NDArray[np.float32]  # (h, w) share of each pixel that is ink, in [0, 1], 1 = ink
Plane = NDArray[np.float32]  # (h, w) any other quantity of each pixel; the docstring names its unit and range
Mask = NDArray[np.bool_]  # (h, w) or (n,) yes or no
Labels = NDArray[np.int32]  # (h, w) number of the component that a pixel belongs to, 0 = none
Index = NDArray[np.intp]  # (n,) places in another array
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; right and bottom are exclusive
Affine = NDArray[np.float64]  # (2, 3): [x', y'] = affine @ [x, y, 1]
