"""The committed arrays with which the numpy forward pass is held against PyTorch's, which made them."""

from pathlib import Path

import numpy as np

from classifier.line.line_network import LineShape
from classifier.line.line_picture import ROWS

FIXTURE = Path(__file__).with_name("line_network.npz")
SHAPE = LineShape(maps=(3, 4, 5, 6, 6, 8))


def make_fixture(model):
    """Folded weights of a PyTorch model, a picture, and the weighted sums that PyTorch finds in it."""
    import torch

    from classifier.line.line_network import framed
    from pipeline.training.line.line_model import folded

    picture = np.random.default_rng(1).random((ROWS, 66), np.float32)
    with torch.no_grad():
        sums = model(torch.from_numpy(framed(picture)[None, None])).numpy()[0]
    return {**folded(model).weights, "picture": picture, "sums": sums}


if __name__ == "__main__":
    from tests.pipeline.training.line.test_line_model import model_with_history

    np.savez_compressed(FIXTURE, **make_fixture(model_with_history(SHAPE, seed=7)))
