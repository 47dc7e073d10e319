"""Cuts: order, borders, levels, generators, twins. Pictures are drawn here."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from segmenter.cuts import DENSE, GAP, MOST_CUTS, STROKE, Cut, find_cuts
from segmenter.ink import Ink

PEN = 3.0


def ink_of(pixels):
    """A field of the given pixels, its number line over its whole height."""
    pixels = np.asarray(pixels, dtype=np.float32)
    return Ink(pixels, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (2.0, float(max(pixels.shape[0] - 2, 3))), PEN, 0.0)


def ring(width=22, height=28):
    """An ellipse drawn with the pen: (height + 4, width)."""
    y, x = np.mgrid[: height + 4, :width]
    radius = np.hypot((x - (width - 1) / 2) / (width / 2 - 2), (y - (height + 3) / 2) / (height / 2 - 2))
    return np.clip(2.2 - np.abs(radius - 1) * 8, 0, 1).astype(np.float32)


def row(*pictures, gap=6):
    """Pictures side by side, with empty columns between; a negative gap overlaps them."""
    width = sum(p.shape[1] for p in pictures) + gap * (len(pictures) - 1) + 8
    field = np.zeros((pictures[0].shape[0], width), np.float32)
    left = 4
    for picture in pictures:
        here = field[:, left : left + picture.shape[1]]
        np.maximum(here, picture, out=here)
        left += picture.shape[1] + gap
    return field


blots = st.builds(
    lambda seed, width, share: (
        ndimage.gaussian_filter((np.random.default_rng(seed).random((36, width)) < share).astype(np.float32), 1.2) * 4
    ),
    st.integers(0, 2**32 - 1),
    st.integers(3, 140),
    st.floats(0.005, 0.2),
).map(lambda picture: np.where(picture > 0.2, np.minimum(picture, 1), 0))


@given(blots)
@settings(max_examples=60, deadline=None)
def test_cuts_are_ordered_never_cross_and_end_at_the_borders(picture):
    ink = ink_of(picture)
    cuts = find_cuts(ink)
    if ink.blank:
        assert cuts == ()
        return
    paths = np.stack([cut.path for cut in cuts])
    assert (np.diff(paths, axis=0) >= 0).all()
    assert (paths[0] == 0).all() and (paths[-1] == picture.shape[1]).all()
    assert [cut.kind for cut in cuts].count("border") == 2
    assert all(cut.path.shape == (picture.shape[0],) for cut in cuts)


@given(blots)
@settings(max_examples=40, deadline=None)
def test_a_level_says_how_much_ink_is_crossed(picture):
    levels = [(cut.level, cut.crossed) for cut in find_cuts(ink_of(picture))]
    for level, crossed in levels:
        assert GAP <= level <= DENSE and crossed >= 0
    for one in levels:
        for other in levels:
            assert one[0] <= other[0] or one[1] > other[1], "a coarser cut crosses less"


def test_no_ink_no_cuts():
    assert find_cuts(ink_of(np.zeros((32, 40)))) == ()
    assert find_cuts(ink_of(np.zeros((32, 0)))) == ()


def test_digits_apart_have_one_gap_each():
    cuts = find_cuts(ink_of(row(ring(), ring(), ring())))
    gaps = [cut for cut in cuts[1:-1] if cut.level == GAP]
    assert len(gaps) == 2 and all(cut.crossed == pytest.approx(0, abs=1e-3) for cut in gaps)
    assert [round(float(cut.path.mean()) / 28) for cut in gaps] == [1, 2]


def test_touching_rings_are_cut_where_they_touch():
    picture = row(ring(), ring(), gap=-2)
    assert ndimage.label(picture > 0.25, np.ones((3, 3)))[1] == 1
    place = 4 + ring().shape[1] - 1
    middle = picture.shape[0] // 2
    near = [cut for cut in find_cuts(ink_of(picture))[1:-1] if abs(int(cut.path[middle]) - place) <= 3]
    assert near, "no cut at the ligature"


def test_a_stroke_is_crossed_at_the_level_of_one_stroke():
    picture = np.zeros((36, 60), np.float32)
    picture[16:19, 4:56] = 1
    inner = find_cuts(ink_of(picture))[1:-1]
    assert inner and {cut.level for cut in inner} == {STROKE}
    assert all(cut.crossed == pytest.approx(1, abs=0.1) for cut in inner)


@pytest.mark.parametrize("change", [{"path": np.zeros((2, 2), np.int16)}, {"level": 4}, {"crossed": -1.0}])
def test_a_cut_checks_itself(change):
    with pytest.raises(ValueError):
        Cut(**{"path": np.zeros(3, np.int16), "level": GAP, "crossed": 0.0, "kind": "gap", **change})


def test_dirt_does_not_make_cuts_without_bound():
    noise = (np.random.default_rng(0).random((60, 3000)) < 0.05).astype(np.float32)
    cuts = find_cuts(ink_of(noise))
    assert len(cuts) == MOST_CUTS + 2
    assert (np.diff(np.stack([cut.path for cut in cuts]), axis=0) >= 0).all()
