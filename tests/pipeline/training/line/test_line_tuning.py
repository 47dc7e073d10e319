"""Fine-tuning of folded line networks: norms that come back change nothing, and steps lower the loss."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from classifier.line.line_network import LineNetwork, LineShape  # noqa: E402
from pipeline.training.line.line_model import folded  # noqa: E402
from pipeline.training.line.line_strings import LineString, make_batch  # noqa: E402
from pipeline.training.line.line_tuning import LineTuner, TuningConfig, between, unfolded  # noqa: E402

SHAPE = LineShape((3, 3, 4, 4, 5, 6))


def network(seed: int = 1) -> LineNetwork:
    rng = np.random.default_rng(seed)
    found = LineNetwork.initialise(SHAPE, rng)
    for name, value in found.weights.items():
        if name.endswith("_bias"):
            value[:] = 0.3 * rng.standard_normal(value.shape)
    return found


def batch(seed: int = 2):
    rng = np.random.default_rng(seed)
    return make_batch([LineString(rng.random((48, 60), np.float32), text, False) for text in ("12", "3", "445")])


def test_norms_that_come_back_leave_the_network_as_it_is():
    parent = network()
    model = unfolded(parent, [batch(), batch(3)])
    picture = np.random.default_rng(5).random((48, 70), np.float32)
    again = folded(model)
    np.testing.assert_allclose(again.sums(picture), parent.sums(picture), rtol=1e-3, atol=1e-4)
    model.train()
    model.drop.p = 0.0
    with torch.no_grad():  # its own statistics are near those of the pictures that they were taken from
        pictures = torch.from_numpy(batch().pictures[:, None].astype(np.float32))
        trained, read = model(pictures), model.eval()(pictures)
    assert float((trained - read).abs().mean()) < 0.5 * float(read.std())


@pytest.mark.parametrize("norms", [False, True])
def test_steps_lower_the_loss(norms):
    parent, strings = network(), batch()
    config = TuningConfig(learning_rate=1e-2, warm_up=0, dropout=0.0, own=0.9, norms=norms, kept=0.0)
    tuner = LineTuner(parent, [strings], 40, config)
    losses = [tuner.step(strings, batch(7)) for _ in range(30)]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    moved = np.abs(tuner.network().weights["output"] - parent.weights["output"]).max()
    half = between(tuner.network(), parent, 0.5).weights["output"]
    assert np.abs(half - parent.weights["output"]).max() == pytest.approx(moved / 2, rel=1e-3)


def test_a_state_goes_on_where_it_was():
    parent, strings = network(), batch()
    one, two = (LineTuner(parent, [strings], 10, TuningConfig(warm_up=0)) for _ in range(2))
    one.seed(1)
    one.step(strings, strings)
    two.restore(one.state())
    for tuner in (one, two):
        tuner.seed(2)
        tuner.step(strings, strings)
    assert all((one.state()[name] == value).all() for name, value in two.state().items())
