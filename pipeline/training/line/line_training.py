"""Training of the line network: fresh strings, CTC, AdamW, a running mean of the weights. `train_line` is the recipe.

It runs in pieces: every few blocks a checkpoint is written, and a training goes on from it, to more strings if wished.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classifier.line.line_columns import likeliest_path
from classifier.line.line_network import RESIDUAL, LineNetwork, without_marks
from classifier.line.line_picture import line_picture
from classifier.weights import load_networks, network_arrays, network_card, rounded
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import EVALUATION
from pipeline.training.checkpoints import TrainingFiles, commit, plain, versions
from pipeline.training.line.line_strings import blocks
from pipeline.training.line.line_trainer import LineRecipe, LineTrainer
from pipeline.training.recipe import Recipe
from pipeline.training.string_pool import StringData, grey_of
from pipeline.training.training_data import ATTRIBUTION, load_data, load_registers

LOG = logging.getLogger(__name__)
FAINT = 0.1  # gain of a layer that is added to a trained network: not 0, from where a rectifier learns nothing
HELD_OUT_STRINGS = 300  # drawn from writers that are never trained on


@dataclass(frozen=True)
class LineReport:
    """How far a training is. loss: mean of the last blocks; registers, drawn: share of held-out strings read right."""

    seen: int
    strings: int
    loss: float
    registers: float
    drawn: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.seen} of {self.strings} strings, {self.seconds / 60:.1f} min: loss {self.loss:.4f}, "
            f"held-out register pages {self.registers:.1%}, held-out drawn strings {self.drawn:.1%}"
        )


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Strings that are never trained on: register numbers by page, drawn strings by writer."""

    registers: list[tuple[np.ndarray, str]]
    drawn: list[tuple[np.ndarray, str]]


def train_line(
    out: Path,
    base: Path,
    data: Path | None = None,
    recipe: LineRecipe | None = None,
    *,
    start: Path | None = None,
    resume: bool = False,
    force: bool = False,
    on_report: Callable[[LineReport], None] | None = None,
) -> LineNetwork:
    """Train a line network and write it to `out`, beside the crop networks of the weights `base`, with the card.

    start: a checkpoint of another training, with whose weights this one begins; layers that it lacks begin as next to
    nothing, added to what they see. The checkpoint stays, so that `resume`
    with more strings in the recipe goes on. Raises UsageError, DataError, WeightsError.
    """
    recipe, out = recipe or LineRecipe(), Path(out)
    files = TrainingFiles(out)
    files.check(resume, force)
    networks, card = load_networks(base)
    training, held_out, hashes = load_line_data(data, recipe)
    trainer = LineTrainer(recipe)
    identity = {"line": plain(_identity(recipe)), "data": hashes}
    if resume and files.checkpoint.exists():
        _resume(trainer, files, identity)
    elif start is not None:
        trainer.restore(arrays_of(start, trainer))
    report = run_line(trainer, training, held_out, files, identity, on_report or (lambda report: None))
    network = rounded(trainer.network())
    kept = files.checkpoint.read_bytes()
    complete = replace(networks, line=network)
    files.save(network_arrays(complete), {**card, **network_card(complete), **line_card(recipe, hashes, report)})
    files.checkpoint.write_bytes(kept)
    return network


def run_line(
    trainer: LineTrainer,
    data: StringData,
    held_out: HeldOut,
    files: TrainingFiles,
    identity: dict[str, Any],
    on_report: Callable[[LineReport], None],
) -> LineReport:
    """Blocks until the recipe's strings are seen; a checkpoint and a report every few."""
    recipe, begun, losses = trainer.recipe, time.monotonic(), [float("nan")]
    for block in blocks(data, recipe.mixture, recipe.seed, trainer.block):
        if trainer.seen < recipe.strings:
            losses += [trainer.step(batch) for batch in block]
            trainer.block += 1
        if trainer.seen >= recipe.strings or trainer.block % recipe.saved == 0:
            files.save_checkpoint(trainer.state(), {**identity, "seen": trainer.seen, "block": trainer.block})
            report = _report(trainer, held_out, losses, time.monotonic() - begun)
            on_report(report)
            losses = [float("nan")]
            if trainer.seen >= recipe.strings:
                return report
    raise AssertionError("blocks never end")


def _report(trainer: LineTrainer, held_out: HeldOut, losses: list[float], seconds: float) -> LineReport:
    network = trainer.network()
    return LineReport(
        trainer.seen,
        trainer.recipe.strings,
        float(np.nanmean(losses)) if len(losses) > 1 else losses[0],
        read_right(network, held_out.registers),
        read_right(network, held_out.drawn),
        seconds,
    )


def read_right(network: LineNetwork, strings: list[tuple[np.ndarray, str]]) -> float:
    """Share of (line picture, digits) whose likeliest path spells the digits."""
    right = sum(likeliest_path(without_marks(network.columns(picture))) == text for picture, text in strings)
    return right / max(1, len(strings))


def load_line_data(data: Path | None, recipe: LineRecipe) -> tuple[StringData, HeldOut, dict[str, str]]:
    """Sources and registers to train on; strings held out; the hash of each file."""
    crops = load_data(data, Recipe(without=recipe.without))
    (kept, away), _ = load_registers(data)
    hashes = crops.hashes
    rng = np.random.default_rng(2003)
    drawn = [draw_string(rng, crops.held_out, EVALUATION) for _ in range(HELD_OUT_STRINGS)]
    held_out = HeldOut(
        [(line_picture(grey_of(each.image)), each.text) for each in away],
        [(line_picture(grey_of(each.image)), each.text) for each in drawn],
    )
    return StringData(crops.training, kept), held_out, hashes


def line_card(recipe: LineRecipe, hashes: dict[str, str], report: LineReport) -> dict[str, Any]:
    """What the card says of the line network."""
    return {
        "attribution": ATTRIBUTION,
        "line": {
            "recipe": plain(asdict(recipe)),
            "data": hashes,
            "commit": commit(),
            "versions": {**versions(), "torch": torch.__version__},
            "figures": plain(asdict(report)),
        },
    }


def _identity(recipe: LineRecipe) -> dict[str, Any]:
    """What must be the same for a training to go on: all but how far it goes, and on which strings."""
    free = ("strings", "warm_up", "cooling", "saved", "bfloat16", "learning_rate", "mixture")
    return {key: value for key, value in asdict(recipe).items() if key not in free}


def _resume(trainer: LineTrainer, files: TrainingFiles, identity: dict[str, Any]) -> None:
    arrays, state = files.load_checkpoint(trainer.state(), identity)
    trainer.restore(dict(arrays))
    trainer.seen, trainer.block = int(state["seen"]), int(state["block"])


def arrays_of(checkpoint: Path, trainer: LineTrainer) -> dict[str, np.ndarray]:
    """What a trainer begins with that goes on from another training's checkpoint; see `train_line`."""
    with np.load(checkpoint, allow_pickle=False) as content:
        LOG.info("begins with %s", json.loads(str(content["state"])).get("seen"))
        return {name: content[name] if name in content else value for name, value in _unheard(trainer).items()}


def _unheard(trainer: LineTrainer) -> dict[str, np.ndarray]:
    """The trainer's arrays, its residual layers so faint that a network grown by them reads as before."""
    arrays = trainer.state()
    gains = [f"{kind}/norms.{name}.weight" for kind in ("model", "mean") for name in RESIDUAL]
    return {name: value * np.float32(FAINT) if name in gains else value for name, value in arrays.items()}
