"""Where an epoch of training goes: drawing strings, making examples of them, and the network.

    python -m benchmarks.cost.epoch [--strings 120]

Both networks that the shipped weights hold, by their own recipes. The crop network's strings are drawn, cut and cropped
by the reader's own segmenter, then learned from in numpy, each twice (the pool keeps two chunks). The line network's
are drawn, set into line pictures, two views each, and learned from in PyTorch, where it is installed. CPU time, one
thread, seed given; of the crop network's steps, what Adam takes is told apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import find_data, options, write_report
from benchmarks.common.tables import markdown
from classifier.network import ConvolutionNetwork
from pipeline.training.crop.examples import make_example
from pipeline.training.crop.trainer import StringTrainer, draw_lone
from pipeline.training.recipe import Recipe
from pipeline.training.string_pool import StringData, draw_of
from pipeline.training.training_data import TrainingData, load_data

T = TypeVar("T")
Split = dict[str, float]  # milliseconds of CPU for each string, by part


class Clock:
    """Milliseconds of CPU by part."""

    def __init__(self) -> None:
        self.parts: Split = {}

    def run(self, part: str, work: Callable[[], T]) -> T:
        """The result of some work, whose time goes to a part."""
        begun = time.process_time()
        result = work()
        self.parts[part] = self.parts.get(part, 0.0) + 1000 * (time.process_time() - begun)
        return result


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = options(__doc__, "epoch.json", seed=11)
    parser.add_argument("--strings", type=int, default=120)
    given = parser.parse_args(arguments)
    with threadpool_limits(1):
        data = load_data(find_data(given.data), Recipe())
        splits = {"crop network": crop_split(data, given.strings, given.seed)}
        if find_spec("torch"):
            splits["line network"] = line_split(data, given.strings, given.seed)
    print(markdown(["CPU ms a string", "drawing", "examples", "network", "of it Adam", "all"], rows_of(splits)))
    write_report(given.out, {"strings": given.strings, "seed": given.seed, "ms_a_string": splits})


def crop_split(data: TrainingData, count: int, seed: int) -> Split:
    """Of the first crop network: an epoch passes over a chunk and the one before it, so that each string is drawn once
    and learned from twice."""
    recipe, rng, clock = Recipe(), np.random.default_rng(seed), Clock()
    stage = recipe.stage("first")
    strings = StringData(data.training, data.registers)
    drawn = clock.run("drawing", lambda: [draw_of(rng, strings, stage.mixture) for _ in range(count)])
    made = clock.run("examples", lambda: [make_example(string) for string in drawn])
    examples = [example for example in made if example is not None]
    trainer = StringTrainer(ConvolutionNetwork.initialise(stage.shape, rng), stage.step, stage.weight_decay)
    adam = Clock()
    own = trainer.optimiser.step
    trainer.optimiser.step = lambda *given: adam.run("Adam", lambda: own(*given))  # type: ignore[method-assign]
    size = stage.step.strings
    for _ in range(stage.pool.kept):
        for k in range(0, len(examples) - size + 1, size):
            lone = draw_lone(*data.lone, stage.step.lone, rng, recipe.distortion)
            batch = examples[k : k + size]
            clock.run("network", partial(trainer.step, batch, *lone, stage.learning_rate))
    return {part: ms / count for part, ms in (clock.parts | adam.parts).items()}


def line_split(data: TrainingData, count: int, seed: int) -> Split:
    """Of the line network: every string is new."""
    from pipeline.training.line import line_strings
    from pipeline.training.line.line_trainer import LineRecipe, LineTrainer

    recipe, rng, clock = LineRecipe(), np.random.default_rng(seed), Clock()
    strings = StringData(data.training, data.registers)
    drawing = Clock()
    lines: Any = line_strings
    own = lines.draw_string
    lines.draw_string = lambda *given: drawing.run("drawing", lambda: own(*given))
    try:
        views = clock.run(
            "examples", lambda: [view for _ in range(count) for view in lines.draw_views(rng, strings, recipe.mixture)]
        )
    finally:
        lines.draw_string = own
    clock.parts["examples"] -= drawing.parts["drawing"]
    size, trainer = recipe.mixture.batch, LineTrainer(recipe)
    views.sort(key=lambda view: view.picture.shape[1])
    for k in range(0, len(views), size):
        batch = clock.run("examples", partial(lines.make_batch, views[k : k + size]))
        clock.run("network", partial(trainer.step, batch))
    return {part: ms / count for part, ms in (clock.parts | drawing.parts).items()}


def rows_of(splits: dict[str, Split]) -> list[list[str]]:
    """A row a network: milliseconds a string and their share of all."""
    rows = []
    for name, split in splits.items():
        total = sum(ms for part, ms in split.items() if part != "Adam")
        cells = [f"{split[part]:.1f} ({split[part] / total:.0%})" for part in ("drawing", "examples", "network")]
        rows.append([name, *cells, f"{split['Adam']:.1f}" if "Adam" in split else "-", f"{total:.1f}"])
    return rows


if __name__ == "__main__":
    main()
