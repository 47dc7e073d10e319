"""Makes the outlines of the fonts' digits, fonts/digits.json.gz, from the fonts' packages on npm.

    npm pack @fontsource/kalam                          # in FOLDER; so for every name in FONTS below
    python -m pipeline.synthesis.glyphs.font_outlines FOLDER    # needs the extra "fonts": pip install -e '.[fonts]'

Only the digits' outlines are kept, flattened, with the name, version, licence and copyright line of each font.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import math
import re
import sys
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from skimage.measure import approximate_polygon

from pipeline.errors import DataError
from pipeline.synthesis.glyphs.font_digits import LICENCES, OUTLINES, UNITS
from pipeline.synthesis.sources import DIGITS

HAND = """
amatic-sc annie-use-your-telescope architects-daughter babylonica bad-script caveat caveat-brush cedarville-cursive
coming-soon cookie covered-by-your-grace crafty-girls dawning-of-a-new-day delius edu-nsw-act-foundation
edu-qld-beginner edu-tas-beginner gaegu gamja-flower give-you-glory gloria-hallelujah gochi-hand gveret-levin
handlee herr-von-muellerhoff hi-melody homemade-apple indie-flower itim just-another-hand just-me-again-down-here
kalam klee-one la-belle-aurore league-script licorice liu-jian-mao-cao long-cang loved-by-the-king mali mansalva
marck-script meddon mr-dafoe mr-de-haviland mynerve nanum-brush-script nanum-pen-script nerko-one neucha
nothing-you-could-do over-the-rainbow pangolin patrick-hand permanent-marker playpen-sans poor-story rancho
reenie-beanie rock-salt ruthie sacramento schoolbell sedgwick-ave shadows-into-light shadows-into-light-two
short-stack square-peg sriracha sue-ellen-francisco swanky-and-moo-moo the-girl-next-door vibur
waiting-for-the-sunrise walter-turncoat yomogi zeyada zhi-mang-xing
""".split()
PRINT = """
arimo barlow courier-prime eb-garamond lato libre-baskerville old-standard-tt open-sans oswald pt-serif roboto
roboto-slab share-tech-mono source-code-pro special-elite tinos zilla-slab
""".split()
FONTS: dict[str, str] = dict.fromkeys(HAND, "hand") | dict.fromkeys(PRINT, "print")
"""Name of the package under @fontsource -> style. All were looked at: fonts are left out where a digit is a
decoration or may be taken for another, or where a font that is kept has nearly the same ones."""

TEXTS = {"OFL-1.1": "SIL OPEN FONT LICENSE Version 1.1", "Apache-2.0": "Apache License"}
"""The licences we take, and the line with which their text begins."""
TOLERANCE = 0.002
"""How far, in heights of a digit, flattening and then thinning out may each move an outline."""


def collect(folder: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The fonts of FONTS from their tarballs in ``folder``, and the text of each licence among them.

    Raises DataError where a package is missing, has another licence or lacks a digit.
    """
    fonts: list[dict[str, Any]] = []
    texts: dict[str, str] = {}
    for name, style in FONTS.items():
        # The version begins with a digit: "caveat-5.3.0", not "caveat-brush-5.3.0".
        paths = sorted(folder.glob(f"fontsource-{name}-[0-9]*.tgz"))
        if len(paths) != 1:
            raise DataError(f"{folder}: {len(paths)} packages of {name}; one is needed (npm pack @fontsource/{name})")
        font, text = read_package(paths[0], name, style)
        fonts.append(font)
        texts.setdefault(font["licence"], text)
    return fonts, texts


