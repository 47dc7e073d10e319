"""The recipe of the shipped weights: networks, schedule, calibration. `train_shipped` reads like its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from classifier.distortions import Distortion
from classifier.network import Convolution, Shape
from classifier.weights import Networks, load_networks
from pipeline.errors import Remedy, UsageError
from pipeline.reading.lattices.rescoring import MEASURES as SECOND_MEASURES
from pipeline.training.calibrating.calibrate import calibrate, calibrate_weights
from pipeline.training.checkpoints import TrainingFiles, plain
from pipeline.training.crop.trainer import (
    StepConfig,
)
from pipeline.training.stages import EpochReport, StageRun
from pipeline.training.string_pool import PoolConfig, StringMixture
from pipeline.training.training_data import load_data


@dataclass(frozen=True)
class Stage:
    """How one network is trained.

    epochs: passes over the pool. learning_rate: the highest; it rises over `warm_up` epochs and falls to zero along a
    cosine (Loshchilov and Hutter 2017). hard: how often a digit that the network before reads badly is counted.
    pretraining: steps on lone digits before the first epoch.
    """

    shape: Shape
    epochs: int
    learning_rate: float = 1.5e-3
    warm_up: float = 1.0
    weight_decay: float = 1e-2
    hard: int = 1
    pretraining: int = 0
    step: StepConfig = field(default_factory=StepConfig)
    pool: PoolConfig = field(default_factory=PoolConfig)
    mixture: StringMixture = field(default_factory=StringMixture)

    def __post_init__(self) -> None:
        if (
            min(self.epochs, self.hard) < 1
            or self.pretraining < 0
            or not self.learning_rate > 0
            or not self.warm_up >= 0
        ):
            raise ValueError(f"not a schedule: {self}")
        if self.pool.chunk < self.step.strings:
            raise ValueError(f"too few strings: {self}")


FIRST = Stage(Shape(convolutions=(Convolution(5, 2, 20), Convolution(5, 2, 80)), hidden=256), epochs=90)
SECOND = Stage(
    Shape(
        convolutions=(Convolution(5, 2, 32), Convolution(3, 1, 64), Convolution(3, 2, 96)),
        hidden=384,
        measures=SECOND_MEASURES,
        unit="rectified",
    ),
    epochs=60,
    learning_rate=4e-4,
    hard=3,
    pretraining=2500,
    step=StepConfig(strings=8, lone=48, span_weight=0.3),
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, apart from the data.

    first, second: the two networks, trained one after the other. without: pen collections never trained on.
    """

    seed: int = 1
    first: Stage = FIRST
    second: Stage = SECOND
    distortion: Distortion = field(default_factory=Distortion)
    without: tuple[str, ...] = ("sta", "lex", "cec")
    validation_strings: int = 300
    calibration_strings: int = 3000

    def __post_init__(self) -> None:
        if self.seed < 0 or min(self.validation_strings, self.calibration_strings) < 1:
            raise ValueError(f"too few strings, or a negative seed: {self}")

    def stage(self, name: str) -> Stage:
        """The stage of the network of this name."""
        return {"first": self.first, "second": self.second}[name]


def train_shipped(
    out: Path,
    data: Path | None = None,
    recipe: Recipe | None = None,
    *,
    first: Path | None = None,
    start: Path | None = None,
    first_alone: bool = False,
    resume: bool = False,
    force: bool = False,
    on_epoch: Callable[[EpochReport], None] | None = None,
) -> Networks:
    """Train the string reader's two networks, one after the other, and write weights and card to `out`.

    data: the folder of MNIST and the pen strokes. first: weights whose first network is taken instead of training one;
    else the first one is trained and kept in OUT.first.npz until the second one is done. start: weights with whose
    first network the training of the first begins. first_alone: no second network is trained.
    Raises UsageError, DataError, WeightsError.
    """
    recipe, out = recipe or Recipe(), Path(out)
    files, between = TrainingFiles(out), TrainingFiles(out.with_suffix(".first.npz"))
    if first_alone and first is not None:
        raise UsageError("a first network that is kept, and none after it: there is nothing to train")
    files.check(resume, force)
    sources = load_data(data, recipe)
    identity = {"recipe": plain(asdict(recipe)), "data": sources.hashes}
    begin = None if start is None else load_networks(start)[0].first
    run = StageRun(recipe, sources, on_epoch or (lambda report: None), begin)
    with threadpool_limits(1):
        before, identity = _first_network(run, between, identity, first, resume, force)
        if first_alone:
            result = before
        else:
            result = run.train("second", files, {**identity, "stage": "second"}, before.first, resume)
        confidence = calibrate(result, sources.away, recipe.calibration_strings)
    run.save(files, result, identity, confidence)
    if first is None:  # else they are whoever's
        between.remove()
    return result


def _first_network(
    run: StageRun, between: TrainingFiles, identity: dict[str, Any], first: Path | None, resume: bool, force: bool
) -> tuple[Networks, dict[str, Any]]:
    """The first network, trained, or taken from the weights `first`; the identity of the training with its hash."""
    stage = {**identity, "stage": "first"}
    if first is None and not (resume and between.out.exists()):
        between.check(resume, force)
        run.train("first", between, stage, None, resume)
    networks, card = load_networks(first or between.out)
    if first is None and card.get("identity") != stage:
        raise UsageError(f"{between.out} is of a training with other settings or data", Remedy.BEGIN_AGAIN)
    if first is None:
        run.report = EpochReport(**card["report"])
    return networks, {**identity, "first": card["weights_sha256"]}


def recalibrate(
    weights: Path,
    out: Path,
    data: Path | None = None,
    *,
    second: str | None = None,
    first_alone: bool = False,
    marks_alone: bool = False,
) -> None:
    """Write weights with a card that holds their calibration anew, on strings by writers that they never saw; see
    `calibrate_weights`. Raises UsageError, DataError, WeightsError."""
    _, card = load_networks(weights)
    recipe = Recipe(without=tuple(card.get("recipe", {}).get("without", Recipe.without)))
    held_out, count = load_data(data, recipe).away, recipe.calibration_strings
    calibrate_weights(weights, out, held_out, count, second=second, first_alone=first_alone, marks_alone=marks_alone)
