"""The recipe of the shipped weights: data, network, schedule, calibration, card. `train_shipped` reads like its name.

One epoch is one pass over the strings in the pool (pool.py), with freshly distorted MNIST digits beside them.
"""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from classifier.distortions import Distortion
from classifier.network import Convolution, ConvolutionNetwork, Shape, forward_blocks
from classifier.weights import Networks, load_networks, network_arrays, network_card, rounded
from pipeline.data.digit_images import digit_image_files
from pipeline.data.downloads import cache_folder, data_folder, sha256_of
from pipeline.data.mnist import Mnist, load_mnist
from pipeline.data.real_strings import RealString, load_register_numbers, register_folder, split_registers
from pipeline.data.strokes import MORE_DIGITS, STROKE_KINDS, load_strokes, stroke_files
from pipeline.errors import DataError, Remedy, UsageError
from pipeline.reading.lattices.rescoring import MEASURES as SECOND_MEASURES
from pipeline.reading.lattices.texts import likely_texts
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import EVALUATION
from pipeline.training.calibrating.calibrate import calibrate, calibrate_weights
from pipeline.training.checkpoints import TrainingFiles, commit, plain, versions
from pipeline.training.crop.examples import Example
from pipeline.training.crop.hard_digits import emphasise
from pipeline.training.crop.path_loss import example_lattice
from pipeline.training.crop.pretraining import pretrain
from pipeline.training.crop.trainer import (
    StepConfig,
    StringTrainer,
    draw_lone,
    lone_accuracy,
)
from pipeline.training.string_pool import PoolConfig, StringData, StringMixture, alone, chunks, draw_examples
from pipeline.training.wide_hands import smoothed, with_digit_images

VALIDATION_DIGITS = 5_000  # the last of MNIST's training digits, never trained on
HELD_OUT_SHARE = 10  # one pen writer in so many is held out for evaluation strings
ATTRIBUTION = (
    "MNIST: Yann LeCun and Corinna Cortes, from NIST Special Databases 1 and 3; writers: QMNIST (Yadav and Bottou). "
    "Pen strokes: International Unipen Foundation, UNIPEN data set train_r01_v07 (1999), "
    "DOI 10.5281/zenodo.1195803, CC BY 4.0; Pen-Based Recognition of Handwritten Digits (E. Alpaydin and "
    "F. Alimoglu, 1998, UCI, DOI 10.24432/C5MG6K, CC BY 4.0); UJI Pen Characters (UCI, CC BY 4.0); "
    "handwritten-digits-corpus (S. Kahl, Apache 2.0); LipiTk (MIT). "
    "Pictures of digits: kensanata/numbers (CC0 1.0); bhmsds (W. Blachowski, MIT). "
    "Register numbers: Lectaurep, Archives nationales and Inria (HTR-United/lectaurep-repertoires, CC BY 4.0). "
    "Digits of fonts: see pipeline/synthesis/fonts/LICENCES.txt (OFL 1.1, Apache 2.0)."
)


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


@dataclass(frozen=True)
class EpochReport:
    """How the reader does with the averaged network after an epoch (counted from 1) of a stage: held-out strings and
    digits read right."""

    stage: str
    epoch: int
    epochs: int
    loss: float
    strings: float
    digits: float

    def __str__(self) -> str:
        return (
            f"{self.stage} network, epoch {self.epoch} of {self.epochs}: loss {self.loss:.3f}, "
            f"held-out strings {self.strings:.1%}, held-out digits {self.digits:.2%}"
        )


@dataclass(frozen=True, eq=False)
class TrainingData:
    """mnist: all of it; training and held_out: sources of strings with no writer in common; registers: real numbers of
    pages that are trained on, and those that are not."""

    mnist: Mnist
    training: Sources
    held_out: Sources
    hashes: dict[str, str]
    registers: Sequence[RealString] = ()
    held_out_registers: Sequence[RealString] = ()

    @property
    def away(self) -> StringData:
        """What is never trained on."""
        return StringData(self.held_out, self.held_out_registers)


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
    weights: Path, out: Path, data: Path | None = None, *, second: str | None = None, first_alone: bool = False
) -> None:
    """Write weights with a card that holds their calibration anew, on strings by writers that they never saw; see
    `calibrate_weights`. Raises UsageError, DataError, WeightsError."""
    _, card = load_networks(weights)
    recipe = Recipe(without=tuple(card.get("recipe", {}).get("without", Recipe.without)))
    held_out, count = load_data(data, recipe).away, recipe.calibration_strings
    calibrate_weights(weights, out, held_out, count, second=second, first_alone=first_alone)


