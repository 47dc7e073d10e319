"""digitstring: an image of a number goes in, the number comes out, with an honest probability.

    path/bytes/file/array ── reader ── images ──> image (H, W) grey; a page goes on to documents
      └─ segmenter.ink ──> ink (h, w) in [0, 1], 1 = ink; polarity, background, ruled lines, slant, height
         └─ segmenter.cuts ──> Cut, Cut, ... left to right, from coarse (gaps) to fine (inside strokes)
            └─ reading.lattices ──> Span(i, j): every run of neighbouring pieces that could be one character,
               │                   limited by width; whole components snap to the span they mostly belong to
               └─ reading.lattices.characters ──> (N, 2, 28, 28) crops and their measures, one batch
                  └─ classifier.network ──> (N, 11) sigmoid outputs: ten digits and "a mark"; all low: no digit
                     └─ reading.lattices.search ──> best path; unsure spans get finer cuts and are searched again;
                        │                   reading.confidence: with what the line network says of the whole line
                        └─ Reading(text, confidence, digits, alternatives, accepted)

>>> from pipeline import Reader
>>> Reader().read("amount.png").text  # doctest: +SKIP
'1250'

The public names are handed out lazily: `import pipeline` itself costs next to nothing. The distribution installs three
packages of general names, `pipeline`, `segmenter` and `classifier`; beside another distribution that installs one of
them, install it in an environment of its own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.errors import ClassifierError, WeightsError
    from pipeline.documents.fields import DocumentReading, FieldReading
    from pipeline.errors import DataError, ImageError, OutputError, PipelineError, UnreachableError, UsageError
    from pipeline.reader import Reader, read_document
    from pipeline.reading.result import Reading, Result, Unreadable
    from pipeline.reading.result_parts import Alternative, Digit
    from segmenter.errors import SegmenterError

__version__ = "0.1.0"

_HOMES = {
    "Reader": "pipeline.reader",
    "Reading": "pipeline.reading.result",
    "Digit": "pipeline.reading.result_parts",
    "Alternative": "pipeline.reading.result_parts",
    "Result": "pipeline.reading.result",
    "Unreadable": "pipeline.reading.result",
    "read_document": "pipeline.reader",
    "DocumentReading": "pipeline.documents.fields",
    "FieldReading": "pipeline.documents.fields",
    "PipelineError": "pipeline.errors",
    "ImageError": "pipeline.errors",
    "UsageError": "pipeline.errors",
    "DataError": "pipeline.errors",
    "OutputError": "pipeline.errors",
    "UnreachableError": "pipeline.errors",
    "ClassifierError": "classifier.errors",
    "WeightsError": "classifier.errors",
    "SegmenterError": "segmenter.errors",
}

__all__ = [
    "Alternative",
    "ClassifierError",
    "DataError",
    "Digit",
    "DocumentReading",
    "FieldReading",
    "ImageError",
    "OutputError",
    "PipelineError",
    "Reader",
    "Reading",
    "Result",
    "SegmenterError",
    "UnreachableError",
    "Unreadable",
    "UsageError",
    "WeightsError",
    "read_document",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
