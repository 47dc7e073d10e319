"""Lines of MICR characters on drawn cheques, E-13B and CMC-7, at several resolutions.

    python -m benchmarks.accuracy.micr

Each line is drawn with a blur, a thickness, noise, a fall of the light and a tilt of up to a degree of its own
(benchmarks/common/drawn_micr.py), with the numbers and check digits that cheques of the USA, India, France and Brazil
have, and stored as a JPEG.
Found: a line was read; right: all of its characters, spaces and symbols.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from benchmarks.common.check_digits import with_check_digit
from benchmarks.common.drawn_micr import E13B_HEIGHT, draw_bars, draw_cheque, draw_shapes
from benchmarks.common.scores import options, share, write_report
from benchmarks.common.tables import markdown
from pipeline.documents.layout.sheet import make_sheet
from pipeline.documents.micr.micr_line import read_micr
from pipeline.images import load_grey
from pipeline.synthesis.scans import stored_as_jpeg

ACCEPTED = 0.9  # confidence: a line's is that of a match, and not calibrated
DOTS = (150, 200, 300)  # an inch


@dataclass(frozen=True)
class MicrResult:
    """A drawn line and what was read, "" for nothing, with what confidence."""

    truth: str
    text: str
    confidence: float

    @property
    def right(self) -> bool:
        return self.text == self.truth


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "micr.json", seed=17)
    parser.add_argument("--n", type=int, default=100, help="lines of each alphabet at each resolution")
    given = parser.parse_args(arguments)
    results = {
        (alphabet, dots): [read_drawn(alphabet, dots, (given.seed, dots, k)) for k in range(given.n)]
        for alphabet in DRAW
        for dots in DOTS
    }
    print(f"drawn lines, seed {given.seed}; accepted: confidence {ACCEPTED} or more\n")
    header = ["line", "dots an inch", "n", "found", "right (95 % interval)", "accepted", "of these wrong"]
    print(markdown(header, [_row(*where, found) for where, found in results.items()]))
    lines = [
        {"alphabet": alphabet, "dots": dots, "lines": [asdict(one) for one in found]}
        for (alphabet, dots), found in results.items()
    ]
    write_report(given.out, {"seed": given.seed, "results": lines})


def _row(alphabet: str, dots: int, results: Sequence[MicrResult]) -> list[str]:
    n, accepted = len(results), [one for one in results if one.confidence >= ACCEPTED]
    return [
        alphabet,
        str(dots),
        str(n),
        str(sum(one.text != "" for one in results)),
        share(sum(one.right for one in results), n),
        str(len(accepted)),
        str(sum(not one.right for one in accepted)),
    ]


def read_drawn(alphabet: str, dots: int, seed: Sequence[int]) -> MicrResult:
    """A line at random, drawn and read."""
    rng = np.random.default_rng(seed)
    truth = DRAW[alphabet][int(rng.integers(2))](rng)
    fields = read_micr(make_sheet(_scan(rng, alphabet, truth, dots / 25.4)), ACCEPTED)
    reading = fields[0].reading if fields else None
    return MicrResult(truth, (reading and reading.written) or "", reading.confidence if reading else 0.0)


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in rng.integers(10, size=count))


def _usa(rng: np.random.Generator) -> str:
    return f"⑈{_digits(rng, 6)}⑈ ⑆{with_check_digit('aba', _digits(rng, 8))}⑆ {_digits(rng, 7)}⑈"


def _india(rng: np.random.Generator) -> str:
    return f"⑈{_digits(rng, 6)}⑈ {_digits(rng, 9)}⑆ {_digits(rng, 6)}⑈ 31"


def _france(rng: np.random.Generator) -> str:
    return f"<{_digits(rng, 7)}< {_digits(rng, 12)}> {_digits(rng, 12)}:"


def _brazil(rng: np.random.Generator) -> str:
    bank, cheque, account = (with_check_digit("luhn", _digits(rng, count)) for count in (7, 10, 10))
    return f"<{bank[:-1]}{cheque[-1]}<{cheque[:-1]}>{bank[-1]}{account}:"


DRAW = {"E-13B": (_usa, _india), "CMC-7": (_france, _brazil)}


def _scan(rng: np.random.Generator, alphabet: str, text: str, per_mm: float) -> np.ndarray:
    """A cheque of 175 mm with the line at its foot, (H, W) float32, as it comes from a scanner."""
    seed, blur, noise = int(rng.integers(2**31)), rng.uniform(0.4, 0.8), rng.uniform(0.01, 0.06)
    if alphabet == "CMC-7":
        bar = rng.uniform(0.11, 0.2)
        line = draw_bars(text, per_mm, seed, bar, blur, noise, stretch=rng.uniform(0.98, 1.02))
    else:
        line = draw_shapes(text, E13B_HEIGHT * per_mm, seed, int(rng.integers(-1, 2)), blur, noise)
    page = draw_cheque(line, (round(80 * per_mm), round(175 * per_mm)), left=round(20 * per_mm))
    page = page * np.linspace(1, rng.uniform(0.75, 1), page.shape[1])
    page = ndimage.rotate(page, rng.uniform(-1, 1), reshape=False, order=1, mode="nearest")
    return load_grey(stored_as_jpeg((np.clip(page, 0, 1) * 255).astype(np.uint8), int(rng.integers(60, 95))))


if __name__ == "__main__":
    main()
