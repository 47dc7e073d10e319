"""Training the book's networks: result, resuming, and files that are never half-written or lost."""

import json
from dataclasses import replace

import numpy as np
import pytest

from classifier.errors import WeightsError
from pipeline.data.mnist import Mnist
from pipeline.errors import OutputError, UsageError
from pipeline.training import checkpoints as training_files
from pipeline.training.book.book_networks import BookTraining, load_book, train_book


@pytest.fixture(scope="module")
def mnist() -> Mnist:
    """Ten easy "digits": a bright row at a height of its own, with noise."""
    rng = np.random.default_rng(0)

    def part(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = rng.integers(0, 10, n).astype(np.uint8)
        images = rng.integers(0, 60, (n, 28, 28)).astype(np.uint8)
        images[np.arange(n), 2 * labels + 4, 4:24] += 190
        return images, labels

    return Mnist(*part(600), *part(200))


def stop_after(epoch: int):
    def on_epoch(done):
        if done.epoch == epoch:
            raise KeyboardInterrupt

    return on_epoch


SMALL = BookTraining(sizes=(784, 12, 10), epochs=4, momentum=0.5, learning_rate=1.0)


@pytest.mark.parametrize("encoding", ["ten", "single", "binary"])
def test_learns_every_encoding(mnist, encoding):
    result = train_book(BookTraining(encoding, epochs=15, cost="cross-entropy", learning_rate=0.5), data=mnist)
    assert result.network.sizes == (784, 30, {"ten": 10, "single": 1, "binary": 4}[encoding])
    assert [epoch.epoch for epoch in result.history] == list(range(1, 16))
    assert result.final.accuracy > 0.95 and result.final.cost < result.history[0].cost
    assert result.final.strict_accuracy <= result.final.accuracy
    assert result.tested == 200


def test_resumed_training_equals_an_uninterrupted_one(mnist, tmp_path):
    whole, broken = tmp_path / "whole.npz", tmp_path / "broken.npz"
    seen = []
    train_book(SMALL, data=mnist, out=whole)
    with pytest.raises(KeyboardInterrupt):
        train_book(SMALL, stop_after(2), data=mnist, out=broken)
    assert not broken.exists() and broken.with_suffix(".checkpoint").exists()
    train_book(SMALL, seen.append, data=mnist, out=broken, resume=True)
    assert [epoch.epoch for epoch in seen] == [3, 4]
    assert broken.read_bytes() == whole.read_bytes()
    assert broken.with_suffix(".json").read_text() == whole.with_suffix(".json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "broken.json",
        "broken.npz",
        "whole.json",
        "whole.npz",
    ]


def test_seed_decides_the_result(mnist):
    runs = [train_book(replace(SMALL, seed=seed, epochs=1), data=mnist) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0].network.vector, runs[1].network.vector)
    assert not np.array_equal(runs[0].network.vector, runs[2].network.vector)


def test_card_tells_how_the_weights_came_about(mnist, tmp_path):
    out = tmp_path / "book.npz"
    result = train_book(replace(SMALL, examples=300, seed=7), data=mnist, out=out)
    network, encoding, card = load_book(out)
    np.testing.assert_array_equal(network.vector, result.network.vector)
    assert encoding.outputs == 10 and card["seed"] == 7
    assert BookTraining(**{**card["config"], "sizes": tuple(card["config"]["sizes"])}) == result.config
    assert card["figures"]["accuracy"] == result.final.accuracy and card["figures"]["test_digits"] == 200
    other = train_book(SMALL, data=replace(mnist, train_labels=mnist.train_labels[::-1]), out=tmp_path / "b.npz")
    assert other.tested == 200
    hashes = json.loads((tmp_path / "b.json").read_text())["data"]
    assert [name for name in hashes if hashes[name] != card["data"][name]] == ["train_labels"]


