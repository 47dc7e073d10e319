"""Papers and the lines printed on them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.synthesis.papers import PAPERS, draw_paper, draw_rules, mottle

SHAPE = (50, 150)


@pytest.mark.parametrize("kind", PAPERS)
def test_papers_are_grey_values_of_the_size_asked_for(kind: str) -> None:
    for seed in range(20):
        paper = draw_paper(np.random.default_rng(seed), SHAPE, kind, 30)
        assert paper.shape == SHAPE and paper.dtype == np.float32
        assert 0 <= paper.min() and paper.max() <= 1
        assert np.median(paper) > 0.25


@pytest.mark.parametrize("kind", PAPERS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (7, 400)])
def test_papers_of_any_shape_can_be_drawn(kind: str, shape: tuple[int, int]) -> None:
    paper = draw_paper(np.random.default_rng(0), shape, kind, 15)
    assert paper.shape == shape and np.isfinite(paper).all()


@pytest.mark.parametrize("kind", [kind for kind in PAPERS if kind not in ("white", "grey")])
def test_patterns_show_and_stay_fainter_than_the_ink(kind: str) -> None:
    def roughness(faintest_ink: float) -> float:
        papers = [
            draw_paper(np.random.default_rng(seed), SHAPE, kind, 30, faintest_ink=faintest_ink) for seed in range(10)
        ]
        return float(np.mean([np.abs(np.diff(paper)).mean() for paper in papers]))

    assert roughness(1.0) > 0.004
    assert roughness(0.1) < 0.8 * roughness(1.0)


def test_an_unknown_paper_is_refused() -> None:
    with pytest.raises(ValueError, match="velvet"):
        draw_paper(np.random.default_rng(0), SHAPE, "velvet", 30)


def test_a_box_darkens_all_four_sides_and_not_the_middle() -> None:
    paper = np.ones(SHAPE, np.float32)
    draw_rules(np.random.default_rng(0), paper, bottom=40, top=10, height=30, chance=0, boxed=True)
    rows, columns = paper[:, 75], paper[25]
    assert rows[:20].min() < 0.9 and rows[30:].min() < 0.9
    assert columns[:10].min() < 0.9 and columns[-10:].min() < 0.9
    assert (paper[20:30, 30:120] == 1).all()


def test_no_chance_draws_no_lines() -> None:
    paper = np.ones(SHAPE, np.float32)
    draw_rules(np.random.default_rng(0), paper, bottom=40, top=10, height=30, chance=0)
    assert (paper == 1).all()


def test_mottle_is_smooth() -> None:
    noise = mottle(np.random.default_rng(0), SHAPE, 40)
    assert noise.shape == SHAPE and 0.3 < noise.std() < 1.2
    assert np.abs(np.diff(noise, axis=1)).mean() < 0.5 * noise.std()
