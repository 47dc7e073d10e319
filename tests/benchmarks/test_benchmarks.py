"""The benchmarks: each explains itself, and those of the shipped weights run on a network of random weights."""

import csv
import gzip
import hashlib
import importlib
import json
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import binomtest

from benchmarks.accuracy import digits, field, form, formats, line, strings
from benchmarks.common.scores import Scores, left_out
from benchmarks.diagnosis import random_cuts, segmentation
from benchmarks.diagnosis.span_truth import OwnerTruth
from benchmarks.robustness import invariance
from classifier.line.line_network import LineNetwork, LineShape
from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks, network_arrays, network_card
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Digit
from pipeline.reading.text_finding import score_spans
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import EVALUATION, draw_string
from pipeline.training import training_data as loading
from pipeline.training.crop.trainer import lone_accuracy
from segmenter.ink import extract_ink

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "benchmarks").rglob("*.py")
    if "__main__" in path.read_text() and path.parent.name != "common"  # a script there runs in a peer's environment
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A weights file whose network knows nothing; its card says that sta was trained on and lex was not."""
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    shape = Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 4)), hidden=8)
    network = ConvolutionNetwork.initialise(shape, np.random.default_rng(0))
    np.savez(path, **network_arrays(Networks(network)))
    card = {
        **network_card(Networks(network)),
        "weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "calibration": {"slope": 1.0, "offset": 0.0, "ceiling": 1.0},
        "thresholds": {"0.05": 0.5, "0.01": 0.9},
        "recipe": {"without": ["lex", "cec"]},
    }
    path.with_suffix(".json").write_text(json.dumps(card))
    return path


@pytest.fixture(scope="module")
def pictures():
    """Three synthetic strings of our own allographs: pixels and text."""
    rng = np.random.default_rng(5)
    drawn = [draw_string(rng, Sources(), EVALUATION, 2) for _ in range(3)]
    return [(Image.fromarray(string.image), string.text) for string in drawn]


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_explains_itself(name, monkeypatch, capsys):
    module = importlib.import_module(name)
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 0
    first_words = module.__doc__.split()[:3]
    assert " ".join(first_words) in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("module", [strings, digits, invariance, random_cuts, form, field])
def test_missing_weights_are_one_sentence(module, tmp_path):
    with pytest.raises(SystemExit, match=r"there is no such weights file"):
        module.main(["--weights", str(tmp_path / "none.npz"), "--data", str(tmp_path)])


def test_scores_count_strings_that_are_exactly_right():
    nothing = Reading.nothing()
    pair = tuple(Digit(digit, 0.9, (0, 0, 9, 9), ()) for digit in "12")
    read = Reading("12", 0.75, True, pair, (), 1)
    scores = Scores.of([(read, "12"), (read, "123"), (nothing, ""), (nothing, "0")])
    assert scores.right == (True, False, True, False)
    assert scores.accuracy == 0.5 and scores.confidences == (0.75, 0.75, 0.0, 0.0)
    record = Scores.joined([scores, scores]).to_json()
    assert (record["n"], record["right"]) == (8, 4)
    assert record["calibration_error"] == pytest.approx(0.375)  # |0.75 - 0.5| / 2 + |0 - 0.5| / 2


def test_the_card_says_which_collections_are_unseen():
    assert left_out({}) is None and left_out({"recipe": {"without": []}}) == ()
    assert "not known" in strings.seen_collections(None, ["sta"])
    assert strings.seen_collections(("sta", "lex"), ["lex"]) == "none of these collections was trained on"
    assert strings.seen_collections(("lex",), ["sta", "lex"]).startswith("NOT unseen handwriting: sta ")


@pytest.mark.slow
def test_synthetic_strings_of_a_length_do_not_depend_on_the_others(weights, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(strings, "held_out_sources", lambda folder, without: Sources())
    common = ["--weights", str(weights), "--n", "3", "--out"]
    strings.main([*common, str(tmp_path / "both.json"), "--lengths", "2", "3"])
    strings.main([*common, str(tmp_path / "one.json"), "--lengths", "3"])
    both, one = (json.loads((tmp_path / name).read_text()) for name in ("both.json", "one.json"))
    assert both["lengths"]["3"] == one["lengths"]["3"]
    assert both["all"]["n"] == 6 and 0 <= one["lengths"]["3"]["touching"] <= 1
    assert "| all | 6 |" in capsys.readouterr().out


def test_pen_strings_are_read_by_collection(weights, tmp_path, capsys):
    seven = [[[0, 0], [30, 0], [10, 60]]]
    pair = [*seven, [[x + 50, y] for x, y in seven[0]]]
    lines = [("sta-001", "77"), ("lex-002", "7-7"), ("apa-003", "77"), ("sta-001", "--")]
    (tmp_path / "strings.jsonl").write_text(
        "".join(json.dumps({"writer": writer, "text": text, "strokes": pair}) + "\n" for writer, text in lines)
    )
    strings.main(["--pen", "--weights", str(weights), "--data", str(tmp_path), "--out", str(tmp_path / "pen.json")])
    report = json.loads((tmp_path / "pen.json").read_text())
    assert {name: figures["n"] for name, figures in report["collections"].items()} == {"sta": 1, "lex": 1, "all": 2}
    assert report["weights"]["left_out_collections"] == ["lex", "cec"] and report["writers"] == 2
    assert "NOT unseen handwriting: sta" in capsys.readouterr().out
    (_, sample), *_ = strings.pen_strings(tmp_path, ("lex",), None)
    drawn, again, other = (strings.draw_pen(sample, seed, 1) for seed in (1, 1, 2))
    assert drawn.text == "77" and not drawn.owner_known
    assert np.array_equal(drawn.image, again.image) and not np.array_equal(drawn.image, other.image)


def test_lone_digits_are_read_as_training_reads_them(weights):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 28, 28), np.uint8), rng.integers(0, 10, 40).astype(np.uint8)
    networks = FieldReader(weights).networks
    lone = digits.LoneDigits("random", images.astype(np.float32) / np.float32(255), labels, cropped=True)
    seen = digits.read_digits(networks, lone.crops())
    result = digits.summary(labels, seen)
    assert result["right"] == round(40 * lone_accuracy(networks, images, labels))
    assert result["right"] + sum(digits.summary(labels, seen)["confusions"].values()) <= 40


def test_semeion_and_optdigits_are_parsed(weights, monkeypatch, tmp_path, capsys):
    rng = np.random.default_rng(1)
    folder = tmp_path / "digits"
    folder.mkdir()
    small, large = rng.integers(0, 2, (3, 16, 16)), rng.integers(0, 2, (3, 32, 32))
    labels = np.array([7, 0, 3])
    rows = np.concatenate([small.reshape(3, -1), np.eye(10, dtype=int)[labels]], axis=1)
    np.savetxt(folder / "semeion.data", rows, fmt="%d")
    bitmaps = [
        "\n".join("".join(map(str, row)) for row in image) + f"\n {label}\n"
        for image, label in zip(large, labels, strict=True)
    ]
    path = folder / "optdigits-orig.windep.gz"
    path.write_bytes(gzip.compress(("A title\n\nentwidth = 32\n" + "".join(bitmaps)).encode(), mtime=0))
    for found, images in ((digits.load_semeion(folder / "semeion.data"), small), (digits.load_optdigits(path), large)):
        assert np.array_equal(found.images, images) and np.array_equal(found.labels, labels)
    mnist = SimpleNamespace(test_images=rng.integers(0, 256, (3, 28, 28), np.uint8), test_labels=labels)
    monkeypatch.setattr(digits, "load_mnist", lambda folder: mnist)
    digits.main(["--weights", str(weights), "--data", str(tmp_path), "--out", str(tmp_path / "d.json"), "--limit", "2"])
    report = json.loads((tmp_path / "d.json").read_text())["digits"]
    assert [figures["n"] for figures in report.values()] == [2, 2, 2, 2]
    path.write_bytes(b"no gzip")
    with pytest.raises(SystemExit, match="not the bitmaps of optdigits"):
        digits.load_optdigits(path)


@pytest.mark.slow
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
@settings(deadline=None)
def test_comparisons_agree_with_the_binomial_test(pairs):
    before, after = np.array(pairs).T
    result = invariance.Alteration.of(before, after)
    assert result.before - result.after == result.became_wrong - result.became_right
    low, high = result.interval
    assert low < result.lost < high or abs(result.lost) == 1
    changed = result.became_wrong + result.became_right
    expected = binomtest(result.became_wrong, changed).pvalue if changed else 1.0
    assert result.mcnemar == pytest.approx(expected)


def test_changes_keep_the_picture_and_fill_with_the_border():
    image = Image.new("RGB", (60, 20), (200, 210, 220))
    image.paste((10, 20, 30), (20, 5, 40, 15))
    changed = {name: change(image) for name, change in invariance.CHANGES.items()}
    assert changed["inverted"].getpixel((0, 0)) == (55, 45, 35)
    assert [changed[f"rescaled x {k}"].size for k in (0.5, 2, 4)] == [(30, 10), (120, 40), (240, 80)]
    assert changed["padded"].size == (80, 40) and changed["padded"].crop((10, 10, 70, 30)).tobytes() == image.tobytes()
    for name in ("padded", "rotated by +5 degrees", "rotated by -5 degrees"):
        assert changed[name].getpixel((0, 0)) == (200, 210, 220)
        dark = (np.asarray(changed[name])[:, :, 0] < 105).sum()
        assert changed[name].height > 20 and dark == pytest.approx(200, rel=0.05)
    assert changed["JPEG quality 40"].tobytes() != image.tobytes()


def test_invariance_counts_halves_apart(weights, pictures, tmp_path, capsys):
    with open(tmp_path / "truth.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "text"])
        for number, (picture, text) in zip((7, 423, 424), pictures, strict=True):
            picture.save(tmp_path / f"car_{number:06}.png")
            table.writerow([f"car_{number:06}.png", text])
    invariance.main(
        [
            str(tmp_path / "truth.csv"),
            "--weights",
            str(weights),
            "--out",
            str(tmp_path / "i.json"),
            "--only",
            "inverted",
            "padded",
        ]
    )
    parts = json.loads((tmp_path / "i.json").read_text())["halves"]
    assert {name: part["inverted"]["n"] for name, part in parts.items()} == {"up to 423": 2, "above 423": 1, "all": 3}
    assert "above 423: 1 strings" in capsys.readouterr().out


@pytest.fixture(scope="module")
def ink():
    string = draw_string(np.random.default_rng(4), Sources(), random_cuts.DIGITS_ONLY, 3)
    return extract_ink(string.image.astype(np.float32) / np.float32(255))


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 1, 2, 5]))
@settings(max_examples=50, deadline=None)
def test_random_segments_tile_the_field(ink, seed, length):
    cuts = random_cuts.RandomCuts.of(ink, lambda pieces, spans: np.zeros((len(spans), 11), np.float32))
    segments = cuts.draw(np.random.default_rng(seed), length)
    assert segments[0][0] == 0 and segments[-1][1] == ink.pixels.shape[1]
    assert all(left < right for left, right in segments)
    assert all(one[1] == after[0] for one, after in pairwise(segments))
    assert length is None or len(segments) == length


@pytest.mark.parametrize("sure, budget", [(0.6, 40), (2.0, 40), (2.0, 3)])
def test_random_cuts_stop_when_sure_or_spent(ink, sure, budget):
    scored = []

    def score(pieces, spans):
        """A digit is the surer the nearer it is to a third of the field, and is called by its place."""
        scored.append(len(spans))
        width = ink.pixels.shape[1]
        sums = np.full((len(spans), 11), -20, np.float32)
        place = np.minimum(9, 10 * spans.start // width)
        sums[np.arange(len(spans)), place] = 3 - 12 * np.abs((spans.end - spans.start) / width - 1 / 3)
        return sums

    cuts = random_cuts.RandomCuts.of(ink, score)
    texts = cuts.read(np.random.default_rng(0), 3, sure, budget)
    costs = [cost for cost, _ in texts]
    assert costs == sorted(costs) and costs[-1] <= budget and costs[0] == 3
    assert sum(scored) == len(cuts.known)  # nothing is scored twice
    if sure < 1:
        assert all(output >= sure for output in last_outputs(cuts, texts[-1][1]))
    assert random_cuts.text_at(texts, 2) is None and random_cuts.text_at(texts, budget) == texts[-1][1]


def last_outputs(cuts, text):
    """The outputs of the surest segmentation that spells the text."""
    width = len(cuts.pieces.cuts) - 1
    found = [
        [cuts.known[segment][1] for segment in zip((0, a, b), (a, b, width), strict=True)]
        for a in range(1, width)
        for b in range(a + 1, width)
        if all(
            cuts.known.get(segment, ("",))[0] == digit
            for segment, digit in zip(zip((0, a, b), (a, b, width), strict=True), text, strict=True)
        )
    ]
    return max(found, key=min)


def test_the_search_spends_more_from_round_to_round(ink, weights):
    network = FieldReader(weights).networks.first
    texts = random_cuts.search_texts(ink, lambda pieces, spans: score_spans(network, pieces, spans), None)
    costs = [cost for cost, _ in texts]
    assert costs == sorted(costs) and costs[0] > 0


def test_random_cuts_against_the_search(weights, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(random_cuts, "held_out_sources", lambda folder, without: Sources())
    random_cuts.main(
        [
            "--weights",
            str(weights),
            "--n",
            "2",
            "--lengths",
            "2",
            "--budgets",
            "5",
            "30",
            "--out",
            str(tmp_path / "r.json"),
        ]
    )
    results = json.loads((tmp_path / "r.json").read_text())["results"]
    assert [(result["length"], result["number_given"], result["n"]) for result in results] == [
        (2, True, 2),
        (2, False, 2),
    ]
    assert list(results[0]["budgets"]) == ["5", "30"]
    assert "2 digits, their number not given; n = 2" in capsys.readouterr().out


def test_form_fields_are_cut_out_and_compared(weights, pictures, tmp_path, capsys):
    folder = tmp_path / "documents"
    folder.mkdir()
    page, boxes, top = Image.new("L", (400, 400), 255), [], 0
    for number, (picture, text) in enumerate(pictures):
        page.paste(picture, (30, top))
        boxes.append({"name": f"f{number}", "text": text, "box": [30, top, 30 + picture.width, top + picture.height]})
        top += picture.height + 5
    page.save(folder / form.FORM)
    (folder / "truth.json").write_text(json.dumps({form.FORM: {"fields": boxes}}))
    form.main(["--weights", str(weights), "--data", str(tmp_path), "--out", str(tmp_path / "f.json")])
    report, reader = json.loads((tmp_path / "f.json").read_text()), FieldReader(weights)
    assert report["n"] == 3
    assert [field["text"] for field in report["fields"]] == [reader.read(image).text or "" for image, _ in pictures]
    assert f"{report['right']} of 3 fields right" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="cannot be had"):
        form.main(["--weights", str(weights), "--data", str(tmp_path), "--image", "none.png"])


def test_segmentation_counts_digits_that_stand_apart():
    style = replace(
        EVALUATION,
        kinds=(("shapes", 1.0),),
        touching=(0, 0),
        overlap=(0, 0),
        zero_chains=0,
        separators=0,
        endings=0,
        prefixes=0,
        neighbours=0,
        intruders=0,
        rules=0,
        papers=(("white", 1.0),),
        binary=0,
    )
    string = draw_string(np.random.default_rng(1), Sources(), style, text="38096")
    tally = segmentation.SpanTally()
    tally.add(string.image.astype(np.float32) / 255, OwnerTruth(string))
    assert (tally.pictures, tally.digits, tally.found) == (1, 5, 5) and tally.spans >= 5
    assert tally.without["gap"] < 0, "digits that stand apart are parted by gaps"


@pytest.mark.slow
def test_formats_are_measured_on_a_few_account_numbers(weights, training_data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(loading, "VALIDATION_DIGITS", 20)
    out = tmp_path / "formats.json"
    given = ["--weights", str(weights), "--data", str(training_data), "--n", "2", "--digits", "4", "--no-cheques"]
    formats.main([*given, "--out", str(out)])
    assert "digits:4,luhn" in capsys.readouterr().out
    ways = json.loads(out.read_text())["accounts"]["ways"]
    assert {way["n"] for way in ways.values()} == {2} and "digits:4,luhn" in ways


def test_the_line_network_is_measured_by_kind(tmp_path, capsys):
    rng = np.random.default_rng(0)
    network = ConvolutionNetwork.initialise(Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 4))), rng)
    both = Networks(network, line=LineNetwork.initialise(LineShape(maps=(2, 3, 3, 4, 4, 5)), rng))
    weights, table = tmp_path / "w.npz", tmp_path / "truth.csv"
    np.savez(weights, **network_arrays(both))
    card = network_card(both) | {"weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    weights.with_suffix(".json").write_text(json.dumps(card))
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((20, 60), 255, np.uint8)).save(tmp_path / "images" / name)
    table.write_text("file,text,kind\na.png,12,cell\nb.png,,meter\n")
    line.main([str(table), "--weights", str(weights), "--out", str(tmp_path / "o.json"), "--sheet", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "cell" in printed and "meter" in printed and "CPU ms" in printed
    report = json.loads((tmp_path / "o.json").read_text())
    assert [row["truth"] for row in next(value for key, value in report.items() if key != "weights")] == ["12", ""]
    assert list(tmp_path.glob("*.png"))
