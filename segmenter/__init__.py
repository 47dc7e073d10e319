"""Image to ink to cuts; knows no digits."""

from segmenter.cuts import Cut, find_cuts
from segmenter.errors import SegmenterError
from segmenter.ink import Ink, extract_ink
from segmenter.pieces import Pieces, cut_pieces
from segmenter.spans import Spans, find_spans

__all__ = [
    "Cut",
    "Ink",
    "Pieces",
    "SegmenterError",
    "Spans",
    "cut_pieces",
    "extract_ink",
    "find_cuts",
    "find_spans",
]
