"""Ink of pictures of one digit, where the digit is as wide as the picture or takes most of it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segmenter.ink import Ink, extract_ink
from segmenter.ink_steps.background import border_paper, content_box, darkness
from segmenter.ink_steps.rules import erase_rules

pytestmark = pytest.mark.filterwarnings("error")

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]


def bars(*rectangles: tuple[int, int, int, int], shape: tuple[int, int] = (32, 32)) -> Mask:
    """Rectangles (left, top, right, bottom) of ink."""
    mask = np.zeros(shape, dtype=bool)
    for left, top, right, bottom in rectangles:
        mask[top:bottom, left:right] = True
    return mask


def ring(outer: float, inner: float, width: float = 0.75) -> Mask:
    """A 0 of the given radii, `width` times as wide as high."""
    y, x = np.mgrid[:32, :32] - 15.5
    radius = np.hypot(x / width, y)
    return (radius < outer) & (radius > inner)


DIGITS: dict[str, Mask] = {
    "bold 0": ring(16, 6),
    "fine 0": ring(16, 13.5),
    "bold 1": bars((10, 0, 21, 32)),
    "fine 1": bars((15, 2, 18, 30)),
    "5": bars((4, 1, 30, 4), (4, 1, 7, 15), (4, 13, 24, 16), (22, 13, 25, 31), (4, 28, 25, 31)),
    "7": bars((3, 2, 29, 4), (20, 2, 22, 30), (14, 14, 28, 16)),
    "2": bars((4, 1, 22, 3), (20, 1, 22, 16), (4, 14, 22, 16), (4, 14, 6, 31), (4, 29, 31, 31)),
    "4": bars((4, 0, 6, 18), (4, 16, 31, 18), (20, 0, 22, 32)),
    "bold 4": bars((2, 0, 11, 20), (2, 14, 31, 23), (17, 0, 27, 32)),
}


def drawn_again(ink: Ink, shape: tuple[int, ...]) -> Float:
    """The ink put back on the source's pixel grid: (H, W), mean ink of the places that fall on a pixel."""
    height, width = ink.pixels.shape
    steps = (np.arange(4 * height) + 0.5) / 4, (np.arange(4 * width) + 0.5) / 4
    v, u = np.meshgrid(*steps, indexing="ij")
    x, y = np.floor(ink.to_source @ np.stack([u.ravel(), v.ravel(), np.ones(u.size)])).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    flat = y[inside] * shape[1] + x[inside]
    values = ink.pixels[np.floor(v).astype(int), np.floor(u).astype(int)].ravel()[inside]
    count = np.bincount(flat, minlength=shape[0] * shape[1])
    total = np.bincount(flat, values, minlength=shape[0] * shape[1])
    return (total / np.maximum(count, 1)).reshape(shape).astype(np.float32)


def misfit(mask: Mask, ink: Ink) -> tuple[float, float]:
    """Shares of the drawn pixels that lost their ink, and (in drawn pixels) of those that have ink of nowhere."""
    again = drawn_again(ink, mask.shape) > 0.5
    return float((mask & ~again).sum() / mask.sum()), float((again & ~mask).sum() / mask.sum())


@pytest.mark.parametrize("name", DIGITS)
@pytest.mark.parametrize("room", [0, 8, 40])
@pytest.mark.parametrize("levels", [(1.0, 0.0), (0.0, 1.0), (0.8, 0.3), (0.3, 0.7)], ids=str)
def test_lone_digit_is_drawn_whole(name: str, room: int, levels: tuple[float, float]) -> None:
    paper, pen = levels
    mask = np.pad(DIGITS[name], room)
    ink = extract_ink(np.where(mask, pen, paper).astype(np.float32))
    lost, added = misfit(mask, ink)
    assert lost < 0.12 and added < 0.12


@pytest.mark.parametrize("name", DIGITS)
def test_every_bar_of_a_lone_digit_stays_at_three_times_the_size(name: str) -> None:
    mask = np.pad(np.kron(DIGITS[name], np.ones((3, 3), dtype=bool)), 20)
    lost, added = misfit(mask, extract_ink(np.where(mask, 0.1, 0.9).astype(np.float32)))
    assert lost < 0.15 and added < 0.25  # bars of a pen this fine are blurred by the reduction


@pytest.mark.parametrize("name", DIGITS)
def test_border_tells_the_paper(name: str) -> None:
    for paper in (0.0, 1.0):
        grey = np.where(np.pad(DIGITS[name], 3), 1 - paper, paper).astype(np.float32)
        assert border_paper(grey, content_box(grey)) == paper
        np.testing.assert_array_equal(darkness(grey, paper), np.pad(DIGITS[name], 3))


def test_frame_and_surroundings_are_no_paper() -> None:
    framed = np.where(np.pad(DIGITS["5"], 6), 0.0, 1.0).astype(np.float32)
    for room in (1, 3, 20):
        grey = np.pad(framed, room)
        assert border_paper(grey, content_box(grey)) is None
        lost, added = misfit(np.pad(DIGITS["5"], 6 + room), extract_ink(grey))
        assert lost < 0.15 and added < 0.15
    broken = np.pad(framed, 2)
    broken[0, 10] = broken[-1, 30] = 1
    assert border_paper(broken, content_box(broken)) is None


def test_border_of_many_levels_tells_nothing() -> None:
    grain = np.random.default_rng(0).normal(0.7, 0.05, (40, 40)).astype(np.float32)
    assert border_paper(grain, (0, 0, 40, 40)) is None
    middle = np.full((20, 20), 0.5, dtype=np.float32)
    middle[5:9, 5:9], middle[10:14, 10:14] = 0, 1
    assert border_paper(middle, (5, 5, 14, 14)) is None


def erased(mask: Mask, digit: float, trimmed: bool = False) -> Mask:
    contrast = mask.astype(np.float32)
    return mask & (erase_rules(contrast, mask, digit, trimmed)[0] == 0)


def test_line_under_a_lone_digit_is_a_rule_and_its_own_base_is_not() -> None:
    digit = np.pad(DIGITS["4"], ((4, 8), (8, 8)))
    line = np.zeros_like(digit)
    line[39:41] = True
    assert erased(digit | line, 32)[line].mean() > 0.85
    assert not erased(digit | line, 32)[digit].any()
    based = DIGITS["2"][1:31, 4:31]
    assert not erased(based, 30, trimmed=True).any() and not erased(based, 30).any()


def test_box_around_a_lone_digit_is_erased() -> None:
    digit = np.pad(DIGITS["4"], 9)
    box = np.ones_like(digit)
    box[1:-1, 1:-1] = False
    gone = erased(digit | box, 32, trimmed=True)
    assert gone[box].mean() > 0.8 and gone[digit].mean() < 0.02
