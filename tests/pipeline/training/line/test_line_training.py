"""Training the line network: it learns, stops and goes on, and writes what can be read."""

import json
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from classifier.line.line_network import RESIDUAL, LineShape  # noqa: E402
from classifier.line.line_picture import ROWS  # noqa: E402
from classifier.weights import load_networks, rounded  # noqa: E402
from pipeline.data.real_strings import RealString, split_registers  # noqa: E402
from pipeline.errors import UsageError  # noqa: E402
from pipeline.training.line.line_strings import LineMixture  # noqa: E402
from pipeline.training.line.line_trainer import LineRecipe, LineTrainer  # noqa: E402
from pipeline.training.line.line_training import arrays_of, train_line  # noqa: E402

pytestmark = pytest.mark.slow

RECIPE = LineRecipe(
    shape=LineShape(maps=(2, 3, 3, 4, 4, 5)),
    mixture=LineMixture(strings=16, views=1, batch=8, workers=1),
    strings=60,
    warm_up=20,
    cooling=20,
    saved=1,
)


@pytest.fixture
def few(monkeypatch):
    """MNIST's validation part and the strings held out, cut down to what the test's data has."""
    monkeypatch.setattr("pipeline.training.training_data.VALIDATION_DIGITS", 10)
    monkeypatch.setattr("pipeline.training.line.line_training.HELD_OUT_STRINGS", 3)


def test_a_training_that_stopped_goes_on_as_if_it_had_not(tmp_path, few, training_data, random_weights):
    reports = []
    whole = train_line(tmp_path / "whole.npz", random_weights, training_data, RECIPE, on_report=reports.append)
    assert [report.seen >= 60 for report in reports][-2:] == [False, True] and reports[-1].loss > 0
    assert "held-out drawn strings" in str(reports[-1])
    out = tmp_path / "pieces.npz"
    train_line(out, random_weights, training_data, replace(RECIPE, strings=30, cooling=1), force=True)
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["line"]["figures"]["seen"] >= 30 and "Lectaurep" in card["attribution"]
    with pytest.raises(UsageError, match="is there already"):
        train_line(out, random_weights, training_data, RECIPE)
    pieces = train_line(out, random_weights, training_data, RECIPE, resume=True, force=True)
    networks, _ = load_networks(out)
    for name, value in networks.line.weights.items():
        np.testing.assert_array_equal(value, pieces.weights[name])
    assert networks.first.shape == load_networks(random_weights)[0].first.shape
    assert max(np.abs(whole.weights[name] - value).max() for name, value in pieces.weights.items()) < 0.05
    with pytest.raises(UsageError, match="other settings"):
        train_line(out, random_weights, training_data, replace(RECIPE, seed=9), resume=True, force=True)


def test_a_network_that_has_grown_begins_where_it_was(tmp_path, few, training_data, random_weights):
    """The layers that a checkpoint lacks are added so faintly that it reads as before; then they learn."""
    shallow = tmp_path / "shallow.npz"
    before = train_line(shallow, random_weights, training_data, RECIPE)
    deeper = replace(RECIPE, shape=replace(RECIPE.shape, residual=RESIDUAL))
    trainer = LineTrainer(deeper)
    trainer.restore(arrays_of(shallow.with_suffix(".checkpoint"), trainer))
    grown, picture = trainer.network(), np.random.default_rng(6).random((ROWS, 90), np.float32)
    assert np.abs(grown.sums(picture) - before.sums(picture)).max() < 0.5
    assert LineTrainer(deeper).network().sums(picture) != pytest.approx(before.sums(picture), abs=0.5)
    first = {name: value.copy() for name, value in trainer.state().items()}
    trainer.step(noise(np.random.default_rng(1)))
    moved = ("model/layers.joints.weight", "model/layers.farther.weight")
    assert all(np.abs(trainer.state()[name] - first[name]).max() > 0 for name in moved)


def test_state_is_kept_whole():
    recipe = replace(RECIPE, strings=600)
    one, other = LineTrainer(recipe), LineTrainer(replace(recipe, seed=5))
    rng = np.random.default_rng(1)
    batch = noise(rng)
    for _ in range(3):
        one.step(batch)
    other.restore(one.state())
    other.seen = one.seen
    torch.manual_seed(1)
    a = one.step(batch)
    torch.manual_seed(1)
    assert other.step(batch) == a
    for name, value in one.state().items():
        np.testing.assert_array_equal(other.state()[name], value)
    for name, value in rounded(one.network()).weights.items():
        np.testing.assert_allclose(value, other.network().weights[name], atol=1e-2, rtol=1e-2)


def noise(rng):
    from pipeline.training.line.line_strings import LineString, make_batch

    return make_batch([LineString(rng.random((ROWS, 40), np.float32), text, True) for text in ("12", "3.4", "", "5")])


def test_a_few_strings_are_learned_by_heart():
    recipe = replace(RECIPE, shape=LineShape(maps=(8, 8, 8, 8, 8, 16)), warm_up=50, strings=10**6, learning_rate=5e-3)
    trainer, batch = LineTrainer(recipe), noise(np.random.default_rng(2))
    losses = [trainer.step(batch) for _ in range(120)]
    assert losses[-1] < 0.3 * losses[0]


def test_the_rate_rises_stays_and_falls():
    recipe = LineRecipe(strings=100_000, warm_up=10_000, cooling=20_000, learning_rate=1.0)
    assert recipe.rate(0) < 0.02 and recipe.rate(5_000) == pytest.approx(0.51)
    assert recipe.rate(20_000) == recipe.rate(80_000) == 1
    assert recipe.rate(90_000) == pytest.approx(0.5) and recipe.rate(100_000) <= 1e-3
    with pytest.raises(ValueError, match="schedule"):
        LineRecipe(strings=0)


def test_registers_are_split_by_page():
    numbers = [RealString(np.zeros((9, 9), np.uint8), "1", str(page)) for page in range(12) for _ in range(3)]
    kept, away = split_registers(numbers)
    assert {each.page for each in away} == {"0", "5", "10"} and len(kept) + len(away) == 36
    assert not {each.page for each in kept} & {each.page for each in away}
