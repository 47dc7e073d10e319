"""A field read by lattice and line together, with networks of random weights, and a line that says what it is told."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from classifier.line.line_network import LineNetwork, LineShape
from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks
from pipeline.formats.format import parse_format
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.digits import column_boxes, text_shares
from pipeline.reading.lattices.search import SearchConfig
from pipeline.reading.line.readers import LineColumns, NetworkReader, digit_columns
from pipeline.reading.text_finding import Found, find_texts
from pipeline.reading.together import LineSide
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import EVALUATION

CONFIG = SearchConfig(most_spans=120)


@dataclass(frozen=True)
class Parrot:
    """Reads one text in every picture, evenly spread, and is as sure of each digit as told."""

    text: str
    sure: float = 0.99

    def read_columns(self, grey):
        signs = [sign for digit in self.text for sign in (digit, "")] or [""]
        alphabet = ["", *"0123456789"]
        chances = np.full((len(signs), 11), (1 - self.sure) / 10)
        chances[np.arange(len(signs)), [alphabet.index(sign) for sign in signs]] = self.sure
        return LineColumns(np.log(chances).astype(np.float32), alphabet, 0.0, grey.shape[1] / len(signs))


@pytest.fixture(scope="module")
def networks() -> Networks:
    small = Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 4)), hidden=8)
    network = ConvolutionNetwork.initialise(small, np.random.default_rng(0))
    network.weights["output"] *= 4
    network.weights["output_bias"][10] = -3.0
    line = LineNetwork.initialise(LineShape((4, 4, 4, 4, 4, 4)), np.random.default_rng(1))
    return Networks(network, None, line)


@pytest.fixture(scope="module")
def greys() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    strings = [draw_string(rng, Sources(), EVALUATION, length=3) for _ in range(4)]
    return [(string.image / np.float32(255)).astype(np.float32) for string in strings]


def read(networks: Networks, grey: np.ndarray, reader, format: str | None = None, joint: Joint | None = None) -> Found:
    wanted = None if format is None else parse_format(format)
    return find_texts(grey, networks, CONFIG, 5, wanted, LineSide(reader, joint or Joint()))


@pytest.mark.parametrize("format", [None, "digits:2-4", "luhn", "mod11"])
def test_the_network_and_the_lattice_together(networks, greys, format):
    for grey in greys:
        found = read(networks, grey, NetworkReader(networks.line), format)
        assert found.opinions is not None and sum(share for _, share in found.texts) <= 1 + 1e-6
        assert all(not text or format is None or parse_format(format).fits(text) for text, _ in found.texts)
        assert [share for _, share in found.texts] == sorted((share for _, share in found.texts), reverse=True)


def test_a_sure_line_is_believed_where_the_lattice_is_unsure(networks, greys):
    joint = Joint(lattice=0.1, line=1.0)
    assert [read(networks, grey, Parrot("4071"), joint=joint).best[0] for grey in greys] == ["4071"] * len(greys)


def test_a_text_that_the_format_refuses_is_not_read(networks, greys):
    found = read(networks, greys[0], Parrot("4071"), "digits:2")
    assert all(len(text) in (0, 2) for text, _ in found.texts)


def test_where_both_agree_and_are_sure_the_search_stops(networks, greys):
    """What the lattice reads alone, said by the line as well."""
    grey = greys[0]
    plain = find_texts(grey, networks, CONFIG, 5)
    text = plain.rounds[0].path.text
    sure = replace(CONFIG, agreed=0.0)
    agreed = find_texts(grey, networks, sure, 5, None, LineSide(Parrot(text, 0.999), Joint(lattice=0.1, line=2.0)))
    if agreed.opinions is not None and agreed.opinions.alone()["lattice"][0] == text:
        assert len(agreed.rounds) == 1 and agreed.rounds[0].agreed and not agreed.rounds[0].unsure.any()
    never = replace(CONFIG, agreed=1.0)
    differs = find_texts(grey, networks, never, 5, None, LineSide(Parrot("9" + text), Joint()))
    assert not differs.rounds[-1].agreed and differs.rounds[0].unsure.any()


def test_a_blank_picture_is_read_by_the_line_alone(networks):
    grey = np.full((40, 120), 0.9, dtype=np.float32)
    found = read(networks, grey, Parrot("52", 0.9999), joint=Joint(lattice=0.1, line=1.0))
    assert found.pieces is None and found.best[0] == "52"
    boxes = column_boxes(found.together.line, "52", found.ink, grey.shape)
    assert boxes[0][2] <= boxes[1][0] + 1 and all(0 <= a < c <= 120 and 0 <= b < d <= 40 for a, b, c, d in boxes)
    assert read(networks, grey, Parrot("")).best[0] == ""


def test_boxes_from_columns_hold_ink_in_order(networks, greys):
    for grey in greys:
        found = read(networks, grey, Parrot("407"), joint=Joint(lattice=0.1, line=1.0))
        boxes = column_boxes(found.together.line, "407", found.ink, grey.shape)
        assert [box[0] for box in boxes] == sorted(box[0] for box in boxes)


def test_digits_share_what_texts_of_their_length_say():
    shares = text_shares("17", [("17", 0.6), ("77", 0.3), ("1", 0.1)])
    assert (
        shares[0, 1] == pytest.approx(0.6) and shares[0, 7] == pytest.approx(0.3) and shares[1, 7] == pytest.approx(0.9)
    )


def test_marks_are_blank_and_letters_are_left_out():
    columns = np.log(np.array([[0.2, 0.1, 0.3, 0.4]], dtype=np.float32))
    found = np.exp(digit_columns(LineColumns(columns, ["", "5", ",", "x"], 0, 1)))
    assert found[0, 5] == pytest.approx(1 / 6, abs=1e-3) and found[0, 10] == pytest.approx(5 / 6, abs=1e-3)