@dataclass(eq=False)
class StageRun:
    """Trains one network after the other on the same data. start: weights with which the first begins, instead of
    chance; report: how the last epoch went."""

    recipe: Recipe
    data: TrainingData
    on_epoch: Callable[[EpochReport], None]
    start: ConvolutionNetwork | None = None
    report: EpochReport | None = None

    def train(
        self, name: str, files: TrainingFiles, identity: dict[str, Any], first: ConvolutionNetwork | None, resume: bool
    ) -> Networks:
        """The networks with the one of this stage trained, rounded as they are saved. Saves the first one itself."""
        stage = self.recipe.stage(name)
        rng = np.random.default_rng(self.recipe.seed)
        trainer = StringTrainer(
            ConvolutionNetwork.initialise(stage.shape, rng), stage.step, stage.weight_decay, first=first
        )
        training = self.data.training
        if first is not None and stage.hard > 1:
            training = emphasise(training, first, stage.hard, self.recipe.seed)
        done = _resume(trainer, files, identity) if resume and files.checkpoint.exists() else 0
        if not done:
            self._begin(trainer, training, stage)
        validation = draw_validation(self.data, self.recipe, first)
        strings = StringData(training, self.data.registers)
        pools = chunks(strings, stage.mixture, self.recipe.seed, done, stage.epochs, stage.pool, first)
        for epoch, pool in enumerate(pools, start=done):
            loss = run_epoch(trainer, pool, self.data.mnist, self.recipe, stage, epoch)
            networks = _networks(first, trainer.averaged())
            self.report = _validate(networks, validation, self.data.mnist, name, epoch + 1, stage.epochs, loss)
            files.save_checkpoint(trainer.state(), {**identity, "epoch": epoch + 1})
            self.on_epoch(self.report)
        if done == stage.epochs:  # interrupted after the last epoch
            self.report = _validate(
                _networks(first, trainer.averaged()), validation, self.data.mnist, name, done, done, float("nan")
            )
        networks = _networks(first, rounded(trainer.averaged()))
        if first is None:
            assert self.report is not None
            kept = {"identity": identity, "report": plain(asdict(self.report))}
            files.save(network_arrays(networks), {**network_card(networks), **kept})
        return networks

    def _begin(self, trainer: StringTrainer, training: Sources, stage: Stage) -> None:
        """Pretraining; after a first network the one that follows says nothing yet, its outputs' weights all zero."""
        network = trainer.network
        if trainer.first is None and self.start is not None:
            for name, value in network.weights.items():
                value[:] = self.start.weights[name]
        if stage.pretraining:
            pretrain(
                network,
                training,
                stage.mixture.styles[0][0],
                stage.pretraining,
                self.recipe.distortion,
                np.random.default_rng([self.recipe.seed, 3]),
            )
        if trainer.first is not None:
            silence(network)
        for name, value in network.weights.items():
            trainer.mean[name][:] = value

    def save(
        self, files: TrainingFiles, networks: Networks, identity: dict[str, Any], confidence: dict[str, Any]
    ) -> None:
        """Weights and card."""
        report = self.report
        assert report is not None
        files.save(
            network_arrays(networks),
            {
                **network_card(networks),
                **identity,
                "commit": commit(),
                "versions": versions(),
                "attribution": ATTRIBUTION,
                "figures": {
                    "epochs": report.epoch,
                    "held_out_strings": report.strings,
                    "held_out_digits": report.digits,
                },
                **confidence,
            },
        )


def silence(network: ConvolutionNetwork) -> None:
    """Make all weighted sums of the outputs zero: added to a first network's, they change nothing."""
    network.weights["output"][:] = 0
    network.weights["output_bias"][:] = 0


def _networks(first: ConvolutionNetwork | None, trained: ConvolutionNetwork) -> Networks:
    return Networks(trained) if first is None else Networks(first, trained)


def load_data(data: Path | None, recipe: Recipe) -> TrainingData:
    """MNIST, the pen strokes and further digits, split by writer into what is trained on and what is held out."""
    mnist = load_mnist(data)
    paths = stroke_files(data)
    if missing := [kind for kind in STROKE_KINDS if kind not in paths]:
        logging.getLogger(__name__).warning(
            "training without pen strokes of %s; the weights will read less well", " and ".join(missing)
        )
    strokes = {kind: load_strokes(path) for kind, path in paths.items()}
    pens = Sources(
        pen_digits=(*strokes.get("digits", ()), *smoothed(strokes.get(MORE_DIGITS, ()))),
        pen_strings=strokes.get("strings", ()),
        pen_others=strokes.get("others", ()),
    )
    pens = pens.without(collections=recipe.without)
    split = len(mnist.train_images) - VALIDATION_DIGITS
    if split < 1:
        raise DataError(
            f"{len(mnist.train_images)} training digits are too few: {VALIDATION_DIGITS} of them are kept "
            "for validation; the whole of MNIST is needed",
            Remedy.DATA,
        )
    writers = None if mnist.train_writers is None else mnist.train_writers[:split]
    training = _with_images(
        pens.keep(lambda writer: not is_held_out(writer)),
        mnist.train_images[:split],
        mnist.train_labels[:split],
        writers,
    )
    held_out = _with_images(pens.keep(is_held_out), mnist.test_images, mnist.test_labels, mnist.test_writers)
    training = with_digit_images(training, data)
    registers, hashes = load_registers(data)
    return TrainingData(
        mnist, training, held_out, _hashes(data, {**paths, **digit_image_files(data)}) | hashes, *registers
    )


