"""Contact sheet of synthetic strings, and what drawing them costs.

    python benchmarks/diagnosis/strings_sheet.py --preset evaluation --seed 3 --out sheet.png

Reads MNIST and the pen strokes from DIGITSTRING_DATA; without
them it draws from our own allographs alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.data.mnist import load_mnist  # noqa: E402
from pipeline.data.strokes import STROKE_KINDS, load_strokes  # noqa: E402
from pipeline.synthesis.sources import Sources  # noqa: E402
from pipeline.synthesis.strings import PRESETS, SyntheticString, draw_string, touching_neighbours  # noqa: E402

CELL, COLUMNS = (270, 100), 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", type=int, help="digits in each string (else as the preset has it)")
    parser.add_argument("--rows", type=int, default=11)
    parser.add_argument("--timed", type=int, default=500, help="strings drawn for the figures")
    parser.add_argument("--out", type=Path, default=Path("strings.png"))
    arguments = parser.parse_args()
    sources, style = gather_sources(), PRESETS[arguments.preset]
    rng = np.random.default_rng(arguments.seed)
    shown = [draw_string(rng, sources, style, arguments.length) for _ in range(arguments.rows * COLUMNS)]
    contact_sheet(shown).save(arguments.out)
    start = time.process_time()
    strings = [draw_string(rng, sources, style, arguments.length) for _ in range(arguments.timed)]
    milliseconds = 1000 * (time.process_time() - start) / max(1, arguments.timed)
    print(
        json.dumps(
            {
                "preset": style.name,
                "seed": arguments.seed,
                "sheet": str(arguments.out),
                "cpu_ms_per_string": round(milliseconds, 2),
                **figures(strings),
            }
        )
    )


def gather_sources() -> Sources:
    """All training digits, strings and marks where the data are, else nothing but our allographs."""
    folder = Path(os.environ.get("DIGITSTRING_DATA") or "data")
    if not folder.is_dir():
        return Sources()
    mnist = load_mnist(folder)
    digits, strings, others = (load_strokes(folder / "strokes" / f"{kind}.jsonl.gz") for kind in STROKE_KINDS)
    return Sources(
        mnist.train_images, mnist.train_labels, mnist.train_writers, tuple(digits), tuple(strings), tuple(others)
    )


def contact_sheet(strings: list[SyntheticString]) -> Image.Image:
    """The pictures, each shrunk or enlarged into a cell of its own."""
    width, height = CELL
    sheet = Image.new("L", (COLUMNS * width, -(-len(strings) // COLUMNS) * height), 255)
    for number, string in enumerate(strings):
        picture = Image.fromarray(string.image)
        scale = min((width - 8) / picture.width, (height - 5) / picture.height)
        picture = picture.resize((max(1, int(picture.width * scale)), max(1, int(picture.height * scale))))
        sheet.paste(picture, (number % COLUMNS * width, number // COLUMNS * height))
    return sheet


def figures(strings: list[SyntheticString]) -> dict[str, object]:
    """Share of touching neighbours and the pictures' median size."""
    counts = [touching_neighbours(string) for string in strings if string.owner_known]
    touching, pairs = np.sum(counts, axis=0) if counts else (0, 0)
    sizes = np.array([string.image.shape[::-1] for string in strings] or [(0, 0)])
    return {
        "strings": len(strings),
        "neighbours": int(pairs),
        "touching_share": round(float(touching / max(1, pairs)), 3),
        "median_size": np.median(sizes, axis=0).astype(int).tolist(),
    }


if __name__ == "__main__":
    main()
