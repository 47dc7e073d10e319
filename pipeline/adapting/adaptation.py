"""Weights that read a user's kind of picture better, learned from strings alone: `adapt` reads like a recipe.

Both readers learn: the line network from the digits of each picture (CTC), a crop network from every path through the
lattice that spells them (LeCun et al. 1998, section VI), and how the two are joined from rows that the tool itself
holds out, in blocks. So that nothing is forgotten, strings of the parent's own kind are mixed in. The parent is kept
where the held-out rows are not read better afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.adapting.adapt_recipe import AdaptRecipe, AdaptReport
from pipeline.adapting.check import Answers, Comparison, adapted_joint, honest_answers, read_pictures
from pipeline.adapting.labelled import Picture, Pictures, held_out_folds, load_pictures
from pipeline.adapting.learners import Texts
from pipeline.adapting.parent import Parent
from pipeline.adapting.preparing import Progress, Say, begin, prepare
from pipeline.adapting.runs import Runs
from pipeline.data.downloads import sha256_of
from pipeline.reading.confidence.joint import Joint


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
    recipe = recipe or AdaptRecipe()
    files, parent = begin(out, weights, resume, force)
    pictures = load_pictures(Path(table), images)
    for sentence in pictures.skipped:
        say(sentence)
    identity = {"truth_sha256": sha256_of(Path(table))}
    count = len(pictures.usable)
    with threadpool_limits(1):
        if count < recipe.least:
            report = AdaptReport(count, pictures.skipped, None, 0)
            identity |= parent.identity(recipe, pictures.usable)
            parent.save(files, parent.networks, identity, report)
            return report
        runs = prepare(parent, pictures.usable, recipe.folds(count) + 1, data, recipe, files, identity, say, progress)
        if resume and files.checkpoint.exists():
            runs.resume()
        return _adapt(runs, parent, pictures, recipe, say)


@dataclass(frozen=True, eq=False)
class Check:
    """Held-out rows of all folds, one after the other, read by the parent and by networks that had not learned from
    them, whose readers are joined as the other folds would have it. joint: as all folds together would."""

    before: Answers
    after: Answers
    joint: Joint | None


def check_held_out(runs: Runs, parent: Parent, rows: Sequence[Picture], recipe: AdaptRecipe, say: Say) -> Check:
    """Trains without each fold in turn and reads it."""
    folds = held_out_folds(len(rows), recipe.share(len(rows)), recipe.folds(len(rows)))
    before, answers = [], []
    for run, held_out in enumerate(folds):
        before.append(read_pictures(parent.networks, [rows[k] for k in held_out], parent.joint))
        answers.append(_held_out(runs, run, parent, rows, held_out))
        right = f"{answers[-1].right.sum()} (before: {before[-1].right.sum()})"
        say(f"fold {run + 1} of {len(folds)}: of {len(held_out)} strings held out {right} are right")
    joint = None if parent.joint is None else adapted_joint(Answers.joined(answers), parent.joint)
    return Check(Answers.joined(before), honest_answers(answers, parent.joint), joint)


def _adapt(runs: Runs, parent: Parent, pictures: Pictures, recipe: AdaptRecipe, say: Say) -> AdaptReport:
    """Check on held-out rows; then train on all of them, if that helped; write what came of it."""
    rows, count = pictures.usable, len(pictures.usable)
    check = check_held_out(runs, parent, rows, recipe, say)
    comparison = Comparison.of_answers(check.before, check.after)
    say(str(comparison))
    if not comparison.helped:
        report = AdaptReport(count, pictures.skipped, comparison, 0)
        parent.save(runs.files, parent.networks, runs.identity, report)
        return report
    networks = runs.train(recipe.folds(count), texts_of(rows))
    names = tuple(learner.name for learner in runs.learners)
    report = AdaptReport(count, pictures.skipped, comparison, runs.passes, names)
    parent.save(runs.files, networks, runs.identity, report, parent.adapted_confidence(check.after, check.joint))
    return report


def texts_of(rows: Sequence[Picture]) -> Texts:
    """Their digits, by number."""
    return {k: picture.text for k, picture in enumerate(rows)}


def _held_out(runs: Runs, run: int, parent: Parent, rows: Sequence[Picture], held_out: NDArray[np.intp]) -> Answers:
    """Held-out rows, read by networks that were trained on the others."""
    away = set(held_out.tolist())
    kept = {k: text for k, text in texts_of(rows).items() if k not in away}
    read = [rows[k] for k in held_out]
    return Answers.from_json(
        runs.judged(run, kept, lambda networks: read_pictures(networks, read, parent.joint).to_json())
    )