def load_registers(data: Path | None) -> tuple[tuple[list[RealString], list[RealString]], dict[str, str]]:
    """Real register numbers, to train on and held out by page, and the hash of their list; else nothing."""
    folder = register_folder(data)
    if folder is None:
        logging.getLogger(__name__).warning("training without real register numbers; the weights will read less well")
        return ([], []), {}
    hashes = {"register-numbers/truth.csv": sha256_of(folder / "truth.csv")}
    return split_registers(load_register_numbers(folder)), hashes


def is_held_out(writer: str) -> bool:
    """Whether a pen writer is kept for evaluation; decided by the name alone, so that it never changes."""
    return zlib.crc32(writer.encode()) % HELD_OUT_SHARE == 0


def _with_images(pens: Sources, images: np.ndarray, labels: np.ndarray, writers: np.ndarray | None) -> Sources:
    return Sources(images, labels, writers, pens.pen_digits, pens.pen_strings, pens.pen_others)


def _hashes(data: Path | None, others: dict[str, Path]) -> dict[str, str]:
    folder = data_folder(data) or cache_folder()
    mnist = sorted((folder / "mnist" if (folder / "mnist").is_dir() else folder).glob("*ubyte*"))
    return {path.name: sha256_of(path) for path in [*mnist, *others.values()]}


def draw_validation(data: TrainingData, recipe: Recipe, first: ConvolutionNetwork | None = None) -> list[Example]:
    """Examples of strings by writers that are never trained on, the same for every seed."""
    rng = np.random.default_rng(2003)
    return draw_examples(rng, StringData(data.held_out), alone(EVALUATION), recipe.validation_strings, first)


def run_epoch(
    trainer: StringTrainer, pool: list[Example], mnist: Mnist, recipe: Recipe, stage: Stage, epoch: int
) -> float:
    """One pass over the pool in random order; the mean path loss."""
    rng = np.random.default_rng([recipe.seed, epoch, 1])
    split = len(mnist.train_images) - VALIDATION_DIGITS
    order = rng.permutation(len(pool))
    size = stage.step.strings
    steps = len(pool) // size
    losses = []
    for step in range(steps):
        strings = [pool[k] for k in order[step * size : (step + 1) * size]]
        lone, labels = draw_lone(
            mnist.train_images[:split], mnist.train_labels[:split], stage.step.lone, rng, recipe.distortion
        )
        losses.append(trainer.step(strings, lone, labels, learning_rate(stage, epoch + step / steps)))
    return float(np.mean(losses))


def learning_rate(stage: Stage, progress: float) -> float:
    """Warm-up, then a cosine. progress: epochs done, fractional."""
    rising = min(1.0, (progress + 0.02) / stage.warm_up) if stage.warm_up else 1.0
    return stage.learning_rate * rising * max(0.005, 0.5 * (1 + math.cos(math.pi * progress / stage.epochs)))


def _validate(
    networks: Networks, strings: list[Example], mnist: Mnist, stage: str, epoch: int, epochs: int, loss: float
) -> EpochReport:
    digits = lone_accuracy(networks, mnist.train_images[-VALIDATION_DIGITS:], mnist.train_labels[-VALIDATION_DIGITS:])
    return EpochReport(stage, epoch, epochs, loss, string_accuracy(networks.second or networks.first, strings), digits)


def string_accuracy(network: ConvolutionNetwork, examples: list[Example]) -> float:
    """Share of strings whose likeliest text over the full lattice is right; network: the one the examples are for."""
    right = 0
    for example in examples:
        sums = forward_blocks(network, example.crops.astype(np.float32) / np.float32(255), example.measures)
        found = likely_texts(example_lattice(example, example.scores(sums)), 1)
        right += bool(found) and found[0][0] == example.text
    return right / max(1, len(examples))


def _resume(trainer: StringTrainer, files: TrainingFiles, identity: dict[str, Any]) -> int:
    arrays, state = files.load_checkpoint(trainer.state(), plain(identity))
    trainer.restore(arrays)
    return int(state["epoch"])
