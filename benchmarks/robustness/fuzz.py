"""Fuzzing of everything that takes bytes from outside, but HTTP: images, PDFs, weights, tables, templates, profiles.

    python -m benchmarks.robustness.fuzz [--n 1000]

Real files of every kind and image format are mutated (bits flipped, bytes overwritten with telling values, cut off,
parts left out, doubled or spliced in from another file) and read in process. Everything must end in a result or in
one of our own errors: any other exception is a crash, more than LIMIT seconds of the processor a hang. What it finds is
printed with its seed.
"""

from __future__ import annotations

import io
import json
import resource
import shutil
import signal
import tempfile
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import describe, open_reader, options, write_report
from benchmarks.common.tables import markdown
from classifier.errors import ClassifierError
from pipeline.documents.pages import load_pages, page_sizes
from pipeline.documents.templates.template_file import load_template
from pipeline.errors import PipelineError
from pipeline.evaluation.evaluation import load_truth
from pipeline.formats.format import parse_format
from pipeline.image_formats import PLUGINS, is_known
from pipeline.reading.confidence.profile import Profile, load_profile
from pipeline.reading.field_reader import SHIPPED, FieldReader
from segmenter.errors import SegmenterError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "JPEG2000", "AVIF", "HEIF")
TELLING = (0, 1, 0x7F, 0x80, 0xFF)
LIMIT = 20  # seconds of the processor for one input
LONGEST = 300  # seconds in all, for one that waits
OURS = (PipelineError, SegmenterError, ClassifierError)
SHOWN = 5  # failures of a kind that are printed
SPECS = ("digits:3-6", "amount", "date:DD.MM.YYYY", r"\d{4}-\d{6}", "digits:10,luhn", "iban:DE", r"(0|1[0-2])?\d+")
TEMPLATE = """version = 1
[page]
size = [2560, 3300]
landmarks = [[0.17, 0.26, 0.23, 0.03], [0.5, 0.26, 0.23, 0.03], [0.17, 0.5, 0.23, 0.03], [0.8, 0.7, 0.2, 0.03]]
[[field]]
name = "amount"
box = [0.55, 0.20, 0.70, 0.25]
format = "amount"
required = true
"""
PROFILE = Profile(0.9, "0" * 64, None, 0.01, 0.95, 900, 800, 1, 0.006).to_json()
PNG_HEAD = 8  # bytes before the first chunk

Attempt = Callable[[bytes], object]


