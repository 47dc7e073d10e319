"""Further hands in the sources of training strings."""

import numpy as np

from pipeline.data.digit_images import DigitImages
from pipeline.data.strokes import StrokeSample
from pipeline.synthesis.sources import IMAGE_SHARES, Sources, image_writer_name
from pipeline.training.wide_hands import _for_training, add_images, smoothed


def digits(writers: list[int], grey: int) -> DigitImages:
    images = np.full((len(writers) * 10, 28, 28), grey, np.uint8)
    labels = np.tile(np.arange(10, dtype=np.uint8), len(writers))
    return DigitImages(images, labels, np.repeat(writers, 10).astype(np.int32))


def mixed() -> Sources:
    first = digits([5, 9], 10)
    sources = Sources(first.images, first.labels, first.writers)
    return add_images(add_images(sources, "swiss", digits([1, 2, 3], 20)), "bhmsds", digits([0], 30))


def test_writers_keep_their_names_and_digits():
    sources = mixed()
    assert {image_writer_name(int(writer)) for writer in sources.image_writers} == {
        "mnist-5",
        "mnist-9",
        "swiss-1",
        "swiss-2",
        "swiss-3",
        "bhmsds-0",
    }
    assert set(np.unique(sources.only(writers=["swiss-2"]).images)) == {20}
    assert set(np.unique(sources.without(collections=["swiss"]).images)) == {10, 30}


def test_collections_come_as_often_as_their_shares_say():
    sources, rng = mixed(), np.random.default_rng(1)
    drawn = [image_writer_name(sources.draw_image_writer(rng)).split("-")[0] for _ in range(4000)]
    for name, share in IMAGE_SHARES:
        assert abs(drawn.count(name) / 4000 - share) < 0.03


def test_evaluation_writers_are_not_trained_on():
    kept = _for_training("swiss", digits([1, 19, 20, 21], 20))
    assert set(kept.writers) == {1, 19}


def test_smoothed_strokes_pass_through_the_points_they_had():
    stroke = np.array([(0, 0), (10, 0), (10, 10), (0, 10)], np.float32)
    dot = np.array([(3, 3)], np.float32)
    (sample,) = smoothed([StrokeSample("pen-00", "0", (stroke, dot))])
    assert np.allclose(sample.strokes[0][::3], stroke, atol=1e-5) and len(sample.strokes[0]) == 10
    assert np.array_equal(sample.strokes[1], dot)
    assert sample.strokes[0][:, 0].max() > 10  # corners become curves
