"""Speed of an epoch: our mini-batch loop, scikit-learn's MLPClassifier, a per-sample loop as in the book.

    python -m benchmarks.cost.training_speed

All three train [784, 30, 10] with mini-batches of 10 on the same pictures, in turn, on one thread; CPU time
of a whole epoch, shuffling included. The pictures are random: speed does not depend on what they show.
scikit-learn gets float32 as well, and has a softmax output in place of ten sigmoids. Prints a table and
writes runs/training_speed.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from classifier.book.descent import GradientDescent, TrainingConfig
from classifier.book.sigmoid_network import initialise

SIZES, BATCH_SIZE, LEARNING_RATE = (784, 30, 10), 10, 0.5


def per_sample_epoch(
    weights: list[np.ndarray],
    biases: list[np.ndarray],
    examples: list[tuple[np.ndarray, np.ndarray]],
    rng: np.random.Generator,
) -> None:
    """An epoch as the book's program runs it: each example alone, as a column, its gradients added up.

    weights (nO, nI), biases (nO, 1), inputs (nI, 1), targets (nO, 1), all float64.
    """
    order = rng.permutation(len(examples))
    for start in range(0, len(order), BATCH_SIZE):
        sums_w, sums_b = [np.zeros_like(w) for w in weights], [np.zeros_like(b) for b in biases]
        chosen = order[start : start + BATCH_SIZE]
        for i in chosen:
            x, y = examples[i]
            activations = [x]
            for w, b in zip(weights, biases, strict=True):
                activations.append(1 / (1 + np.exp(-(w @ activations[-1] + b))))
            delta = (activations[-1] - y) * activations[-1] * (1 - activations[-1])
            for layer in reversed(range(len(weights))):
                sums_b[layer] = sums_b[layer] + delta
                sums_w[layer] = sums_w[layer] + delta @ activations[layer].T
                if layer > 0:
                    a = activations[layer]
                    delta = (weights[layer].T @ delta) * a * (1 - a)
        for layer in range(len(weights)):
            weights[layer] = weights[layer] - LEARNING_RATE / len(chosen) * sums_w[layer]
            biases[layer] = biases[layer] - LEARNING_RATE / len(chosen) * sums_b[layer]


def contestants(n: int, seed: int) -> dict[str, Callable[[], object]]:
    """Name -> a function that runs one epoch."""
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(seed)
    x, labels = rng.random((n, SIZES[0]), dtype=np.float32), rng.integers(0, 10, n)
    y = np.eye(10, dtype=np.float32)[labels]
    network = initialise(SIZES, rng, "fan_in")
    config = TrainingConfig(batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE)
    descent = GradientDescent(network, config, rng)
    peer = MLPClassifier(
        hidden_layer_sizes=SIZES[1:-1],
        activation="logistic",
        solver="sgd",
        batch_size=BATCH_SIZE,
        learning_rate_init=LEARNING_RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        random_state=seed,
    )
    weights = [w.astype(np.float64) for w in network.weights]
    biases = [b.astype(np.float64)[:, np.newaxis] for b in network.biases]
    columns = [row.astype(np.float64)[:, np.newaxis] for row in x]
    examples = list(zip(columns, y[:, :, np.newaxis].astype(np.float64), strict=True))
    return {
        "this project": lambda: descent.run_epoch(x, y),
        "scikit-learn MLPClassifier": lambda: peer.partial_fit(x, labels, classes=np.arange(10)),
        "per-sample loop": lambda: per_sample_epoch(weights, biases, examples, rng),
    }


def measure(n: int, repeats: int, seed: int) -> dict[str, list[float]]:
    """CPU seconds of an epoch, `repeats` times each, taken in turn so that a busy machine is busy for all."""
    epochs = contestants(n, seed)
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for repeat in range(repeats + 1):
            for name, run_epoch in epochs.items():
                start = time.process_time()
                run_epoch()
                if repeat > 0:  # the first round warms up
                    seconds[name].append(time.process_time() - start)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--digits", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/training_speed.json"))
    given = parser.parse_args()
    seconds = measure(given.digits, given.repeats, given.seed)
    own = np.array(seconds["this project"])
    print(
        f"An epoch of {list(SIZES)}, mini-batch {BATCH_SIZE}, {given.digits} digits, one thread; "
        f"{given.repeats} repeats in turn, seed {given.seed}\n"
    )
    print("| | CPU s an epoch, median (min to max) | ratio to this project, median (min to max) |\n|---|---|---|")
    for name, values in seconds.items():
        ratios = np.array(values) / own  # of the same round, so that a slow moment cancels
        figures = [f"{np.median(v):.2f} ({v.min():.2f} to {v.max():.2f})" for v in (np.array(values), ratios)]
        print(f"| {name} | {figures[0]} | {figures[1]} |")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "digits": given.digits,
        "repeats": given.repeats,
        "seed": given.seed,
        "machine": platform.machine(),
        "numpy": np.__version__,
        "cpu_seconds": seconds,
    }
    given.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
