"""The truth of spans: on hand-made owner maps, and against a count pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipeline.reading.lattices.characters import draw_crops, measure
from pipeline.reading.lattices.lattice import SKIP, SYMBOLS
from pipeline.synthesis.strings import SyntheticString
from pipeline.training.crop import examples
from pipeline.training.crop.examples import Example, make_example, span_truth
from pipeline.training.crop.path_loss import path_loss
from segmenter.cuts import Cut, find_cuts
from segmenter.ink import Ink, extract_ink
from segmenter.pieces import Pieces, cut_pieces
from segmenter.spans import Spans, find_spans, measure_spans

HEIGHT, WIDTH = 42, 60


def hand_made(
    owner: np.ndarray,
    characters: tuple[str, ...],
    edges: list[int],
    pairs: list[tuple[int, int]],
    ink: np.ndarray | None = None,
) -> tuple[SyntheticString, Pieces, Spans]:
    """A string whose ink is where somebody owns it (or `ink`), cut by straight cuts, and chosen spans of it."""
    pixels = (owner >= 0).astype(np.float32) if ink is None else ink
    image = np.round(255 * (1 - pixels)).astype(np.uint8)
    text = "".join(label for label in characters if label.isdigit())
    string = SyntheticString(image, text, owner.astype(np.int16), characters)
    field = Ink(pixels, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (5.0, 37.0), 3.0, 0.0)
    cuts = tuple(Cut(np.full(HEIGHT, x, np.int16), 0, 0.0, "gap") for x in (0, *edges, WIDTH))
    pieces = cut_pieces(field, cuts)
    return string, pieces, measure_spans(pieces, *np.array(pairs).T)


def four_dash_seven() -> np.ndarray:
    """A 4 in columns 3-12, a dash in 18-25, a 7 in 30-49, as solid boxes."""
    owner = np.full((HEIGHT, WIDTH), -1)
    owner[5:37, 3:13], owner[18:22, 18:26], owner[5:37, 30:50] = 0, 1, 2
    return owner


def symbols(truth: np.ndarray) -> list[list[int]]:
    """The symbols that each span stands for."""
    return [np.flatnonzero(row).tolist() for row in truth]


def test_targets_of_whole_characters_halves_and_pairs():
    pairs = [(0, 1), (1, 2), (2, 4), (2, 3), (3, 4), (0, 2), (1, 4), (0, 4)]
    string, pieces, spans = hand_made(four_dash_seven(), ("4", "-", "7"), [15, 28, 39], pairs)
    targets, (strict, loose) = span_truth(string, pieces, spans)
    assert targets.shape == strict.shape == loose.shape == (len(pairs), SYMBOLS) and targets.dtype == np.uint8
    # The dash is a tenth of the 4's ink and a twentieth of the 7's: a digit with it is still the digit.
    assert symbols(targets) == [[4], [SKIP], [7], [], [], [4], [7], []]
    # Two thirds of the whole field are the 7, which suffices on a path; but one digit is not all of its text.
    assert symbols(strict) == [[4], [SKIP], [7], [], [], [4], [7], [7]]
    # Loosely, either part of a digit stands for it, and the smaller may be left out.
    assert symbols(loose) == [[4], [SKIP], [7], [7, SKIP], [7], [4], [7], [7]]


@pytest.mark.parametrize(("foreign_rows", "expected", "strictly"), [(4, [4], [4]), (6, [], [4]), (14, [], [])])
def test_a_digit_must_be_pure(foreign_rows, expected, strictly):
    """Of the 32 rows of a 4 the lowest belong to the 7: 12, 19, 44 in a hundred."""
    owner = four_dash_seven()
    owner[37 - foreign_rows : 37, 3:13] = 2
    string, pieces, spans = hand_made(owner, ("4", "-", "7"), [15, 28], [(0, 1)])
    targets, (strict, _) = span_truth(string, pieces, spans)
    assert symbols(targets) == [expected] and symbols(strict) == [strictly]


def test_ink_of_nobody_is_no_digit_and_may_be_skipped():
    owner = four_dash_seven()
    ink = (owner >= 0).astype(np.float32)
    owner[owner == 0] = -1
    owner[5, 3] = 0
    string, pieces, spans = hand_made(owner, ("4", "-", "7"), [15, 28], [(0, 1), (2, 3)], ink)
    targets, (strict, _) = span_truth(string, pieces, spans)
    assert symbols(targets) == symbols(strict) == [[SKIP], [7]]


def test_blurred_edges_belong_to_the_stroke_beside_them():
    owner = four_dash_seven()
    blurred = np.where(ndimage.binary_dilation(owner >= 0, iterations=2), 1, 0).astype(np.float32)
    string, pieces, spans = hand_made(owner, ("4", "-", "7"), [15, 28], [(0, 1), (1, 2), (2, 3)], blurred)
    targets, _ = span_truth(string, pieces, spans)
    assert symbols(targets) == [[4], [SKIP], [7]]


def test_the_same_digit_twice_and_no_digit_at_all():
    owner = four_dash_seven()
    string, pieces, spans = hand_made(owner, ("7", "-", "7"), [15, 28], [(0, 1), (2, 3), (0, 3)])
    assert symbols(span_truth(string, pieces, spans)[0]) == [[7], [7], []]
    string, pieces, spans = hand_made(owner, (",", "-", "x"), [15, 28], [(0, 1), (2, 3), (0, 3)])
    targets, (strict, loose) = span_truth(string, pieces, spans)
    assert symbols(targets) == symbols(strict) == symbols(loose) == [[SKIP]] * 3


def counted(string: SyntheticString, pieces: Pieces, spans: Spans) -> np.ndarray:
    """(N, 11) targets pixel by pixel; the digits of the string all differ."""
    owner = string.owner.copy()
    for _ in range(2):
        grown = ndimage.maximum_filter(owner, size=3)
        owner = np.where(owner < 0, grown, owner)
    h, w = owner.shape
    held = np.zeros((len(spans), len(string.characters) + 1))
    whole = np.zeros(len(string.characters) + 1)
    for row, column in zip(*np.nonzero(pieces.ink.pixels), strict=True):
        x, y = pieces.ink.to_source @ [column + 0.5, row + 0.5, 1]
        character = owner[min(max(int(y), 0), h - 1), min(max(int(x), 0), w - 1)]
        ink = pieces.ink.pixels[row, column]
        whole[character] += ink
        held[spans.holds[:, pieces.cell_of[row, column]], character] += ink
    targets = np.zeros((len(spans), SYMBOLS), np.uint8)
    for k in range(len(spans)):
        digits = 0.0
        for character, label in enumerate(string.characters):
            if label.isdigit():
                digits += held[k, character]
                enough = held[k, character] >= examples.DIGIT_HELD * whole[character] > 0
                if enough and held[k, character] >= examples.DIGIT_PURE * spans.mass[k] > 0:
                    targets[k, int(label)] = 1
        targets[k, SKIP] = digits < examples.MARK_DIGIT_INK * spans.mass[k]
    return targets


def drawn(seed: int, nearest: float = -3) -> SyntheticString:
    """A seeded string of boxes and bars, soft and slanted, at least `nearest` pixels apart: below 0, some touch."""
    rng = np.random.default_rng(seed)
    h, w = 70, 190
    ink, owner = np.zeros((h, w)), np.full((h, w), -1, np.int16)
    labels = (*rng.permutation(list("0123456789"))[:3].tolist(), "-")
    left = 10.0
    for index in range(len(labels)):
        wide, top = rng.uniform(10, 30), rng.uniform(10, 25) if index < 3 else 32.0
        bottom = 58 if index < 3 else 37
        rows, columns = np.mgrid[0:h, 0:w]
        x = columns - left - 0.2 * (60 - rows)
        inside = (x > 0) & (x < wide) & (rows >= top) & (rows < bottom)
        hollow = (x > 5) & (x < wide - 5) & (rows >= top + 5) & (rows < bottom - 5)
        mine = inside & ~hollow
        ink[mine], owner[mine] = 1, index
        left += wide + rng.uniform(nearest, 10)
    grey = 230 - 190 * ndimage.gaussian_filter(ink, 0.6) + rng.normal(0, 2, (h, w))
    text = "".join(label for label in labels if label.isdigit())
    return SyntheticString(np.clip(grey, 0, 255).astype(np.uint8), text, owner, labels)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8, deadline=None)
def test_targets_are_those_counted_pixel_by_pixel(seed):
    """Through the segmenter's own slant and scale."""
    string = drawn(seed)
    ink = extract_ink(string.image.astype(np.float32) / 255)
    pieces = cut_pieces(ink, find_cuts(ink))
    spans = find_spans(pieces)
    solid = spans.mass > 0
    targets, (strict, loose) = span_truth(string, pieces, spans)
    np.testing.assert_array_equal(targets[solid], counted(string, pieces, spans)[solid])
    assert (strict >= targets).all()
    assert (loose[:, :SKIP] >= strict[:, :SKIP]).all()


