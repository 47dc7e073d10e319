"""Two readers as one: the probability of a text from what the lattice and the line say of it.

ln P = a ln P_lattice + b ln P_line + c L, up to a constant over the candidates (a logarithmic opinion pool; Hinton
2002, "Training products of experts"): mistakes that both make alike are rare. Each probability is exact, a sum over
paths, and has a floor, so that a reader that has lost its way cannot veto. L is the number of digits: both readers
overlook a thin digit more often than they invent one, and readers of speech mend that alike, by a bonus for each word.
Candidates are the likeliest texts of both, and the empty text. What the log-odds of the best text are worth where the
readers differ is fitted, too (`doubt`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.sigmoid import sigmoid
from pipeline.reading.confidence.calibration import LEAST, Calibration

Vector = NDArray[np.float64]
UNCALIBRATED = Calibration()


@dataclass(frozen=True)
class Joint:
    """How two readers are joined; fitted by pipeline/training/calibrating/calibrate_joint.py, one set for all pictures.

    lattice, line: a and b. lattice_floor, line_floor: ln of what is added to the probabilities of each.
    digit: c, nats for each digit of a text.
    differ: taken from the log-odds of the best text where the readers' best texts differ; unlike: ... for each unit of
    ln P that the reader that likes it less gives it. lattice_alone, line_alone: calibrations of each reader's own best
    text, by which `readers` of a reading are reported.
    """

    lattice: float = 1.0
    line: float = 1.0
    lattice_floor: float = math.log(1e-4)
    line_floor: float = math.log(1e-6)
    differ: float = 0.0
    unlike: float = 0.0
    digit: float = 0.0
    lattice_alone: Calibration = UNCALIBRATED
    line_alone: Calibration = UNCALIBRATED

    def __post_init__(self) -> None:
        numbers = (self.lattice, self.line, self.lattice_floor, self.line_floor, self.differ, self.unlike, self.digit)
        if not all(math.isfinite(number) for number in numbers) or min(self.lattice, self.line) < 0:
            raise ValueError(f"not a way to join two readers: {self}")
        if max(self.lattice_floor, self.line_floor) >= 0:
            raise ValueError(f"floors are logarithms of small probabilities: {self}")

    def scores(self, lattice: Vector, line: Vector, digits: Vector) -> Vector:
        """(N,) ln P of texts, up to a constant; lattice, line: (N,) ln of their probability by each reader; digits:
        (N,) how many each has."""
        pooled = self.lattice * np.logaddexp(lattice, self.lattice_floor)
        pooled += self.line * np.logaddexp(line, self.line_floor)
        return pooled + self.digit * digits

    def posteriors(self, lattice: Vector, line: Vector, digits: Vector) -> Vector:
        """(N,) probabilities of candidates; the best one's less what doubts take from its log-odds, so that the sum may
        be less than 1."""
        scores = self.scores(lattice, line, digits)
        shares = np.exp(scores - np.logaddexp.reduce(scores))
        best = int(shares.argmax())
        differ = lattice.argmax() != line.argmax()
        doubts = self.differ * differ + self.unlike * self.unlikeness(lattice, line)[best]
        odds = math.log(max(shares[best], LEAST) / max(1 - shares[best], LEAST)) - doubts
        doubted = min(float(sigmoid(np.array(odds))), float(shares[best]))
        shares = np.minimum(shares, doubted)  # none becomes likelier than the best
        shares[best] = doubted
        return shares

    def unlikeness(self, lattice: Vector, line: Vector) -> Vector:
        """(N,) minus ln P of each text by the reader that likes it less, at most minus its floor."""
        return -np.minimum(np.logaddexp(lattice, self.lattice_floor), np.logaddexp(line, self.line_floor))

    def to_json(self) -> dict[str, Any]:
        """What the weights' card holds."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Joint:
        """Of a card, that of former weights included, whose joint knew no bonus for digits. Raises ValueError,
        TypeError, KeyError for anything else."""
        record = {"digit": 0.0, **record}
        lattice, line = (Calibration.from_json(record[name]) for name in ("lattice_alone", "line_alone"))
        numbers = {field.name: float(record[field.name]) for field in fields(cls) if not field.name.endswith("_alone")}
        return cls(**numbers, lattice_alone=lattice, line_alone=line)
