"""The FieldReader: what holds for every reading, whatever the weights; and that the shipped ones see past the paper."""

import hashlib
import io
import json
import threading
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from classifier.errors import WeightsError
from pipeline.errors import ImageError, UsageError
from pipeline.formats.format import parse_format
from pipeline.reading.confidence.calibration import Calibration
from pipeline.reading.digits import scaled_alternatives
from pipeline.reading.field_reader import SHIPPED, FieldReader
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.lattices.paths import posteriors
from pipeline.reading.lattices.search import SearchConfig
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import StringStyle

pytestmark = pytest.mark.slow

shipped = pytest.mark.skipif(not SHIPPED.exists(), reason="no shipped weights yet")

PLAIN = StringStyle(
    "plain",
    lengths=(0, 1, 2, 2, 1, 1, 0, 0, 0, 0),
    kinds=(("shapes", 1.0),),
    papers=(("white", 1.0),),
    empty=0,
    separators=0,
    endings=0,
    prefixes=0,
    neighbours=0,
    intruders=0,
    heights=(24, 34, 48),
    slant=0.1,
    touching=(0.0, 0.3),
    margins=(0.2, 0.4),
    rules=0,
    boxes=0,
    inverted=0,
    darkness=(0.8, 1.0),
    blur=(0.4, 0.6),
    noise=(0.0, 0.0),
    faded=0,
    binary=0,
    jpeg=0,
)


@cache
def picture(seed):
    """A picture of a few strokes or digits, (H, W) uint8, some of them of noise or on grey paper."""
    rng = np.random.default_rng(seed)
    width, height = (int(side) for side in rng.integers((20, 12), (140, 56)))
    image = Image.new("L", (width, height), int(rng.integers(150, 256)))
    draw = ImageDraw.Draw(image)
    if seed % 3:
        draw.text(
            (width // 8, height // 6), str(rng.integers(10**5)), fill=int(rng.integers(100)), font_size=height // 2
        )
    for _ in range(rng.integers(0, 6)):
        draw.line(
            [tuple(map(int, rng.integers(0, (width, height)))) for _ in range(3)],
            fill=int(rng.integers(120)),
            width=int(rng.integers(1, 5)),
        )
    pixels = np.asarray(image).astype(float) + rng.normal(0, rng.choice([0, 2, 5]), (height, width))
    return np.clip(pixels, 0, 255).astype(np.uint8)


@cache
def reader_of(weights, alternatives):
    return FieldReader(weights, alternatives=alternatives)


@pytest.fixture(scope="module")
def reader(random_weights):
    return FieldReader(random_weights)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 400), alternatives=st.sampled_from([0, 1, 3, 8]))
def test_every_reading_is_sound(random_weights, seed, alternatives):
    image = picture(seed)
    height, width = image.shape
    reading = reader_of(random_weights, alternatives).read(image)
    json.dumps(reading.to_json())
    assert "".join(digit.digit for digit in reading.digits) == (reading.text or "")
    assert reading.accepted == (reading.text is not None and reading.confidence >= 0.9)
    assert len(reading.alternatives) <= alternatives
    likeliest = [reading.confidence if reading.text else 1, *(other.confidence for other in reading.alternatives)]
    assert likeliest == sorted(likeliest, reverse=True)
    assert reading.confidence + sum(other.confidence for other in reading.alternatives) <= 1
    assert len({reading.text, *(other.text for other in reading.alternatives)}) == 1 + len(reading.alternatives)
    for digit in reading.digits:
        left, top, right, bottom = digit.box
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        assert reading.confidence <= digit.confidence <= 0.97
        assert digit.confidence + sum(other.confidence for other in digit.alternatives) <= 1
        assert digit.digit not in {other.text for other in digit.alternatives}


def test_random_readings_are_of_all_kinds(reader):
    """Or the test above would test nothing."""
    readings = [reader.read(picture(seed)) for seed in range(40)]
    texts = [reading.text for reading in readings]
    assert None in texts and len(set(texts)) > 12 and max(len(text or "") for text in texts) > 3
    assert {reading.accepted for reading in readings} == {True, False}
    assert {reading.rounds for reading in readings} >= {0, 1, 2}


