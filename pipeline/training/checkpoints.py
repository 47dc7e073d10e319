"""The files of a training: OUT.npz, the weights; OUT.json, their card; OUT.checkpoint, while it runs.

Each is written beside its place and renamed, so that it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from classifier.errors import WeightsError
from pipeline.errors import Remedy, UsageError
from pipeline.files import write_whole

Arrays = Mapping[str, np.ndarray]


class TrainingFiles:
    """Where a training keeps its checkpoint and leaves its result.

    out: the weights file, *.npz; the card and the checkpoint lie beside it

    Raises UsageError for other names.
    """

    def __init__(self, out: Path) -> None:
        if out.suffix != ".npz":
            raise UsageError(f"{out}: the weights file's name must end in .npz")
        self.out, self.card, self.checkpoint = out, out.with_suffix(".json"), out.with_suffix(".checkpoint")

    def check(self, resume: bool, force: bool) -> None:
        """Refuses what would be lost or fail, before hours of training and not after. Raises UsageError."""
        if not self.out.parent.is_dir():
            raise UsageError(f"{self.out}: there is no folder {self.out.parent}; make it first")
        present = [path for path in (self.out, self.card) if path.exists()]
        if present and not force:
            raise UsageError(f"{present[0]}: is there already", Remedy.OTHER_OUTPUT, Remedy.REPLACE)
        if self.checkpoint.exists() and not (resume or force):
            raise UsageError(f"{self.checkpoint} is left of an interrupted training", Remedy.RESUME, Remedy.BEGIN_AGAIN)

    def save_checkpoint(self, arrays: Arrays, state: dict[str, Any]) -> None:
        """`state` is kept as JSON, which holds a generator's 128-bit integers; a pickle is never needed."""
        self._write_arrays(self.checkpoint, {**arrays, "state": np.array(json.dumps(state))})

    def load_checkpoint(self, like: Arrays | None, identity: dict[str, Any]) -> tuple[Arrays, dict[str, Any]]:
        """The arrays and the state of the checkpoint.

        like: arrays of the names, shapes and types expected, None for whatever is there; identity: the part of the
        state that must be the same now as then. Raises UsageError when it is not, WeightsError when the checkpoint is
        damaged.
        """
        try:
            with self.checkpoint.open("rb") as file, np.load(file, allow_pickle=False) as content:
                names = [name for name in content.files if name != "state"] if like is None else like
                arrays, state = {name: content[name] for name in names}, json.loads(str(content["state"]))
            same = {key: state[key] for key in identity} == identity
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise self._damaged() from error
        if not same:
            raise UsageError(
                f"{self.checkpoint} is of a training with other settings or data; give those again", Remedy.BEGIN_AGAIN
            )
        if any((arrays[name].shape, arrays[name].dtype) != (a.shape, a.dtype) for name, a in (like or {}).items()):
            raise self._damaged()
        return arrays, state

    def save(self, arrays: Arrays, card: dict[str, Any]) -> None:
        """Weights, then the card with their SHA-256; the checkpoint has then served."""
        self._write_arrays(self.out, arrays)
        digest = hashlib.sha256(self.out.read_bytes()).hexdigest()
        text = json.dumps({**card, "weights_sha256": digest}, indent=1) + "\n"
        write_whole(self.card, text)
        self.checkpoint.unlink(missing_ok=True)

    def remove(self) -> None:
        """Weights, card and checkpoint, where they exist."""
        for path in (self.out, self.card, self.checkpoint):
            path.unlink(missing_ok=True)

    def _write_arrays(self, path: Path, arrays: Arrays) -> None:
        named: dict[str, Any] = dict(arrays)
        write_whole(path, lambda file: np.savez(file, **named))

    def _damaged(self) -> WeightsError:
        return WeightsError(f"{self.checkpoint}: damaged checkpoint; begin the training again")


def versions() -> dict[str, str]:
    """Versions of this project and of what decides a training's exact figures, for the card."""
    found = {"python": platform.python_version()}
    for name in ("digitstring", "numpy", "scipy"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def plain(value: Any) -> Any:
    """The value as JSON gives it back, lists for tuples."""
    return json.loads(json.dumps(value))


def commit() -> str | None:
    """The commit of the working tree that trains, or None where this is no clone."""
    folder = Path(__file__).resolve().parent
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
