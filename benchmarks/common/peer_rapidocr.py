"""Reads pictures with rapidocr and prints one JSON object a line: file, text, confidence, CPU milliseconds.

    PEER/bin/python benchmarks/common/peer_rapidocr.py < NAMES

NAMES: a file name a line. Run by the Python of an environment that has rapidocr and onnxruntime; this file imports
nothing of ours. To be fair to it: recognition only, since the pictures are lines already; one thread, as for ours;
and among its characters only digits, what stands between digits, and the blank, since we too are asked for nothing
else. It has no option for that, so that its decoder is given columns in which the other characters have no share.
Confidence is the least of its characters' scores, as one wrong digit makes a number wrong.
"""

import json
import os
import sys
import time
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
from rapidocr import RapidOCR

BETWEEN = ".,-/:$% "
BLANK = 0  # the output that reads nothing
OPTIONS = {
    "Global.log_level": "error",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def restrict(engine: RapidOCR) -> None:
    """Lets the engine decode digits, BETWEEN and blank only. It loads its decoder with the first picture."""
    recognise(engine, np.full((48, 160, 3), 255, dtype=np.uint8))
    decode = engine.text_rec.postprocess_op
    wanted = np.array([k == BLANK or c in "0123456789" + BETWEEN for k, c in enumerate(decode.character)])

    def decode_digits(columns: Any, *arguments: Any, **options: Any) -> Any:
        """columns: (N, T, characters) probabilities."""
        kept = np.where(wanted, columns, 0)
        return decode(kept / np.maximum(kept.sum(axis=2, keepdims=True), 1e-12), *arguments, **options)

    engine.text_rec.postprocess_op = decode_digits


def recognise(engine: RapidOCR, picture: np.ndarray) -> Any:
    """The engine's result for a picture (H, W, 3) uint8 of one line."""
    return engine(picture, use_det=False, use_cls=False, use_rec=True)


def read(engine: RapidOCR, name: str) -> tuple[str, float]:
    """Text and confidence; nothing where the picture cannot be decoded."""
    picture = cv2.imread(name)
    if picture is None:
        return "", 0.0
    found = recognise(engine, picture)
    return "".join(found.txts or ()), min(map(float, found.scores or ()), default=0.0)


def main() -> None:
    engine = RapidOCR(params=OPTIONS)
    restrict(engine)
    for name in sys.stdin.read().splitlines():
        start = time.process_time()
        text, confidence = read(engine, name)
        cpu_ms = 1000 * (time.process_time() - start)
        print(json.dumps({"file": name, "text": text, "confidence": confidence, "cpu_ms": cpu_ms}), flush=True)


if __name__ == "__main__":
    main()
