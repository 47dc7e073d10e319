"""The experiments of Nielsen ch. 1-3: encodings, learning rates, mini-batches, hidden neurons, costs.

    python -m benchmarks.learning.book

Trains on MNIST's first 50,000 digits, as the book does, and tests on all 10,000 test digits; about ten
minutes of one core. Prints markdown tables (docs/book.md holds them) and writes runs/book.json. No setting
was chosen by these figures: rates and sizes are the book's, and round numbers around them.

The chapter's other proposal, random places to cut a string, has its own file, random_cuts.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, median

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.tables import data_folder, markdown
from classifier.book.encodings import encoding_named
from classifier.book.sigmoid_network import Network
from pipeline.data.mnist import Mnist, load_mnist
from pipeline.evaluation.metrics import wilson
from pipeline.training.book.book_networks import BookEpoch, BookTraining, train_book

BASE = BookTraining(examples=50_000)
CROSS_ENTROPY = replace(BASE, cost="cross-entropy", learning_rate=0.5)
SEEDS = (0, 1, 2)
MORE_SEEDS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Row:
    """One line of a table: what it is called, what is trained, with which seeds."""

    name: str
    config: BookTraining
    seeds: tuple[int, ...] = (0,)
    book: str = ""


@dataclass(frozen=True)
class Run:
    """One training: its epochs' figures, and more about the network at its end.

    nines_right: test digits it judges rightly as "9 or not"; never_read: digits of which it reads below 1 %
    """

    history: tuple[BookEpoch, ...]
    nines_right: int
    never_read: tuple[int, ...]
    tested: int
    cpu_seconds: float


def with_hidden(config: BookTraining, *hidden: int) -> BookTraining:
    return replace(config, sizes=(784, *hidden, config.sizes[-1]))


def encoded(encoding: str, config: BookTraining = BASE) -> BookTraining:
    return replace(config, encoding=encoding, sizes=(784, 30, encoding_named(encoding).outputs))


def hidden_sizes() -> list[Row]:
    reference = {30: "95.4", 100: "96.6"}
    seeds = {100: MORE_SEEDS}
    return [Row("no hidden layer", with_hidden(BASE), SEEDS)] + [
        Row(f"{n} hidden", with_hidden(BASE, n), seeds.get(n, SEEDS), reference.get(n, "")) for n in (15, 30, 100)
    ]


def encodings() -> list[Row]:
    return [
        Row(f"{name}, {config.cost}", encoded(name, config), SEEDS)
        for config in (BASE, CROSS_ENTROPY)
        for name in ("ten", "binary", "single")
    ]


def learning_rates() -> list[Row]:
    rates = (0.001, 0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
    return [Row(f"eta = {rate:g}", replace(BASE, learning_rate=rate)) for rate in rates]


def batch_sizes() -> list[Row]:
    settings: list[tuple[int | None, float, int]]
    settings = [(1, 3.0, 30), (1, 0.3, 30), (10, 3.0, 30), (100, 3.0, 30), (100, 30.0, 30)]
    settings += [(1000, 3.0, 30), (1000, 30.0, 30), (None, 3.0, 30), (None, 3.0, 300), (None, 30.0, 300)]
    return [
        Row(
            f"{size or 'full batch'}, eta = {rate:g}, {epochs} epochs",
            replace(BASE, batch_size=size, learning_rate=rate, epochs=epochs),
        )
        for size, rate, epochs in settings
    ]


def costs() -> list[Row]:
    wide = with_hidden(CROSS_ENTROPY, 100)
    better_start = replace(wide, scale="fan_in")
    decay = replace(better_start, learning_rate=0.1, weight_decay=5 / 50_000)
    return [
        Row("quadratic, eta = 3, 30 hidden", BASE, SEEDS, "95.4"),
        Row("cross-entropy, eta = 0.5, 30 hidden", CROSS_ENTROPY, SEEDS),
        Row("quadratic, eta = 3, 100 hidden", with_hidden(BASE, 100), MORE_SEEDS, "96.6"),
        Row("cross-entropy, eta = 0.5, 100 hidden", wide, MORE_SEEDS),
        Row("the same, weights from N(0, 1 / nI)", better_start),
        Row("and weight decay, lambda = 5, eta = 0.1", decay),
        Row("and momentum 0.9, eta = 0.02, cosine to 0", slower(decay)),
    ]


def slower(config: BookTraining) -> BookTraining:
    """Momentum 0.9 makes a step ten times as long in the end; the decay's share of a step is kept."""
    rate = 0.02
    decay = config.weight_decay * config.learning_rate / rate
    return replace(config, learning_rate=rate, momentum=0.9, schedule="cosine", weight_decay=decay)


