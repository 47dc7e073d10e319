"""The sigmoid function, stable at both ends."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Real = TypeVar("Real", bound=np.floating)


def sigmoid(z: NDArray[Real]) -> NDArray[Real]:
    """sigma(z) = 1 / (1 + exp(-z)), elementwise, in the dtype of z (Nielsen, eq. 3), without overflow for any z."""
    return expit(z)