@pytest.mark.parametrize("seed", range(12))
def test_a_digits_box_is_that_of_its_ink_in_the_source(reader, seed):
    trace = reader.trace(picture(seed))
    if trace.path is None:
        return
    height, width = trace.grey.shape
    digits = iter(trace.reading.digits)
    spans, pieces = trace.rounds[-1].spans, trace.pieces
    for span, symbol in zip(trace.path.spans, trace.path.symbols, strict=True):
        if symbol == SKIP:
            continue
        held = np.append(spans.holds[span], False)[pieces.cell_of] & (pieces.ink.pixels >= 0.25)
        corners = [
            (x + dx, y + dy, 1) for y, x in np.argwhere(held) for dx, dy in ((0.5, 0), (0.5, 1), (0, 0.5), (1, 0.5))
        ]
        x, y = pieces.ink.to_source @ np.transpose(corners)
        left, top, right, bottom = next(digits).box
        inside = [
            np.clip(x.min(), 0, width - 1),
            np.clip(y.min(), 0, height - 1),
            np.clip(x.max(), left + 1, width),
            np.clip(y.max(), top + 1, height),
        ]
        outwards = np.array([left, top, -right, -bottom]) - np.multiply(inside, [1, 1, -1, -1])
        assert (outwards > -1 - 1e-9).all() and (outwards < 1e-9).all()
    assert next(digits, None) is None


@pytest.mark.parametrize("seed", range(12))
def test_the_trace_tells_how_the_reading_came_about(reader, seed):
    image = picture(seed)
    trace, reading = reader.trace(image), reader.read(image)
    assert trace.reading == reading and trace.grey.shape == image.shape and len(trace.rounds) == reading.rounds
    if trace.pieces is None:
        assert (trace.path, trace.texts, reading.text) == (None, (), None)
        return
    last, (text, posterior) = trace.rounds[-1], trace.texts[0]
    assert trace.path.text == text == (reading.text or "")
    assert [p for _, p in trace.texts] == sorted((p for _, p in trace.texts), reverse=True)
    assert sum(p for _, p in trace.texts) <= 1 + 1e-9
    np.testing.assert_allclose(last.posteriors, posteriors(last.lattice)[0], atol=1e-9)
    if reading.text:
        assert reading.confidence == reader.calibration.confidence(posterior)


def test_as_many_alternatives_as_are_asked_for(random_weights):
    many = [reader_of(random_weights, 25).read(picture(seed)) for seed in range(5)]
    few = [reader_of(random_weights, 2).read(picture(seed)) for seed in range(5)]
    assert max(len(reading.alternatives) for reading in many) > 15
    for more, less in zip(many, few, strict=True):
        assert more.text == less.text and more.confidence == pytest.approx(less.confidence, abs=1e-9)
        assert [other.text for other in more.alternatives[:2]] == [other.text for other in less.alternatives]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.floats(0.3, 4), st.floats(-4, 4), st.floats(0.3, 1))
def test_alternatives_share_what_the_winner_leaves(shares, slope, offset, ceiling):
    """Also where rounding makes the posteriors of texts sum to more than 1, and the calibration is odd."""
    shares = sorted(shares, reverse=True)
    posteriors = [share / max(sum(shares), 1e-9) for share in shares]
    confidence = Calibration(slope, offset, ceiling).confidence(posteriors[0])
    others = [(str(k), p) for k, p in enumerate(posteriors[1:])]
    found = [other.confidence for other in scaled_alternatives(others, posteriors[0], confidence)]
    assert found == sorted(found, reverse=True) and all(p <= confidence for p in found)
    assert confidence + sum(found) <= 1 + 1e-9


def test_a_winner_without_doubt_leaves_next_to_nothing():
    """Its posterior is rounded to 1 while the others still have some; their sum must not grow to 1 and more."""
    found = scaled_alternatives([("7", 3e-12), ("8", 2e-12)], 1.0, 0.98)
    assert 0.98 + sum(other.confidence for other in found) <= 1


@pytest.mark.parametrize("paper", [0, 90, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (60, 200)])
def test_a_blank_picture_has_no_text(reader, paper, shape):
    reading = reader.read(np.full(shape, paper, dtype=np.uint8))
    assert (reading.text, reading.confidence, reading.accepted) == (None, 0, False)
    assert (reading.digits, reading.alternatives, reading.rounds) == ((), (), 0)


def test_what_an_image_may_be(reader, tmp_path):
    """A path, its text, bytes, a Pillow image and an array are all the same picture."""
    image = Image.fromarray(picture(1))
    image.save(tmp_path / "a.png")
    data = io.BytesIO()
    image.save(data, "PNG")
    kinds = [tmp_path / "a.png", str(tmp_path / "a.png"), data.getvalue(), image, picture(1)]
    assert len({json.dumps(reader.read(kind).to_json()) for kind in kinds}) == 1
    with pytest.raises(ImageError, match=r"b\.png"):
        reader.read(tmp_path / "b.png")


