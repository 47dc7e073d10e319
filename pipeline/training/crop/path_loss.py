"""The loss of whole strings: minus the log of the posterior of the true text over all paths of the lattice.

Discriminative forward-backward training of a segmentation graph (LeCun et al. 1998, sections VI-IX). The gradient with
respect to a span's score is the probability that a path uses it so, less the same among the true paths.
"""

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Logits, Scores
from pipeline.formats.automaton import spelling
from pipeline.reading.lattices.lattice import SKIP, Lattice, lattice_scores
from pipeline.reading.lattices.paths import posteriors
from pipeline.training.crop.examples import Example


def path_loss(example: Example, scores: Logits) -> tuple[float, Scores]:
    """Loss (nats) of the string and its gradient (N, 11) with respect to the scores of all spans.

    A string whose text no path can spell has loss nan and gradient 0.
    """
    lattice = example_lattice(example, scores)
    used, total = posteriors(lattice)
    true, true_total = _true_posteriors(example, lattice)
    if true_total == -np.inf:
        return float("nan"), np.zeros_like(lattice.scores)
    gradient = used - true
    gradient[example.empty] = 0
    return total - true_total, gradient


def example_lattice(example: Example, scores: NDArray[np.float32]) -> Lattice:
    """The lattice of an example under scores (N, 11) of its spans."""
    return Lattice(example.nodes, example.start, example.end, lattice_scores(scores, example.empty))


def _true_posteriors(example: Example, lattice: Lattice) -> tuple[Scores, float]:
    """Posteriors among the true paths, and the log-sum of these: strictly true ones, else loosely true ones.

    Where nobody knows which ink is whose, any path that spells the text is true.
    """
    text, _ = spelling([example.text])
    if example.allowed is None:
        return posteriors(lattice, text)
    for allowed in example.allowed:
        allowed = allowed.copy()
        allowed[example.empty, SKIP] = True
        kept = Lattice(lattice.nodes, lattice.start, lattice.end, np.where(allowed, lattice.scores, -np.inf))
        true, total = posteriors(kept, text)
        if total > -np.inf:
            break
    return true, total
