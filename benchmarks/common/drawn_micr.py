"""Lines of MICR characters, in E-13B and in CMC-7, drawn as strips of contrast and at the foot of a drawn cheque.

E-13B is drawn with the shapes that are matched (pipeline.documents.micr.e13b); of each bar of CMC-7 some parts, at
random: its characters are told apart by where their bars stand.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pipeline.documents.micr import cmc7, e13b

LEFT = 0.9  # mm of paper before the first character of bars
E13B_HEIGHT = 0.117 * 25.4  # mm


def draw_shapes(
    text: str, high: float, seed: int = 0, grow: int = 0, blur: float = 0.5, noise: float = 0.0
) -> np.ndarray:
    """A strip (h, w) float32 of contrast with E-13B characters `high` pixels high, right-aligned at their pitch."""
    scale, cells = 8, round(e13b.PITCH * 8)
    strip = np.zeros((e13b.ROWS * scale, (len(text) + 1) * cells), np.float32)
    for index, symbol in enumerate(text):
        if symbol != " ":
            shape = np.kron(e13b.template(symbol), np.ones((scale, scale), np.float32))
            end = (index + 1) * cells
            strip[:, end - shape.shape[1] : end] = np.maximum(strip[:, end - shape.shape[1] : end], shape)
    if grow:
        strip = (ndimage.grey_dilation if grow > 0 else ndimage.grey_erosion)(strip, size=(2 * abs(grow) + 1,) * 2)
    factor = high / strip.shape[0]
    small = ndimage.zoom(ndimage.gaussian_filter(strip, 0.4 / factor), factor, order=1, grid_mode=True, mode="nearest")
    return _scanned(small, seed, blur, noise)


def draw_bars(
    text: str,
    per_mm: float,
    seed: int = 0,
    bar: float = cmc7.BAR,
    blur: float = 0.5,
    noise: float = 0.0,
    stretch: float = 1.0,
) -> np.ndarray:
    """A strip (h, w) float32 of contrast with CMC-7 characters at `per_mm` pixels a millimetre, bars `bar` mm wide."""
    rng, across = np.random.default_rng(seed), per_mm * stretch
    strip = np.zeros((round(cmc7.HEIGHT * per_mm), round((len(text) * cmc7.PITCH + 1) * across)), np.float32)
    columns = np.arange(strip.shape[1])
    for index, symbol in enumerate(text):
        for number, start in enumerate([] if symbol == " " else cmc7.bars(symbol)):
            left = (LEFT + index * cmc7.PITCH + start) * across
            covered = np.minimum(columns + 1, left + bar * across) - np.maximum(columns, left)
            strip[_printed(rng, len(strip), number)] += np.clip(covered, 0, 1)
    return _scanned(strip, seed + 1, blur, noise)


def draw_cheque(line: np.ndarray, shape: tuple[int, int], left: int = 200) -> np.ndarray:
    """A page (H, W) float32, 1 = white, with a strip (h, w) of contrast near its foot, and print."""
    page = np.full(shape, 0.93, np.float32)
    rng = np.random.default_rng(5)
    scale = shape[1] / 1180
    for y in (60, 140, 220, 300, 400):
        for x in range(60, 900, 14):
            top, beside = round(scale * y), round(scale * x)
            high, wide = int(scale * rng.integers(8, 14)), int(scale * rng.integers(3, 9))
            page[top : top + high, beside : beside + wide] = 0.2
    top = shape[0] - round(50 * scale)
    page[top : top + line.shape[0], left : left + line.shape[1]] -= 0.8 * np.clip(line, 0, 1)
    return page


def _printed(rng: np.random.Generator, rows: int, number: int) -> np.ndarray:
    """(rows,) which of a bar's rows are printed: more than a third, and all of the height in one bar or another."""
    printed = np.zeros(rows, dtype=bool)
    printed[: rows // 4] = number == 1
    printed[-rows // 4 :] = number == 5
    while printed.mean() < 0.35:
        top = int(rng.uniform(0, 0.8) * rows)
        printed[top : top + int(rng.uniform(0.15, 0.6) * rows)] = True
    return printed


def _scanned(strip: np.ndarray, seed: int, blur: float, noise: float) -> np.ndarray:
    blurred = ndimage.gaussian_filter(strip, blur)
    return np.asarray(blurred + np.random.default_rng(seed).normal(0, noise, strip.shape), dtype=np.float32)
