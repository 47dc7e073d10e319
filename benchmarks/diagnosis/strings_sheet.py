"""Contact sheet of synthetic strings, and what drawing them costs.

    python benchmarks/diagnosis/strings_sheet.py --preset evaluation --seed 3 --out sheet.png
    python benchmarks/diagnosis/strings_sheet.py --preset surrounded --layout comb --writing print --out combs.png
    python benchmarks/diagnosis/strings_sheet.py --preset surrounded --read 300     # and how many the reader reads

Draws from the hands that are trained on, where DIGITSTRING_DATA names them; without them from our own allographs alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.synthesis.sources import Sources  # noqa: E402
from pipeline.synthesis.strings import PRESETS, SyntheticString, draw_string, touching_neighbours  # noqa: E402
from pipeline.synthesis.style import StringStyle  # noqa: E402
from pipeline.synthesis.surroundings.chances import CHOICES  # noqa: E402
from pipeline.training.recipe import Recipe  # noqa: E402
from pipeline.training.training_data import load_data  # noqa: E402

CELL, COLUMNS = (270, 100), 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", type=int, help="digits in each string (else as the preset has it)")
    parser.add_argument("--rows", type=int, default=11)
    for name in ("content", "writing", "layout"):
        parser.add_argument(f"--{name}", choices=CHOICES[f"{name}s"], help="this alone, of what surrounds numbers")
    parser.add_argument("--read", type=int, default=0, help="further strings that the shipped reader reads")
    parser.add_argument("--timed", type=int, default=500, help="strings drawn for the figures")
    parser.add_argument("--out", type=Path, default=Path("strings.png"))
    arguments = parser.parse_args()
    sources, style = gather_sources(), chosen_style(parser, arguments)
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
                **read_share([draw_string(rng, sources, style) for _ in range(arguments.read)]),
            }
        )
    )


def chosen_style(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> StringStyle:
    """The preset, its surroundings narrowed to what the options name."""
    style = PRESETS[arguments.preset]
    kept: dict[str, Any] = {
        f"{name}s": ((value, 1.0),) for name in ("content", "writing", "layout") if (value := vars(arguments)[name])
    }
    if not kept:
        return style
    if style.surroundings is None:
        parser.error(f"the preset {style.name} has no surroundings")
    if "writings" in kept:
        kept["lone_writings"] = kept["writings"]
    return replace(style, surroundings=replace(style.surroundings, cheques=0.0, **kept))


def gather_sources() -> Sources:
    """All training digits, strings and marks where the data are, else nothing but our allographs."""
    folder = Path(os.environ.get("DIGITSTRING_DATA") or "data")
    return load_data(folder, Recipe()).training if folder.is_dir() else Sources()


def read_share(strings: list[SyntheticString]) -> dict[str, object]:
    """The share of the strings that the shipped reader reads, and how many there were."""
    if not strings:
        return {}
    from pipeline import Reader

    reader = Reader()
    right = sum((reader.read(string.image).text or "") == string.text for string in strings)
    return {"read": len(strings), "read_right": round(right / len(strings), 3)}


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