def read_package(path: Path, name: str, style: str) -> tuple[dict[str, Any], str]:
    """(the font as it stands in the outline file, the text of its licence). Raises DataError."""
    try:
        with tarfile.open(path) as package:
            about = json.loads(_member(package, "package.json"))
            notice = _member(package, "LICENSE").decode("utf-8", "replace").replace("\r\n", "\n")
            data = _member(package, f"files/{name}-latin-400-normal.woff")
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise DataError(f"{path}: not the package of a font, or damaged ({error})") from error
    licence = about.get("license")
    if licence not in TEXTS:
        raise DataError(f"{path}: licence {licence!r}; only {', '.join(TEXTS)} are taken")
    start = re.search(rf"^[ \t]*{TEXTS[licence]}", notice, re.MULTILINE)
    if start is None:
        raise DataError(f"{path}: LICENSE does not hold the text of {licence}")
    digits, own_notice = read_digits(path, data)
    copyright_line = copyright_of(notice[: start.start()]) or copyright_of(own_notice)
    if not copyright_line:
        raise DataError(f"{path}: no copyright line")
    font = {
        "name": name,
        "style": style,
        "version": str(about["version"]),
        "licence": licence,
        "copyright": copyright_line,
        "digits": digits,
    }
    return font, notice[start.start() :].strip("\n") + "\n"


def copyright_of(notice: str) -> str:
    """The copyright in what stands before a licence's text, or in a font's own notice; "" where there is none.

    Less what the packages append: the same again for each file of the family, and sentences on the licence.
    """
    lines = [line for line in notice.splitlines() if re.search("copyright|\u00a9", line, re.IGNORECASE)]
    line = re.split(r"\s\S+\.[to]tf:", " ".join(" ".join(lines).split()))[0]
    return re.split(r"\.? (?:This Font Software is|Licensed under|Available under)", line)[0].strip()