def test_nothing_is_overwritten_without_force(mnist, tmp_path):
    out = tmp_path / "book.npz"
    once = replace(SMALL, epochs=1)
    train_book(once, data=mnist, out=out)
    before = out.read_bytes()
    for resume in (False, True):
        with pytest.raises(UsageError, match="is there already"):
            train_book(replace(once, seed=1), data=mnist, out=out, resume=resume)
    assert out.read_bytes() == before
    train_book(replace(once, seed=1), data=mnist, out=out, force=True)
    assert out.read_bytes() != before


def test_checkpoint_of_another_training_is_not_continued(mnist, tmp_path):
    out = tmp_path / "book.npz"
    with pytest.raises(KeyboardInterrupt):
        train_book(SMALL, stop_after(1), data=mnist, out=out)
    with pytest.raises(UsageError, match="interrupted training; let it be continued or begin again"):
        train_book(SMALL, data=mnist, out=out)
    with pytest.raises(UsageError, match="other settings or data"):
        train_book(replace(SMALL, learning_rate=2.0), data=mnist, out=out, resume=True)
    with pytest.raises(UsageError, match="other settings or data"):
        reversed_labels = replace(mnist, train_labels=mnist.train_labels[::-1])
        train_book(SMALL, data=reversed_labels, out=out, resume=True)
    out.with_suffix(".checkpoint").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(WeightsError, match="damaged checkpoint"):
        train_book(SMALL, data=mnist, out=out, resume=True)
    train_book(SMALL, data=mnist, out=out, force=True)
    assert out.exists() and not out.with_suffix(".checkpoint").exists()


def test_failed_writing_leaves_the_old_weights(mnist, tmp_path, monkeypatch):
    out = tmp_path / "book.npz"
    once = replace(SMALL, epochs=1)
    train_book(once, data=mnist, out=out)
    before = out.read_bytes()

    def disk_full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training_files.np, "savez", disk_full)
    with pytest.raises(OutputError, match="No space left"):
        train_book(once, data=mnist, out=out, force=True)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.json", "book.npz"]


def test_damaged_weights_are_one_sentence(mnist, tmp_path):
    out = tmp_path / "book.npz"
    train_book(replace(SMALL, epochs=1), data=mnist, out=out)
    card, content = out.with_suffix(".json"), out.read_bytes()

    def fails(match: str) -> None:
        with pytest.raises(WeightsError, match=match) as caught:
            load_book(out)
        assert "\n" not in str(caught.value)

    out.write_bytes(content[:-100])
    fails("damaged")
    out.write_bytes(content)
    text = card.read_text()
    card.write_text(text[:50])
    fails("card of the weights cannot be read")
    card.write_text(text.replace('"kind": "book"', '"kind": "other"'))
    fails("not the card of book weights")
    card.write_text(text.replace('"encoding": "ten"', '"encoding": "gray"'))
    fails("not the weights that its card describes")
    card.unlink()
    fails("missing")


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"encoding": "gray"}, "encoding must be one of"),
        ({"encoding": "binary", "sizes": (784, 30, 10)}, "784,30,4"),
        ({"sizes": (400, 10)}, "784 pixels"),
        ({"sizes": (784, 0, 10)}, "784 pixels"),
        ({"sizes": (784,)}, "784 pixels"),
        ({"cost": "hinge"}, "cost must be one of"),
        ({"epochs": 0}, "epochs"),
        ({"scale": "xavier"}, "scale"),
        ({"seed": -1}, "seed"),
        ({"schedule": "warm"}, "schedule"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, match):
    with pytest.raises(UsageError, match=match):
        BookTraining(**settings)


def test_places_that_cannot_be_written_are_refused_before_training(mnist, tmp_path):
    for out, match in ((tmp_path / "none" / "a.npz", "no folder"), (tmp_path / "a.bin", r"\.npz")):
        with pytest.raises(UsageError, match=match):
            train_book(SMALL, stop_after(1), data=mnist, out=out)
    with pytest.raises(UsageError, match="there are 600"):
        train_book(replace(SMALL, examples=601), data=mnist)
