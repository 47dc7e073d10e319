"""The sigmoid function, stable at both ends."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", bound=np.floating)


def sigmoid(z: NDArray[Real]) -> NDArray[Real]:
    """1 / (1 + exp(-z)), elementwise, in the dtype of z (Nielsen, eq. 3); by tanh, which does not overflow."""
    return 0.5 * (np.tanh(0.5 * z) + 1)
