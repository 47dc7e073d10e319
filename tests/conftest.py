"""What several tests need: a small network of random weights on disk, and pictures with something written."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its threads would wait for each other

import numpy as np
import pytest

from classifier.convolution import ConvolutionNetwork, Shape
from classifier.weights import network_arrays, network_card
from pipeline.training.files import TrainingFiles


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """Weights whose readings are nonsense, but of many digits, some sure and some not."""
    network = ConvolutionNetwork.initialise(Shape(first=4, second=4, hidden=8), np.random.default_rng(0))
    network.weights["output"] *= 12
    network.weights["output_bias"][:] = [*[-3.0] * 10, -6.0]
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    TrainingFiles(path).save(network_arrays(network), {
        **network_card(network), "calibration": {"slope": 0.8, "offset": 0.3, "ceiling": 0.97},
        "thresholds": {"0.05": 0.5, "0.01": 0.9, "0.001": 0.96}})
    return path
