"""Real pictures of numbers with their text: the numbers of French notaries' registers (docs/data.md)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.downloads import data_folder
from pipeline.data.mislabelled import what_is_written
from pipeline.errors import DataError, ImageError
from pipeline.images import load_grey

REGISTER_NUMBERS = "register-numbers"
HELD_OUT_PAGES = 5  # one page of the registers in so many is never trained on


@dataclass(frozen=True, eq=False)
class RealString:
    """A picture cut out of a page. image: (H, W) uint8 grey, 255 = white; text: the digits in it; page: from which it
    was cut: pages are what training and evaluation are split by."""

    image: np.ndarray
    text: str
    page: str


def register_folder(folder: Path | None = None) -> Path | None:
    """Where the register numbers lie that may be trained on, or None: ``strings/register-numbers`` or
    ``register-numbers`` in ``folder`` (None: the one ``DIGITSTRING_DATA`` names). Raises DataError when the folder
    named does not exist."""
    place = data_folder(folder)
    if place is None:
        return None
    for candidate in (place / "strings" / REGISTER_NUMBERS, place / REGISTER_NUMBERS):
        if (candidate / "truth.csv").is_file():
            return candidate
    return None


def load_register_numbers(folder: Path) -> list[RealString]:
    """The pictures of ``folder``: ``truth.csv`` (file, text, page) and ``images/``; labels known to be wrong are mended
    (`mislabelled`). Raises DataError naming the row."""
    path = Path(folder) / "truth.csv"
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if not rows:
        raise DataError(f"{path}: holds no rows")
    return [_read_row(path, number, row) for number, row in enumerate(rows, start=2)]


def _read_row(path: Path, number: int, row: dict[str, str | None]) -> RealString:
    file, text, page = (row.get(name) for name in ("file", "text", "page"))
    if not file or text is None or page is None or any(letter not in "0123456789" for letter in text):
        raise DataError(f"{path}, line {number}: must have file, text of digits, and page")
    try:
        grey = load_grey(path.parent / "images" / file)
    except ImageError as error:
        raise DataError(f"{path}, line {number}: {error}") from error
    return RealString(np.round(grey * 255).astype(np.uint8), what_is_written(file, text), page)


def split_registers(registers: list[RealString]) -> tuple[list[RealString], list[RealString]]:
    """Register numbers to train on and those held out, by page."""
    away = held_out_pages(each.page for each in registers)
    return [each for each in registers if each.page not in away], [each for each in registers if each.page in away]


def held_out_pages(pages: Iterable[str]) -> set[str]:
    """Every fifth page in the order of their names: what the shipped weights were never trained on."""
    return set(sorted(set(pages), key=lambda page: (len(page), page))[::HELD_OUT_PAGES])