def test_an_example_holds_what_the_reader_sees():
    string = drawn(6)
    example = make_example(string)
    assert isinstance(example, Example)
    ink = extract_ink(string.image.astype(np.float32) / np.float32(255))
    pieces = cut_pieces(ink, find_cuts(ink))
    spans = find_spans(pieces)
    order = np.argsort(spans.end, kind="stable")
    assert example.nodes == len(pieces.cuts) and example.text == string.text
    assert example.crops.dtype == np.uint8 and example.crops.shape == (len(spans), 2, 28, 28)
    np.testing.assert_array_equal(example.start, spans.start[order])
    np.testing.assert_array_equal(example.end, spans.end[order])
    np.testing.assert_array_equal(example.empty, spans.mass[order] <= 0)
    np.testing.assert_allclose(example.crops / 255, draw_crops(pieces, spans)[order], atol=0.503 / 255)
    np.testing.assert_array_equal(example.measures, measure(pieces, spans)[order])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_every_digit_is_found_and_the_text_can_be_spelled(seed):
    """Of characters that stand apart, some span is each of them, and a true path gets across."""
    string = drawn(seed, nearest=2)
    example = make_example(string)
    assert example is not None and example.targets is not None
    found = {str(symbol) for symbol in np.flatnonzero(example.targets[:, :SKIP].any(axis=0))}
    assert found == set(string.text)
    loss, gradient = path_loss(example, np.zeros((len(example.start), SYMBOLS), np.float32))
    assert loss > 0 and np.isfinite(gradient).all()


def test_where_ownership_is_unknown_only_the_text_is():
    string = drawn(6)
    unknown = SyntheticString(string.image, string.text, np.minimum(string.owner, 0), string.characters, False)
    example = make_example(unknown)
    assert example is not None and example.targets is None and example.allowed is None
    assert example.text == string.text


def test_a_blank_page_is_no_example():
    blank = SyntheticString(np.full((40, 90), 230, np.uint8), "", np.full((40, 90), -1, np.int16), ())
    assert make_example(blank) is None
