"""rapidocr's text recogniser in the place of the line network; needs the extra `digitstring[rapidocr]`.

Its network (PP-OCR, by ONNX Runtime) reads thousands of characters, 21 MB of weights, and nobody outside its makers can
say what these were trained on. Its columns are taken before it decodes them, so that a text has its exact probability.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from pipeline.errors import UsageError
from pipeline.reading.line.readers import LineColumns
from segmenter.arrays import Grey

BLANK = 0  # the recogniser's symbol for nothing
HEIGHT, LEAST_WIDTH = 48, 320  # pixels that it scales a line to; narrower lines are padded on the right
LEAST_SIDE = 4  # pixels: smaller pictures are enlarged, as it refuses them
OPTIONS = {
    "Global.log_level": "error",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


class RapidReader:
    """A `ColumnReader`. Loads its weights once; one picture at a time. Raises UsageError where rapidocr is missing."""

    def __init__(self) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise UsageError("this second reader is rapidocr; install digitstring[rapidocr]") from error
        self._engine = RapidOCR(params=OPTIONS)
        self._lock = threading.Lock()
        self._columns: np.ndarray | None = None
        self._recognise(np.full((HEIGHT, LEAST_WIDTH, 3), 255, dtype=np.uint8))  # it loads with the first picture
        self._decoder = self._engine.text_rec.postprocess_op
        self._engine.text_rec.postprocess_op = self._keep
        self.alphabet = ["" if k == BLANK else str(sign) for k, sign in enumerate(self._decoder.character)]

    def read_columns(self, grey: Grey) -> LineColumns:
        """As `ColumnReader`."""
        picture = np.clip(grey * 255, 0, 255).astype(np.uint8)
        times = -(-LEAST_SIDE // min(picture.shape))
        if times > 1:
            picture = np.kron(picture, np.ones((times, times), dtype=np.uint8))
        with self._lock:
            self._recognise(np.repeat(picture[:, :, None], 3, axis=2))
            columns = self._columns
        assert columns is not None
        width = max(grey.shape[1], grey.shape[0] * LEAST_WIDTH / HEIGHT)
        logs = np.log(np.maximum(columns, 1e-12)).astype(np.float32)
        return LineColumns(logs, self.alphabet, 0.0, width / len(logs))

    def _recognise(self, picture: np.ndarray) -> None:
        self._engine(picture, use_det=False, use_cls=False, use_rec=True)

    def _keep(self, columns: Any, *arguments: Any, **options: Any) -> Any:
        """In the place of its decoder: keeps the columns (1, T, characters)."""
        self._columns = np.asarray(columns)[0]
        return self._decoder(columns, *arguments, **options)
