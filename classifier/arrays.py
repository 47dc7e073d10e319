"""The array types of what networks see and say: one name for each thing, here and in `pipeline`."""

import numpy as np
from numpy.typing import NDArray

Crops = NDArray[np.float32]  # (N, C, 28, 28) characters as a network sees them, in [0, 1], 1 = ink
Inks = NDArray[np.float32]  # (h, w) or (N, h, w) share of each pixel that is ink, in [0, 1]
Boxes = NDArray[np.float32]  # (N, 4) left, top, right, bottom in pixels
Lengths = NDArray[np.float32]  # (N,) or (N, 2) places or lengths in pixels, x before y; or factors of them
Measures = NDArray[np.float32]  # (N, M) numbers beside each crop
Logits = NDArray[np.float32]  # (N, K) weighted sums z of sigmoid outputs a, z = ln(a / (1 - a)) (Nielsen, eq. 3)
Maps = NDArray[np.float32]  # (C, S, S, N) maps of features, or framed crops: the batch is the last axis
Activations = NDArray[np.float32]  # (N, U) or (U, N) outputs of a layer's units, or their errors
Weights = NDArray[np.float32]  # what is trained, of any shape
Scores = NDArray[np.float64]  # (N, S) log-odds or log-probabilities that are summed along a path
Columns = NDArray[np.float32]  # (T, K) log-probabilities of a line network's symbols, column by column
LinePicture = NDArray[np.float32]  # (ROWS, W) darkness of a line as the line network sees it, paper 0, ink about 1