def test_threads_may_share_a_reader(reader):
    """Four threads, each with all images in an order of its own, read what one alone reads."""
    images = [picture(seed) for seed in range(8)]
    alone = [reader.read(image) for image in images]
    found = {}

    def work(thread):
        order = np.random.default_rng(thread).permutation(len(images))
        found.update({(thread, k): reader.read(images[k]) for k in order})

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 * len(images)
    assert all(reading == alone[k] for (_, k), reading in found.items())


def test_the_search_may_be_configured(random_weights):
    """A search that is content with anything reads in one round; one that never is needs more, and scores better."""
    content, never = (FieldReader(random_weights, config=SearchConfig(sure=sure)) for sure in (0.0, 1.0))
    traces = [(content.trace(picture(seed)), never.trace(picture(seed))) for seed in range(10)]
    traces = [(one, other) for one, other in traces if one.pieces is not None]
    assert all(len(one.rounds) == 1 for one, _ in traces)
    assert all(other.rounds[-1].path.score >= one.rounds[-1].path.score for one, other in traces)
    assert max(len(other.rounds) for _, other in traces) > 2


def test_thresholds(random_weights):
    assert FieldReader(random_weights).threshold == FieldReader(random_weights, max_error=0.01).threshold == 0.9
    assert FieldReader(random_weights, threshold=0.123).threshold == 0.123
    assert FieldReader(random_weights, threshold=0).threshold == 0
    picks = {0.5: 0.5, 0.05: 0.5, 0.049: 0.9, 0.01: 0.9, 0.0099: 0.96, 0.001: 0.96}
    assert {error: FieldReader(random_weights, max_error=error).threshold for error in picks} == picks


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"threshold": 1.01}, "threshold"),
        ({"threshold": -0.01}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"max_error": 0}, "largest error"),
        ({"max_error": 1}, "largest error"),
        ({"max_error": float("nan")}, "error"),
        ({"max_error": 0.0009}, "they know 0.001, 0.01, 0.05"),
        ({"threshold": 0.5, "max_error": 0.01}, "not both"),
        ({"alternatives": -1}, "alternatives"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(random_weights, wrong, sentence):
    with pytest.raises(UsageError, match=sentence):
        FieldReader(random_weights, **wrong)


def test_missing_and_damaged_weights(random_weights, tmp_path):
    with pytest.raises(WeightsError, match="no such"):
        FieldReader(tmp_path / "none.npz")
    copy = tmp_path / "copy.npz"
    copy.write_bytes(random_weights.read_bytes()[:-1])
    copy.with_suffix(".json").write_text(random_weights.with_suffix(".json").read_text())
    with pytest.raises(WeightsError, match="damaged"):
        FieldReader(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"calibration": None},
        {"calibration": {}},
        {"calibration": {"slope": float("inf"), "offset": 0, "ceiling": 1}},
        {"thresholds": None},
        {"thresholds": {"0.01": "high"}},
        {"thresholds": {"0.01": 1.5}},
        {"thresholds": {"one": 0.5}},
        {"thresholds": {"0.01": float("nan")}},
    ],
)
def test_a_card_whose_calibration_is_none_is_refused(random_weights, tmp_path, change):
    copy = tmp_path / "copy.npz"
    copy.write_bytes(random_weights.read_bytes())
    card = json.loads(random_weights.with_suffix(".json").read_text())
    copy.with_suffix(".json").write_text(json.dumps(card | change))
    with pytest.raises(WeightsError, match="calibration"):
        FieldReader(copy)


@pytest.fixture(scope="module")
def shipped_reader():
    return FieldReader()


def numbers(count, seed=11):
    """Plainly written numbers of the project's own shapes, (H, W) uint8 on white paper, and their texts."""
    rng = np.random.default_rng(seed)
    return [(string.image, string.text) for string in (draw_string(rng, Sources(), PLAIN) for _ in range(count))]


@shipped
def test_the_shipped_weights_read_plain_numbers(shipped_reader):
    right = [shipped_reader.read(image).text == text for image, text in numbers(30)]
    assert np.mean(right) >= 0.8


