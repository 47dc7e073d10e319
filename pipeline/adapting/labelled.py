"""The user's pictures: a table's usable rows or a folder's files, what is wrong with the others, and the folds."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, ImageError
from pipeline.evaluation.evaluation import table_rows
from pipeline.image_formats import SUFFIXES
from pipeline.images import load_grey

BLOCKS_IN_FOLD = 5  # at most so many blocks of neighbouring rows are held out together
ROWS_IN_BLOCK = 10  # about the least, so that most rows of a sheet or writer lie on the same side


@dataclass(frozen=True, eq=False)
class Picture:
    """A row that can be learned from. file: as written in the table; grey: (H, W) float32 in [0, 1], 1 = white;
    text: its digits ("" for a picture without a number)."""

    file: str
    grey: NDArray[np.float32]
    text: str

    def __post_init__(self) -> None:
        if self.grey.ndim != 2 or self.text.strip("0123456789"):
            raise ValueError(f"not a picture of digits: {self.file} {self.grey.shape} {self.text!r}")


@dataclass(frozen=True, eq=False)
class Pictures:
    """The usable rows in the table's order, and a sentence for each row that was skipped."""

    usable: tuple[Picture, ...]
    skipped: tuple[str, ...]


def load_pictures(table: Path, images: Path | None = None) -> Pictures:
    """The rows of a table `file,text`; files are looked up as by `evaluate`.

    Raises DataError: no such table, other columns, or no row that can be used.
    """
    folders = [images] if images is not None else [table.parent, table.parent / "images"]
    usable: dict[str, Picture] = {}
    skipped = []
    for line, file, text in table_rows(table):
        name = posixpath.normpath(file.replace("\\", "/"))
        problem = _problem(file, text, name in usable)
        if problem is None:
            try:
                usable[name] = Picture(file, _load(folders, file), text or "")
            except ImageError as error:
                problem = str(error)
        if problem is not None:
            skipped.append(f"line {line}: {file or '(no file)'} skipped: {problem}")
    if not usable:
        first = f"; {skipped[0]}" if skipped else ""
        raise DataError(f"{table}: none of its {len(skipped)} rows can be used{first}")
    return Pictures(tuple(usable.values()), tuple(skipped))


def load_folder(folder: Path) -> Pictures:
    """The pictures of a folder, by name, their texts empty: nobody knows them.

    Raises DataError: no such folder, or no picture that can be read.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder")
    usable, skipped = [], []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            try:
                usable.append(Picture(path.name, load_grey(path).astype(np.float32), ""))
            except ImageError as error:
                skipped.append(f"{path.name} skipped: {error}")
    if not usable:
        raise DataError(f"{folder}: none of its files can be read as a picture{f'; {skipped[0]}' if skipped else ''}")
    return Pictures(tuple(usable), tuple(skipped))


def _problem(file: str, text: str | None, known: bool) -> str | None:
    """What is wrong with a row before its picture is opened; None for nothing."""
    if not file:
        return "no file name"
    if known:
        return "the file is there twice"
    if text is None:
        return "the text is missing"
    return f"the text {text!r} has other characters than the digits 0-9" if text.strip("0123456789") else None


def _load(folders: list[Path], file: str) -> NDArray[np.float32]:
    """The picture, from the first folder that has it. Raises ImageError."""
    candidates = [folder / file for folder in folders]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise ImageError(f"not in {' or '.join(str(folder) for folder in folders)}")
    return load_grey(found).astype(np.float32)


def held_out_folds(count: int, share: int, folds: int) -> list[NDArray[np.intp]]:
    """For each fold the rows, of `count`, that are held out: contiguous blocks, no row in two folds.

    share: each fold holds out one row in so many. Neighbouring rows are often by one writer or from one sheet: held out
    row by row, the check would flatter.
    """
    if not 1 <= folds <= share <= count:
        raise ValueError(f"{folds} folds of a {share}th of {count} rows cannot be made")
    blocks_in_fold = min(BLOCKS_IN_FOLD, max(1, count // (share * ROWS_IN_BLOCK)))
    blocks = np.array_split(np.arange(count), share * blocks_in_fold)
    return [np.concatenate(blocks[fold::share]) for fold in range(folds)]