class HangError(Exception):
    """An input took too long."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "fuzz.json", seed=3)
    parser.add_argument("--n", type=int, default=1000, help="inputs of each kind")
    given = parser.parse_args(arguments)
    reader = open_reader(given.weights)
    about = describe(given.weights, reader)
    rows: list[list[str]] = []
    failures: list[str] = []
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind, seeds, attempt in kinds(reader, Path(folder)):
            counts, slowest = Counter({"read": 0, "refused": 0, "crash": 0, "hang": 0}), 0.0
            for number in range(given.n):
                rng = np.random.default_rng([given.seed, len(rows), number])
                begin = time.process_time()
                outcome, trouble = result_of(attempt, mutated(rng, seeds))
                counts[outcome] += 1
                slowest = max(slowest, time.process_time() - begin)
                if trouble and counts[outcome] <= SHOWN:
                    failures.append(f"{kind}, input {number}: {trouble}")
            rows.append([kind, str(given.n), *map(str, counts.values()), f"{slowest:.2f}"])
            report[kind] = {**counts, "slowest": slowest}
    print(f"{given.n} inputs of each kind, seed {given.seed}\n")
    print(markdown(["kind", "inputs", "read", "refused", "crashes", "hangs", "slowest, s CPU"], rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:.0f} MiB")
    print("\n".join(failures))
    write_report(given.out, {"weights": about, "seed": given.seed, "n": given.n, "kinds": report, "peak_mib": peak})
    if failures:
        raise SystemExit(1)


def kinds(reader: FieldReader, folder: Path) -> Iterator[tuple[str, list[bytes], Attempt]]:
    """Each kind of input: its name, real files to mutate, and what reads one."""

    def in_file(name: str, read: Callable[[Path], object]) -> Attempt:
        def attempt(data: bytes) -> object:
            (folder / name).write_bytes(data)
            return read(folder / name)

        return attempt

    for format in FORMATS:
        if not written(format):
            print(f"left out: {format}, which no plug-in here writes")
            continue
        yield f"image, {format}", encoded(format), reader.read
    yield "document (.pdf)", encoded("PDF"), lambda data: (page_sizes(data), [page.error for page in load_pages(data)])
    for picture in EXAMPLES.glob("*.png"):  # that the truth table names
        shutil.copy(picture, folder)
    shutil.copy(SHIPPED.with_suffix(".json"), folder / "mine.json")
    yield "weights (.npz)", [SHIPPED.read_bytes()], in_file("mine.npz", FieldReader)
    shutil.copy(SHIPPED, folder / "card.npz")
    yield (
        "card of weights (.json)",
        [SHIPPED.with_suffix(".json").read_bytes()],
        in_file("card.json", lambda path: FieldReader(path.with_suffix(".npz"))),
    )
    yield "truth table (.csv)", [(EXAMPLES / "truth.csv").read_bytes()], in_file("truth.csv", load_truth)
    yield "template (.toml)", [TEMPLATE.encode()], in_file("form.toml", load_template)
    yield "profile (.json)", [json.dumps(PROFILE).encode()], in_file("profile.json", load_profile)
    yield "format", [spec.encode() for spec in SPECS], lambda data: parse_format(data.decode("utf-8", "replace"))


def written(format: str) -> bool:
    """Whether pictures of a format can be written, its plug-in loaded where it has one."""
    if format in PLUGINS:
        is_known(format)
    Image.init()
    return format in Image.SAVE


def encoded(format: str) -> list[bytes]:
    """Small pictures in an image format."""
    found = []
    for name, mode in (("amount.png", "L"), ("date.png", "RGB")):
        with Image.open(EXAMPLES / name) as image:
            small = image.convert(mode).resize((160, 160 * image.height // image.width))
        file = io.BytesIO()
        small.save(file, format)
        found.append(file.getvalue())
    return found


def mutated(rng: np.random.Generator, seeds: list[bytes]) -> bytes:
    """One of the files, changed in one to eight ways; half of the changes in its first 64 bytes."""
    data = bytearray(seeds[int(rng.integers(len(seeds)))])
    other = seeds[int(rng.integers(len(seeds)))]
    for _ in range(int(rng.integers(1, 9))):
        if not data:
            break
        place = int(rng.integers(min(len(data), 64) if rng.random() < 0.5 else len(data)))
        length = int(rng.integers(1, 17))
        match int(rng.integers(6)):
            case 0:
                data[place] ^= 1 << int(rng.integers(8))
            case 1:
                data[place : place + length] = bytes([TELLING[int(rng.integers(len(TELLING)))]]) * length
            case 2:
                del data[place:]
            case 3:
                del data[place : place + length]
            case 4:
                data[place:place] = data[place : place + length]
            case _:
                begin = int(rng.integers(len(other)))
                data[place : place + length] = other[begin : begin + length]
    return with_checksums(bytes(data)) if rng.random() < 0.8 else bytes(data)


def with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what stands in them now, so that decoders look further; other data as
    they are."""
    if not data.startswith(b"\x89PNG"):
        return data
    parts, place = [data[:PNG_HEAD]], PNG_HEAD
    while place + 12 <= len(data):
        end = min(place + 8 + int.from_bytes(data[place : place + 4]), len(data) - 4)
        body = data[place + 4 : end]
        parts += [data[place : place + 4], body, zlib.crc32(body).to_bytes(4)]
        place = end + 4
    return b"".join(parts)


def result_of(attempt: Attempt, data: bytes) -> tuple[str, str | None]:
    """What became of an input: read, refused (one of our errors, with a sentence), crash or hang; and the trouble."""
    try:
        with limited():
            attempt(data)
    except OURS as error:
        return ("refused", None) if str(error) else ("crash", f"{type(error).__name__} without a sentence")
    except HangError:
        return "hang", f"more than {LIMIT} seconds"
    except Exception as error:
        return "crash", f"{type(error).__name__}: {error}"
    return "read", None


@contextmanager
def limited() -> Iterator[None]:
    """Raises HangError after LIMIT seconds of the processor, or LONGEST seconds."""

    def stop(*_: Any) -> None:
        raise HangError

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, LIMIT), signal.SIGALRM: (signal.ITIMER_REAL, LONGEST)}
    before = {number: signal.signal(number, stop) for number in timers}
    for timer, seconds in timers.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for number, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


if __name__ == "__main__":
    main()