TABLES = {
    "Hidden neurons": hidden_sizes,
    "Encodings": encodings,
    "Learning rates": learning_rates,
    "Mini-batch sizes": batch_sizes,
    "Cost functions": costs,
}


class Bench:
    """Trains each configuration once, however many tables show it."""

    def __init__(self, mnist: Mnist) -> None:
        self.mnist = mnist
        self.runs: dict[BookTraining, Run] = {}

    def run(self, config: BookTraining) -> Run:
        if config not in self.runs:
            start = time.process_time()
            result = train_book(config, data=self.mnist)
            seconds = time.process_time() - start
            self.runs[config] = self.examine(config, result.network, result.history, seconds)
            print(f"{seconds:6.1f} s  {result.final.accuracy:.4f}  {config.to_json()}", file=sys.stderr)
        return self.runs[config]

    def examine(self, config: BookTraining, network: Network, history: tuple[BookEpoch, ...], seconds: float) -> Run:
        labels, encoding = self.mnist.test_labels, encoding_named(config.encoding)
        images = self.mnist.test_images.reshape(len(labels), -1).astype(np.float32) / 255
        read, expected = encoding.decode(network.forward(images), digits_only=True), encoding.expected(labels)
        never = tuple(d for d in range(10) if np.mean((read == expected)[labels == d]) < 0.01)
        return Run(history, int(np.sum((read == 9) == (labels == 9))), never, len(labels), seconds)

    def line(self, row: Row) -> list[str]:
        """The cells of a row; the interval is that of its first seed."""
        runs = [self.run(replace(row.config, seed=seed)) for seed in row.seeds]
        finals = [run.history[-1] for run in runs]
        low, high = wilson(round(finals[0].accuracy * runs[0].tested), runs[0].tested)
        every = [final.accuracy for final in finals]
        return [
            row.name,
            f"{percent(every[0])} ({percent(low)} to {percent(high)})",
            f"{percent(median(every))} ({percent(min(every))} to {percent(max(every))})" if every[1:] else "",
            ", ".join(" ".join(map(str, run.never_read)) or "-" for run in runs),
            percent(max(epoch.accuracy for epoch in runs[0].history)),
            row.book,
            percent(median([final.strict_accuracy for final in finals])),
            percent(median([run.nines_right / run.tested for run in runs])),
            f"{mean([run.cpu_seconds / len(run.history) for run in runs]):.2f}",
        ]


def percent(share: float) -> str:
    return f"{100 * share:.2f}"


HEADER = (
    "setting",
    "% right, seed 0 (95 % interval)",
    "median of seeds (range)",
    "digits never read, seed by seed",
    "best epoch, seed 0",
    "book",
    "% right at thresholds",
    '% right, "9 or not"',
    "CPU s an epoch",
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=TABLES, help="one table")
    parser.add_argument("--out", type=Path, default=Path("runs/book.json"))
    given = parser.parse_args(arguments)
    bench = Bench(load_mnist(data_folder()))
    start = time.process_time()
    with threadpool_limits(1):
        for title in [given.only] if given.only else TABLES:
            print(
                f"\n## {title}\n\n{markdown(HEADER, [bench.line(row) for row in TABLES[title]()])}",
                flush=True,
            )
    print(f"\n{len(bench.runs)} trainings, {(time.process_time() - start) / 60:.1f} CPU minutes")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    report = [{"config": config.to_json(), **asdict(run)} for config, run in bench.runs.items()]
    given.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
