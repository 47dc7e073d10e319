"""The picture of a reading says what the trace says, for short and long numbers, blank pages and large images."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks, network_arrays, network_card
from pipeline.explaining.digit_row import crop_colours
from pipeline.explaining.field_picture import draw_ink, draw_source
from pipeline.explaining.panels import Panel, flow, percent
from pipeline.explaining.picture import draw_explanation
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import StringStyle
from pipeline.training.checkpoints import TrainingFiles

pytestmark = pytest.mark.slow

CONFIDENCE = {
    "calibration": {"slope": 1, "offset": 0, "ceiling": 1},
    "thresholds": {"0.05": 0.8, "0.01": 0.95, "0.001": 0.999},
}
CLEAN = StringStyle(
    "clean",
    kinds=(("shapes", 1),),
    papers=(("white", 1),),
    separators=0,
    endings=0,
    prefixes=0,
    neighbours=0,
    intruders=0,
    rules=0,
    boxes=0,
    inverted=0,
    binary=0,
    heights=(30, 32, 34),
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    rng = np.random.default_rng(4)
    shape = Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 8)), hidden=16)
    network = ConvolutionNetwork.initialise(shape, rng)
    network.weights["output_bias"][:10] = 2  # so that it reads digits, be they wrong
    out = tmp_path_factory.mktemp("weights") / "random.npz"
    TrainingFiles(out).save(network_arrays(Networks(network)), {**network_card(Networks(network)), **CONFIDENCE})
    return FieldReader(out)


def picture_of(text, seed=0):
    return draw_string(np.random.default_rng(seed), Sources(), CLEAN, text=text).image


def words_drawn(monkeypatch, draw):
    """All words that `draw` writes, in order."""
    words = []
    original = Panel.text

    def record(self, x, y, text, *style, **more):
        words.append(text)
        original(self, x, y, text, *style, **more)

    monkeypatch.setattr(Panel, "text", record)
    draw()
    return words


@pytest.mark.parametrize("text", ["47", "4012887300"])
def test_everything_in_the_trace_is_on_the_picture(reader, monkeypatch, text):
    trace = reader.trace(picture_of(text))
    reading = trace.reading
    assert reading.text and reading.digits
    words = words_drawn(monkeypatch, lambda: draw_explanation(trace, threshold=reader.threshold))
    together = "\n".join(words)
    assert reading.text in words and percent(reading.confidence) in words
    for other in reading.alternatives:
        assert other.text in words and percent(other.confidence) in words
    for digit in reading.digits:
        assert words.count(digit.digit) >= 3  # box, span and card
        assert percent(digit.confidence) in words
    for number in range(1, reading.rounds + 1):
        assert f"Round {number}" in words
    assert f"Round {reading.rounds + 1}" not in words
    assert percent(reader.threshold) in together


def test_the_badge_tells_whether_it_was_accepted(reader, monkeypatch):
    trace = reader.trace(picture_of("47"))
    for accepted, badge in ((True, "accepted"), (False, "not accepted")):
        reading = replace(trace.reading, accepted=accepted)
        with monkeypatch.context() as patch:
            words = words_drawn(patch, lambda reading=reading: draw_explanation(trace, reading))
        assert {"accepted", "not accepted"} & set(words) == {badge}


@pytest.mark.parametrize("shape", [(60, 200), (1, 1), (2000, 30)])
def test_a_blank_page_says_so(reader, monkeypatch, shape):
    trace = reader.trace(np.full(shape, 230, np.uint8))
    words = words_drawn(monkeypatch, lambda: draw_explanation(trace))
    assert any("blank" in word for word in words) and "not accepted" in words


def test_ink_without_digits_says_so(reader, monkeypatch):
    trace = reader.trace(picture_of("47"))
    path = replace(trace.path, symbols=tuple(10 for _ in trace.path.symbols))
    nothing = replace(trace, path=path, reading=trace.reading.nothing(len(trace.rounds)))
    words = words_drawn(monkeypatch, lambda: draw_explanation(nothing))
    assert "ink, but no digits" in words and "Round 1" in words and "mark" in words


def test_what_no_format_fits_is_drawn_with_the_reason(reader, monkeypatch):
    trace = reader.trace(picture_of("47"), "digits:60")
    words = words_drawn(monkeypatch, lambda: draw_explanation(trace, threshold=reader.threshold))
    assert trace.reading.text is None and "Round 1" in words and "Ink and cuts" in words
    assert "nothing here fits the format digits:60" in " ".join(words)


def test_the_picture_stays_small_however_large_the_image(reader):
    small = picture_of("4071")
    page = np.full((2400, 3200), 235, np.uint8)
    page[1000 : 1000 + small.shape[0], 500 : 500 + small.shape[1]] = small
    for image in (small, page, np.kron(small, np.ones((12, 12), np.uint8))):
        picture = draw_explanation(reader.trace(image))
        assert picture.mode == "RGB" and 800 <= picture.width <= 1500 and picture.height <= 2500


def test_a_small_number_on_a_large_page_is_shown_in_detail(reader):
    small = picture_of("4071")
    page = np.full((2000, 3000), 235, np.uint8)
    page[1000 : 1000 + small.shape[0], 500 : 500 + small.shape[1]] = small
    panel, note = draw_source(reader.trace(page), 600, 200)
    assert note == "part of 3000 x 2000 pixels"
    assert panel.width > 1.5 * panel.height  # of the number's shape, not the page's
    _, note = draw_source(reader.trace(small), 600, 200)
    assert note == f"{small.shape[1]} x {small.shape[0]} pixels"


def test_drawing_changes_nothing_and_comes_out_the_same_twice(reader):
    trace = reader.trace(picture_of("52"))
    before = trace.grey.copy(), trace.pieces.ink.pixels.copy()
    assert draw_explanation(trace).tobytes() == draw_explanation(trace).tobytes()
    assert np.array_equal(trace.grey, before[0]) and np.array_equal(trace.pieces.ink.pixels, before[1])


def test_cuts_lie_where_they_are_in_the_ink(reader):
    trace = reader.trace(picture_of("47"))
    pieces = trace.pieces
    h, w = pieces.ink.pixels.shape
    one = np.zeros(len(pieces.cuts), bool)
    one[1] = True
    none = draw_ink(pieces, 4 * w, 4 * h, active=np.zeros_like(one))
    drawn = draw_ink(pieces, 4 * w, 4 * h, active=one, strong=one)
    changed = np.argwhere((np.asarray(none.image) != np.asarray(drawn.image)).any(axis=2)) / drawn.image.width * w
    path = pieces.cuts[1].path
    rows = np.clip(changed[:, 0].astype(int), 0, h - 1)
    assert len(changed) and (np.abs(changed[:, 1] - path[rows]) < 2.5).all()


def test_a_crop_is_white_on_black_with_its_neighbours_in_colour():
    crop = np.zeros((2, 28, 28), np.float32)
    crop[0, 5, 6], crop[1, 9, 3] = 1, 1
    colours = crop_colours(crop)
    assert colours.shape == (28, 28, 3) and colours.min() >= 0 and colours.max() <= 1
    assert (colours[5, 6] == 1).all() and (colours[0, 0] == 0).all()
    red, green, blue = colours[9, 3]
    assert red > green > blue


@given(st.floats(0, 1))
def test_nothing_unsure_is_called_certain(probability):
    words = percent(probability)
    assert words.endswith(" %")
    assert (float(words.removesuffix(" %").lstrip("<> ")) == 100) == (probability == 1)
    assert (words == "0 %") == (probability == 0)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 20)), min_size=1, max_size=8))
def test_panels_flow_within_the_width(sizes):
    result = flow([Panel(*size) for size in sizes], 60, gap=4, row_gap=2)
    assert result.width == 60
    assert max(h for _, h in sizes) <= result.height <= sum(h + 2 for _, h in sizes) - 2