def _member(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(f"package/{name}")
    if file is None:
        raise KeyError(name)
    return file.read()


def read_digits(path: Path, data: bytes) -> tuple[dict[str, list[list[int]]], str]:
    """(digit -> contours as in the outline file, copyright line) of a font file's bytes. Raises DataError."""
    try:
        from fontTools.ttLib import TTFont, TTLibError
    except ImportError as error:
        raise DataError("fontTools is missing; install the extra: pip install -e '.[fonts]'") from error
    try:
        font = TTFont(io.BytesIO(data))
        names, glyphs, notice = font.getBestCmap(), font.getGlyphSet(), font["name"].getDebugName(0) or ""
    except (TTLibError, KeyError) as error:
        raise DataError(f"{path}: not a font ({error})") from error
    missing = [digit for digit in DIGITS if ord(digit) not in names]
    if missing:
        raise DataError(f"{path}: the font has no {', '.join(missing)}")
    curves = {digit: trace_outline(glyphs, names[ord(digit)]) for digit in DIGITS}
    if not all(curves.values()):
        raise DataError(f"{path}: a digit has no outline")
    fine = TOLERANCE * float(font["head"].unitsPerEm) / 2
    heights = [
        np.ptp(np.concatenate([flatten_contour(contour, fine) for contour in curves[digit]])[:, 1]) for digit in DIGITS
    ]
    height = float(np.median(heights))
    return {digit: encode_contours(curves[digit], height) for digit in DIGITS}, " ".join(notice.split())


Piece = tuple[tuple[float, float], ...]
"""The control points of a line, a quadratic or a cubic: two, three or four, in font units, y upward."""


def trace_outline(glyphs: Any, name: str) -> list[list[Piece]]:
    """The closed contours of a glyph of fontTools' glyph set, each a list of pieces."""
    from fontTools.pens.basePen import BasePen

    class Recorder(BasePen):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(glyphs)
            self.contours: list[list[Piece]] = []

        def _moveTo(self, point: Any) -> None:
            self.contours.append([])
            self.start = point

        def _lineTo(self, point: Any) -> None:
            self.contours[-1].append((self._getCurrentPoint(), point))

        def _qCurveToOne(self, first: Any, point: Any) -> None:
            self.contours[-1].append((self._getCurrentPoint(), first, point))

        def _curveToOne(self, first: Any, second: Any, point: Any) -> None:
            self.contours[-1].append((self._getCurrentPoint(), first, second, point))

    recorder = Recorder()
    glyphs[name].draw(recorder)
    return [contour for contour in recorder.contours if contour]


def encode_contours(contours: Iterable[Sequence[Piece]], height: float) -> list[list[int]]:
    """Contours in UNITS of the font's digits' ``height``, as x, y and then the step to each further point.

    y grows downward from the baseline, x to the right from the digit's left edge. The last point joins the
    first. Contours too small to be seen are left out.
    """
    polygons = [flatten_contour(contour, TOLERANCE * height) for contour in contours]
    left = min(float(polygon[:, 0].min()) for polygon in polygons)
    encoded = []
    for polygon in polygons:
        polygon = approximate_polygon(polygon, TOLERANCE * height)
        whole = np.rint((polygon[:-1] - [left, 0]) * [UNITS / height, -UNITS / height]).astype(int)
        whole = whole[(whole != np.roll(whole, 1, axis=0)).any(axis=1)]
        if len(whole) < 3 or np.ptp(whole, axis=0).max() < 0.02 * UNITS:
            continue
        encoded.append([int(value) for value in np.diff(whole, axis=0, prepend=[[0, 0]]).ravel()])
    return encoded


def flatten_contour(contour: Sequence[Piece], tolerance: float) -> np.ndarray:
    """(n, 2) points of the closed contour, first and last the same, off the curves by ``tolerance`` at most."""
    points = [np.array(contour[0][:1], float)]
    for piece in contour:
        controls = np.array(piece, float)
        # The bound of a Bezier curve's distance from its chord, by its second differences.
        degree = len(controls) - 1
        bend = float(np.hypot(*np.diff(controls, 2, axis=0).T).max(initial=0)) * degree * (degree - 1) / 8
        steps = max(1, math.ceil(math.sqrt(bend / tolerance)))
        t = np.arange(1, steps + 1)[:, None] / steps
        while len(controls) > 1:
            # De Casteljau's scheme, for all t at once: controls is (k, 2), then (k, steps, 2).
            if controls.ndim == 2:
                controls = np.repeat(controls[:, None], steps, axis=1)
            controls = (1 - t) * controls[:-1] + t * controls[1:]
        points.append(controls[0])
    points.append(points[0])
    return np.concatenate(points)


def notices(fonts: Sequence[dict[str, Any]], texts: dict[str, str]) -> str:
    """The text that goes with the outlines: where they are from, each font's copyright, each licence once."""
    lines = [
        "The outlines of digits in digits.json.gz are taken from the fonts below, each under the licence named there,",
        "and stay under it. Changed here: only the digits 0 to 9 are kept; their curves are flattened, scaled to a",
        "common height, and rounded. The file is no font. The fonts' names are given to say where the outlines come",
        "from, and are not those of this project; names reserved by a copyright line stay reserved.",
    ]
    for licence in sorted({font["licence"] for font in fonts}, reverse=True):
        lines += ["", f"Under {licence}", ""]
        lines += [
            f"{font['name']} ({font['style']}, @fontsource/{font['name']} {font['version']}): {font['copyright']}"
            for font in fonts
            if font["licence"] == licence
        ]
    for licence in sorted(texts, reverse=True):
        lines += ["", "=" * 78, f"{licence}", "=" * 78, "", texts[licence].rstrip()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with the packages that npm pack made, *.tgz")
    parser.add_argument("--out", type=Path, default=OUTLINES.parent, help="folder for the two files")
    arguments = parser.parse_args()
    try:
        fonts, texts = collect(arguments.folder)
    except DataError as error:
        sys.exit(f"error: {error}")
    content = json.dumps({"units": UNITS, "fonts": fonts}, separators=(",", ":"), ensure_ascii=False).encode()
    # No time in the header: the same packages give the same bytes.
    (arguments.out / OUTLINES.name).write_bytes(gzip.compress(content, 9, mtime=0))
    (arguments.out / LICENCES.name).write_text(notices(fonts, texts), encoding="utf-8")
    print(f"{len(fonts)} fonts in {arguments.out / OUTLINES.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
