"""Weights that read a user's kind of picture better, learned from strings alone: `adapt` reads like a recipe.

The second network goes on learning, from the user's pictures and, so that nothing is forgotten, strings of the parent's
own kind; the first one stays as it is. Only the digits of each picture are known, not their places: any path that
spells them is true (LeCun et al. 1998, section VI). The tool holds out rows itself, in blocks, and keeps the parent
where they are not read better afterwards.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from classifier.network import ConvolutionNetwork
from classifier.weights import Networks, network_arrays, network_card
from pipeline.adapting.check import (
    Answers,
    Comparison,
    adapted_confidence,
    choose,
    honest_answers,
    read_pictures,
)
from pipeline.adapting.labelled import Picture, Pictures, held_out_folds, load_pictures
from pipeline.adapting.runs import Runs
from pipeline.adapting.schedule import AdaptSchedule, Base
from pipeline.adapting.variations import picture_versions
from pipeline.data.downloads import DATA_VARIABLE, data_folder, sha256_of
from pipeline.reading.field_reader import SHIPPED, FieldReader
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import TRAINING
from pipeline.training.checkpoints import TrainingFiles, commit, plain, versions
from pipeline.training.recipe import SECOND, Recipe, Stage, load_data, silence
from pipeline.training.string_pool import StringData, alone, draw_examples

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class AdaptRecipe:
    """Everything that decides adapted weights, apart from the parent and the data.

    varied: variations of each picture beside itself. base_strings: drawn to be mixed in. share: each fold holds out one
    row in so many; checked: strings to hold out in all folds together, if there are as many. least: usable rows below
    which nothing is trained. second: the second network where the parent has none.
    """

    seed: int = 1
    schedule: AdaptSchedule = field(default_factory=AdaptSchedule)
    varied: int = 7
    base_strings: int = 1200
    share: int = 5
    checked: int = 300
    least: int = 10
    second: Stage = SECOND

    def __post_init__(self) -> None:
        if self.seed < 0 or self.varied < 0 or self.base_strings < 1 or self.checked < 1:
            raise ValueError(f"too few strings, or a negative seed: {self}")
        if not 2 <= self.share <= self.least:
            raise ValueError(f"a fold must hold out at least a row, and leave some: {self}")

    def folds(self, count: int) -> int:
        """How many folds of `count` rows are held out, one after the other: more where rows are few."""
        return min(self.share, max(2, math.ceil(self.checked * self.share / count)))


@dataclass(frozen=True)
class AdaptReport:
    """What came of an adaptation. rows: usable; skipped: a sentence for each row that was not. comparison: None where
    there were too few rows to try. passes: of the weights written, 0 where the parent was kept."""

    rows: int
    skipped: tuple[str, ...]
    comparison: Comparison | None
    passes: int

    @property
    def kept_parent(self) -> bool:
        """Whether the weights written are the parent's."""
        return self.passes == 0

    def warning(self) -> str | None:
        """Why the parent was kept; None where it was not."""
        if not self.kept_parent:
            return None
        why = (
            f"{self.rows} usable rows are too few to learn from and to check"
            if self.comparison is None
            else "adapting did not help more than chance would"
        )
        return f"warning: {why}; the weights written are the parent's, unchanged"


def adapt(
    table: Path,
    out: Path,
    *,
    images: Path | None = None,
    weights: Path | None = None,
    data: Path | None = None,
    recipe: AdaptRecipe | None = None,
    resume: bool = False,
    force: bool = False,
    say: Say = lambda sentence: None,
    progress: Progress = lambda done, total: None,
) -> AdaptReport:
    """Adapt the parent's weights to the pictures of a table `file,text` and write them to `out`.

    weights: the parent, None for the shipped ones. data: the folder of MNIST and the pen strokes; where none is known,
    the parent's own kind of string is drawn with the project's shapes and fonts. say, progress: called as it goes on.
    Raises UsageError, DataError, WeightsError.
    """
    recipe, files = recipe or AdaptRecipe(), TrainingFiles(Path(out))
    files.check(resume, force)
    parent = FieldReader(weights)
    pictures = load_pictures(Path(table), images)
    for sentence in pictures.skipped:
        say(sentence)
    parent_sha = sha256_of(SHIPPED if weights is None else Path(weights))
    identity = {
        "recipe": plain(asdict(recipe)),
        "truth_sha256": sha256_of(Path(table)),
        "pictures_sha256": _hash(pictures.usable),
        "parent_sha256": parent_sha,
    }
    with threadpool_limits(1):
        if len(pictures.usable) < recipe.least:
            report = AdaptReport(len(pictures.usable), pictures.skipped, None, 0)
            _save(files, parent, parent.networks, identity, report, None)
            return report
        runs = _prepare(parent, pictures.usable, data, recipe, files, identity, say, progress)
        if resume and files.checkpoint.exists():
            runs.resume()
        return _adapt(runs, parent, pictures, recipe, say)


