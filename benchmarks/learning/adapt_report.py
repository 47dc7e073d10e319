"""The parts that `benchmarks.learning.adapt` measured, joined into tables and a picture of the learning curve."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from benchmarks.common.scores import Scores, share, write_report
from benchmarks.common.tables import markdown
from benchmarks.learning.adapt_forgetting import KINDS
from pipeline.evaluation.metrics import wilson

WIDTH, HEIGHT, MARGIN = 640, 400, 56  # of the picture, pixels
LEFT_OUT = ("each",)
FOLDS = ("fold-", "unlabelled-fold-")


def print_report(out: Path) -> None:
    """Prints the tables of all parts beside `out`, writes them joined to it, and the curve to a PNG of its name.

    Raises SystemExit where no part was measured, or they are of different weights.
    """
    parts = [json.loads(path.read_text()) for path in sorted(out.parent.glob(f"{out.stem}-*.json"))]
    if not parts:
        raise SystemExit(f"{out.parent}: holds no parts; measure one with --fold or --size")
    if len({part["weights"]["sha256"] for part in parts}) > 1:
        raise SystemExit("the parts are of different weights; measure them again, or delete the old ones")
    folds, blind = ([part for part in parts if part["part"].startswith(name)] for name in FOLDS)
    sizes = sorted((part for part in parts if part["part"].startswith("size-")), key=lambda part: part["learned"])
    others = [part for part in parts if not any(part["part"].startswith(name) for name in (*FOLDS, "size-"))]
    joined: dict[str, Any] = {"weights": parts[0]["weights"], "parts": [_short(part) for part in parts]}
    print(
        f"weights {parts[0]['weights']['sha256'][:12]}, seeds {sorted({part['seed'] for part in parts})}; "
        "intervals at 95 %\n"
    )
    for name, some in (("folds", folds), ("unlabelled_folds", blind)):
        if some:
            joined[name] = _print_folds(some)
    if others:
        print(markdown(HEADER, [_row(part) for part in others]) + "\n")
    if sizes:
        print(markdown(HEADER, [_row(part) for part in sizes]) + "\n")
        draw_curve(sizes, out.with_suffix(".png"))
        print(f"the curve: {out.with_suffix('.png')}")
    write_report(out, joined)


HEADER = (
    "part",
    "learned",
    "n",
    "before",
    "after",
    "fixed, broken",
    "passes",
    "CPU minutes",
    "each round",
    *(f"{name} before, after" for name in KINDS.values()),
)


def _print_folds(folds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Prints the table of folds and of all strings together; the latter's figures."""
    every = {when: Scores.joined(_scores(part, when) for part in folds) for when in ("before", "after")}
    n, fixed, broken = len(every["before"].right), *_changes(every["before"].right, every["after"].right)
    total = [
        "all",
        "",
        str(n),
        *(share(sum(every[when].right), n) for when in ("before", "after")),
        f"{fixed}, {broken}",
        "",
        f"{sum(part['cpu_minutes'] for part in folds):.1f}",
        ", ".join(f"{right / n:.1%}" for right in _right_in_rounds(folds)),
        *("" for _ in KINDS),
    ]
    print(markdown(HEADER, [*(_row(part) for part in folds), total]) + "\n")
    means = {when: [_mean(folds, when, key) for key in ("accuracy", "read_rate_at_1%")] for when in every}
    rows = [[when, *scores.cells()[2:], *means[when]] for when, scores in every.items()]
    header = ("read rate at 1 % error", "calibration error (by chance)", "mean of folds: right", "... read rate")
    print(markdown(["all folds", *header], rows) + "\n")
    return {**{when: scores.to_json() for when, scores in every.items()}, "fixed": fixed, "broken": broken}


def _right_in_rounds(folds: Sequence[dict[str, Any]]) -> list[int]:
    """Strings right after each round, in all folds together."""
    rounds = [[scores["right"] for scores in part.get("rounds", ())] for part in folds]
    return [sum(each) for each in zip(*rounds, strict=True)]


def _mean(folds: Sequence[dict[str, Any]], when: str, key: str) -> str:
    return f"{sum(part['strings'][when][key] for part in folds) / len(folds):.1%}"


def _row(part: dict[str, Any]) -> list[str]:
    before, after = _scores(part, "before"), _scores(part, "after")
    n = len(before.right)
    fixed, broken = _changes(before.right, after.right)
    return [
        part["part"],
        str(part["learned"]),
        str(n),
        share(sum(before.right), n),
        share(sum(after.right), n),
        f"{fixed}, {broken}",
        "parent kept" if part["kept_parent"] else str(part["passes"]),
        f"{part['cpu_minutes']:.1f}",
        ", ".join(f"{scores['accuracy']:.1%}" for scores in part.get("rounds", ())),
        *(_lost(part["forgotten"], kind) for kind in KINDS),
    ]


def _lost(counts: dict[str, Any], kind: str) -> str:
    if f"{kind}_n" not in counts:
        return ""
    return ", ".join(f"{counts[f'{kind}_{when}'] / counts[f'{kind}_n']:.1%}" for when in ("before", "after"))


def _scores(part: dict[str, Any], when: str) -> Scores:
    right, confidences = part["strings"][when]["each"]
    return Scores(tuple(right), tuple(confidences))


def _changes(before: Sequence[bool], after: Sequence[bool]) -> tuple[int, int]:
    """Strings that became right, and that became wrong."""
    pairs = list(zip(before, after, strict=True))
    return pairs.count((False, True)), pairs.count((True, False))


def _short(part: dict[str, Any]) -> dict[str, Any]:
    """The part without its single strings."""
    strings = {
        when: {key: value for key, value in figures.items() if key not in LEFT_OUT}
        for when, figures in part["strings"].items()
    }
    return {**part, "strings": strings}


def draw_curve(sizes: Sequence[dict[str, Any]], out: Path) -> None:
    """Held-out strings right (with intervals) against strings learned from; the vertical axis from 50 to 100 %."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    most = max(1, *(part["learned"] for part in sizes))

    def place(learned: float, shares: float) -> tuple[float, float]:
        across, up = learned / most, (min(1.0, max(0.5, shares)) - 0.5) / 0.5
        return MARGIN + across * (WIDTH - 1.5 * MARGIN), HEIGHT - MARGIN - up * (HEIGHT - 1.5 * MARGIN)

    for tenth in range(5, 11):
        draw.line([place(0, tenth / 10), place(most, tenth / 10)], fill="#dddddd")
        draw.text((8, place(0, tenth / 10)[1] - 6), f"{10 * tenth} %", fill="black")
    points = []
    for part in sizes:
        figures, learned = part["strings"]["after"], part["learned"]
        points.append(place(learned, figures["accuracy"]))
        draw.line([place(learned, end) for end in wilson(figures["right"], figures["n"])], fill="#7799cc", width=2)
        draw.text((points[-1][0] - 8, HEIGHT - MARGIN + 8), str(learned), fill="black")
    draw.line(points, fill="#224488", width=2)
    for x, y in points:
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill="#224488")
    draw.text((WIDTH // 3, HEIGHT - 20), "strings adapted to (95 % intervals)", fill="black")
    image.save(out)
