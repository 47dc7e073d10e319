"""What an adaptation needs before it trains: files, the parent, strings to mix in, and whoever learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from classifier.network import ConvolutionNetwork
from classifier.weights import Networks
from pipeline.adapting.adapt_recipe import AdaptRecipe
from pipeline.adapting.crops.crop_learner import CropLearner
from pipeline.adapting.crops.schedule import Base
from pipeline.adapting.crops.variations import picture_versions
from pipeline.adapting.labelled import Picture
from pipeline.adapting.learners import Learner
from pipeline.adapting.lines.line_examples import OwnLine, draw_base
from pipeline.adapting.lines.line_learner import LineLearner
from pipeline.adapting.lines.outputs import OutputLearner
from pipeline.adapting.parent import Parent
from pipeline.adapting.runs import Runs
from pipeline.data.downloads import DATA_VARIABLE, data_folder
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import TRAINING
from pipeline.training.checkpoints import TrainingFiles
from pipeline.training.recipe import Recipe
from pipeline.training.stages import silence
from pipeline.training.string_pool import StringData, alone, draw_examples
from pipeline.training.training_data import load_data

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

NAMES = {"line": "line network", "first": "first crop network", "second": "second crop network"}
WITHOUT_PYTORCH = (
    "PyTorch is not installed: of the line network only the last layer learns, beside the crop network and the way "
    'both are joined; with the extra `pip install "digitstring[train]"` all of it does, which brings more'
)


def begin(out: Path, weights: Path | None, resume: bool, force: bool) -> tuple[TrainingFiles, Parent]:
    """The files of the result and the parent. Raises UsageError, WeightsError."""
    files = TrainingFiles(Path(out))
    files.check(resume, force)
    return files, Parent.load(weights)


def prepare(
    parent: Parent,
    pictures: Sequence[Picture],
    runs: int,
    data: Path | None,
    recipe: AdaptRecipe,
    files: TrainingFiles,
    identity: dict[str, Any],
    say: Say,
    progress: Progress,
) -> Runs:
    """The trainings to come, `runs` of them, and all that they look at, computed once."""
    count, passes = len(pictures), recipe.passes_over(len(pictures))
    each = max(1, count // 10)  # a pass counts as so many pictures, in the progress
    done, total = [0], count + each * passes * runs

    def step(by: int) -> Callable[[], None]:
        def on_step() -> None:
            done[0] += by
            progress(min(done[0], total), total)

        return on_step

    sources, hashes = _sources(parent.card, data, say)
    learners = make_learners(parent.networks, pictures, sources, recipe, say, step(1))
    done[0] = max(done[0], count)
    identity = {**identity, **parent.identity(recipe, pictures), "data": hashes}
    identity["learners"] = [type(learner).__name__ for learner in learners]
    return Runs(parent.networks, learners, passes, recipe.seed, files, identity, step(each))


def make_learners(
    networks: Networks,
    pictures: Sequence[Picture],
    sources: Sources,
    recipe: AdaptRecipe,
    say: Say,
    on_picture: Callable[[], None],
) -> list[Learner]:
    """Whoever learns. on_picture: called as pictures are prepared, once for each."""
    crops, torch = recipe.crops, recipe.pytorch and find_spec("torch") is not None
    learners: list[Learner] = []
    if networks.line is not None:
        own = [OwnLine.of(picture) for picture in pictures]
        base = draw_base(sources, recipe.base_lines, [recipe.seed, 12])
        if torch:
            learners.append(LineLearner(networks.line, own, base, recipe.line))
        else:
            say(WITHOUT_PYTORCH)
            learners.append(OutputLearner(networks.line, own, base, recipe.outputs))
    if not learners and not crops:
        crops = ("first",)
    learners += [_crop_learner(name, networks, pictures, sources, recipe, on_picture) for name in crops]
    names = " and the ".join(NAMES[each.name] for each in learners)
    say(f"the {names} will learn from {len(pictures)} pictures; strings of the parent's kind are mixed in")
    return learners


def _crop_learner(
    name: str,
    networks: Networks,
    pictures: Sequence[Picture],
    sources: Sources,
    recipe: AdaptRecipe,
    on_picture: Callable[[], None],
) -> CropLearner:
    """Lattices and crops of the user's pictures and of the base strings."""
    before = None if name == "first" else networks.first
    parent = networks.first if name == "first" else starting_network(networks, recipe)
    rng = np.random.default_rng([recipe.seed, 11])
    strings = draw_examples(rng, StringData(sources), alone(TRAINING), recipe.base_strings, before)
    own = []
    for k, picture in enumerate(pictures):
        own.append(picture_versions(picture, before, recipe.varied, np.random.default_rng([recipe.seed, 7, k])))
        on_picture()
    return CropLearner(name, parent, before, own, Base(strings, sources.images, sources.labels), recipe.schedule)


def starting_network(networks: Networks, recipe: AdaptRecipe) -> ConvolutionNetwork:
    """The parent's second network, or one that says nothing yet."""
    if networks.second is not None:
        return networks.second
    network = ConvolutionNetwork.initialise(recipe.second.shape, np.random.default_rng(recipe.seed))
    silence(network)
    return network


def _sources(card: dict[str, Any], data: Path | None, say: Say) -> tuple[Sources, dict[str, str]]:
    """Of strings in the training's style, by nobody held out; SHA-256 sums of the data."""
    if data_folder(data) is None:
        say(
            f"no data folder is known ({DATA_VARIABLE} is not set): the strings mixed in are of the project's own "
            "shapes and fonts only"
        )
        return Sources(), {}
    without = card.get("recipe", {}).get("without")
    found = load_data(data, Recipe() if without is None else Recipe(without=tuple(without)))
    return found.training, found.hashes