def _adapt(runs: Runs, parent: FieldReader, pictures: Pictures, recipe: AdaptRecipe, say: Say) -> AdaptReport:
    """Check on held-out rows; then train on all of them, if that helped; write what came of it."""
    count = len(pictures.usable)
    folds = held_out_folds(count, recipe.share, recipe.folds(count))
    answers = []
    for run, held_out in enumerate(folds):
        answers.append(runs.check_fold(run, held_out))
        counts = ", ".join(
            f"{answer.right.sum()} after {passes} passes"
            for answer, passes in zip(answers[-1], recipe.schedule.passes, strict=True)
        )
        say(f"fold {run + 1} of {len(folds)}: of {len(held_out)} strings held out, right are {counts}")
    after = honest_answers(answers)
    before = read_pictures(parent.networks, [pictures.usable[k] for held_out in folds for k in held_out], parent.line)
    comparison = Comparison.of(before.right, after.right)
    say(str(comparison))
    networks, passes = parent.networks, 0
    if comparison.helped:
        passes = recipe.schedule.passes[choose(answers)]
        networks = runs.train_all(len(folds), passes)
    report = AdaptReport(count, pictures.skipped, comparison, passes)
    _save(runs.files, parent, networks, runs.identity, report, after)
    return report


def _prepare(
    parent: FieldReader,
    pictures: Sequence[Picture],
    data: Path | None,
    recipe: AdaptRecipe,
    files: TrainingFiles,
    identity: dict[str, Any],
    say: Say,
    progress: Progress,
) -> Runs:
    """Lattices and crops of the user's pictures and of the base strings, computed once; the trainings to come."""
    first, second = parent.networks.first, starting_network(parent.networks, recipe)
    count = len(pictures)
    each = max(1, count // 10)  # a pass counts as so many pictures, in the progress
    total = count + each * recipe.schedule.passes[-1] * (recipe.folds(count) + 1)
    say(
        f"{count} pictures, each with {recipe.varied} variations; {recipe.base_strings} strings of the parent's kind "
        "are mixed in"
    )
    base, hashes = _base(first, parent.card, data, recipe, say)
    own = []
    for k, picture in enumerate(pictures):
        own.append(picture_versions(picture, first, recipe.varied, np.random.default_rng([recipe.seed, 7, k])))
        progress(k + 1, total)
    done = [count]

    def on_pass() -> None:
        done[0] += each
        progress(min(done[0], total), total)

    identity = {**identity, "data": hashes}
    runs = Runs(first, second, pictures, own, base, recipe.schedule, recipe.seed, files, identity, on_pass)
    runs.line_network, runs.line = parent.networks.line, parent.line
    return runs


def starting_network(networks: Networks, recipe: AdaptRecipe) -> ConvolutionNetwork:
    """The parent's second network, or one that says nothing yet."""
    if networks.second is not None:
        return networks.second
    network = ConvolutionNetwork.initialise(recipe.second.shape, np.random.default_rng(recipe.seed))
    silence(network)
    return network


def _base(
    first: ConvolutionNetwork, card: dict[str, Any], data: Path | None, recipe: AdaptRecipe, say: Say
) -> tuple[Base, dict[str, str]]:
    """Strings in the training's style and single digits, by nobody held out; SHA-256 sums of the data."""
    sources = Sources()
    hashes: dict[str, str] = {}
    if data_folder(data) is None:
        say(
            f"no data folder is known ({DATA_VARIABLE} is not set): the strings mixed in are of the project's own "
            "shapes and fonts only"
        )
    else:
        without = card.get("recipe", {}).get("without")
        found = load_data(data, Recipe() if without is None else Recipe(without=tuple(without)))
        sources, hashes = found.training, found.hashes
    rng = np.random.default_rng([recipe.seed, 11])
    strings = draw_examples(rng, StringData(sources), alone(TRAINING), recipe.base_strings, first)
    return Base(strings, sources.images, sources.labels), hashes


def _save(
    files: TrainingFiles,
    parent: FieldReader,
    networks: Networks,
    identity: dict[str, Any],
    report: AdaptReport,
    after: Answers | None,
) -> None:
    """Weights, and the parent's card with what was done."""
    card = {key: value for key, value in parent.card.items() if key not in ("weights_sha256", "figures", "adapted")}
    before = {key: parent.card[key] for key in ("figures", "adapted") if key in parent.card}
    confidence = {} if report.kept_parent or after is None else adapted_confidence(after, parent.card)
    comparison = None if report.comparison is None else report.comparison.to_json()
    files.save(
        network_arrays(networks),
        {
            **card,
            **network_card(networks),
            **confidence,
            "adapted": {
                **identity,
                "parent": before,
                "kept_parent": report.kept_parent,
                "passes": report.passes,
                "rows": report.rows,
                "skipped": list(report.skipped),
                "held_out": comparison,
                "commit": commit(),
                "versions": versions(),
            },
        },
    )


def _hash(pictures: Sequence[Picture]) -> str:
    """SHA-256 of what is learned from: pixels and texts."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(repr((picture.file, picture.grey.shape, picture.text)).encode())
        digest.update(picture.grey.tobytes())
    return digest.hexdigest()