@shipped
@pytest.mark.parametrize("change", ["inverted", "padded", "twice as large", "16 bits", "colour"])
def test_what_does_not_matter_changes_no_reading(shipped_reader, change):
    changed = {
        "inverted": lambda image: 255 - image,
        "padded": lambda image: np.pad(image, ((25, 40), (60, 10)), constant_values=255),
        "twice as large": lambda image: image.repeat(2, axis=0).repeat(2, axis=1),
        "16 bits": lambda image: image.astype(np.uint16) * 257,
        "colour": lambda image: np.stack([image] * 3, axis=2),
    }[change]
    plain = numbers(12, seed=5)
    before = [shipped_reader.read(image) for image, _ in plain]
    after = [shipped_reader.read(changed(image)) for image, _ in plain]
    same = [a.text == b.text for a, b in zip(before, after, strict=True)]
    exact = change in ("inverted", "16 bits", "colour")
    assert all(same) if exact else np.mean(same) >= 0.8
    if exact:
        assert [a.confidence for a in after] == pytest.approx([b.confidence for b in before], abs=0.02)
    if change == "padded":
        # Where a reading is unsure, spans that differ by a stroke's end are about as likely.
        sure = [(a, b) for a, b in zip(before, after, strict=True) if a.text == b.text and a.confidence >= 0.5]
        assert len(sure) >= 4
        boxes = [(digit.box, other.box) for a, b in sure for digit, other in zip(a.digits, b.digits, strict=True)]
        near = [np.abs(np.add(one, (60, 25, 60, 25)) - other).max() <= 3 for one, other in boxes]
        assert np.mean(near) >= 0.9  # the line's whole view is another one, and may end the search elsewhere


@shipped
def test_the_hash_of_the_shipped_weights_is_in_their_card():
    card = json.loads(SHIPPED.with_suffix(".json").read_text())
    assert card["weights_sha256"] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert SHIPPED.stat().st_size <= 5_000_000


FORMATS = ("digits", "digits:3", "digits:2-5", "amount", r"\d{2}-\d+", "luhn", "mod11", "date:D.M.YY")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 400), spec=st.sampled_from(FORMATS))
def test_every_reading_fits_its_format(random_weights, seed, spec):
    reader = reader_of(random_weights, 3)
    reading = reader.read(picture(seed), format=spec)
    fits = parse_format(spec).fits
    json.dumps(reading.to_json())
    assert reading.text is None or fits(reading.text)
    assert all(fits(other.text) for other in reading.alternatives) and reading.format == spec
    assert reading.confidence + sum(other.confidence for other in reading.alternatives) <= 1
    for digit in reading.digits:
        assert reading.confidence <= digit.confidence
    plain = reader.read(picture(seed))
    assert reading.note is None or (reading.text is None and spec in reading.note)
    assert reading.text is not None or plain.text is None or reading.note or reading.rounds > plain.rounds


def test_a_reader_may_have_a_format(random_weights, reader):
    image = picture(1)
    assert FieldReader(random_weights, format="digits:2").read(image) == reader.read(image, "digits:2")
    assert FieldReader(random_weights, format="digits:2").read(image, "digits:3") == reader.read(image, "digits:3")
    assert reader.read(image).format is None and "format" not in reader.read(image).to_json()
    for wrong in (lambda: FieldReader(random_weights, format="digit"), lambda: reader.read(image, "digit")):
        with pytest.raises(UsageError, match="there is no format 'digit'"):
            wrong()


def test_a_blank_picture_fits_and_says_nothing(reader):
    reading = reader.read(np.full((40, 90), 255, np.uint8), "digits:3")
    assert (reading.text, reading.format, reading.note) == (None, "digits:3", None)


@shipped
def test_a_format_brings_the_right_number_up(shipped_reader):
    """Given how many digits there are, more are right, and none that was right becomes wrong."""
    plain = [
        (shipped_reader.read(image).text == text, shipped_reader.read(image, f"digits:{len(text)}").text == text)
        for image, text in numbers(30)
    ]
    assert all(given or not alone for alone, given in plain)
    assert sum(given for _, given in plain) >= sum(alone for alone, _ in plain)


@shipped
def test_what_cannot_fit_is_null_and_says_so(shipped_reader):
    image, text = next((image, text) for image, text in numbers(10) if len(text) == 3)
    reading = shipped_reader.read(image, "digits:12")
    assert reading.text is None and reading.confidence == 0
    assert reading.note == f"nothing here fits the format digits:12; without a format it reads {text}"
