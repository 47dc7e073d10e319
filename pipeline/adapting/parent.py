"""The weights that an adaptation begins with, and the weights and the card that it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classifier.weights import Networks, network_arrays, network_card
from pipeline.adapting.adapt_recipe import AdaptRecipe, AdaptReport
from pipeline.adapting.check import Answers, adapted_confidence
from pipeline.adapting.labelled import Picture
from pipeline.data.downloads import sha256_of
from pipeline.reading.confidence.calibration import Calibration
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.field_reader import SHIPPED, FieldReader
from pipeline.training.checkpoints import TrainingFiles, commit, plain, versions

OF_THE_PARENT = ("weights_sha256", "figures", "adapted", "seconds")


@dataclass(frozen=True, eq=False)
class Parent:
    """networks and card of the weights; joint: how its two readers are joined, None where one reads alone."""

    networks: Networks
    card: dict[str, Any]
    joint: Joint | None
    calibration: Calibration
    sha256: str

    @classmethod
    def load(cls, weights: Path | None) -> Parent:
        """Of a weights file, None: the shipped one. Raises WeightsError."""
        reader = FieldReader(weights)
        joint = None if reader.line is None else reader.line.joint
        digest = sha256_of(SHIPPED if weights is None else Path(weights))
        return cls(reader.networks, reader.card, joint, reader.calibration, digest)

    def identity(self, recipe: AdaptRecipe, pictures: Sequence[Picture]) -> dict[str, Any]:
        """What must be the same for an adaptation to go on."""
        return {
            "recipe": plain(asdict(recipe)),
            "pictures_sha256": _hash(pictures),
            "parent_sha256": self.sha256,
        }

    def adapted_confidence(self, answers: Answers, joint: Joint | None) -> dict[str, Any]:
        """What the card says of confidence, from held-out strings; joint: of the two readers, if there are two."""
        found = adapted_confidence(answers, self.card)
        return found if joint is None else {**found, "joint": joint.to_json()}

    def save(
        self,
        files: TrainingFiles,
        networks: Networks,
        identity: dict[str, Any],
        report: AdaptReport,
        confidence: dict[str, Any] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        """Weights, and the parent's card with what was done. confidence: what the card says of it anew; more: of the
        adaptation.

        What the card said of a third party's second reader holds for the parent's crop networks only.
        """
        dropped = OF_THE_PARENT if not report.kept_parent else OF_THE_PARENT[:-1]
        card = {key: value for key, value in self.card.items() if key not in dropped}
        before = {key: self.card[key] for key in ("figures", "adapted") if key in self.card}
        comparison = None if report.comparison is None else report.comparison.to_json()
        adapted = {
            **identity,
            "parent": before,
            "kept_parent": report.kept_parent,
            "passes": report.passes,
            "learned": list(report.learned),
            "rows": report.rows,
            "skipped": list(report.skipped),
            "held_out": comparison,
            **(more or {}),
            "commit": commit(),
            "versions": versions(),
        }
        files.save(
            network_arrays(networks), {**card, **network_card(networks), **(confidence or {}), "adapted": adapted}
        )


def _hash(pictures: Sequence[Picture]) -> str:
    """SHA-256 of what is learned from: pixels and texts."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(repr((picture.file, picture.grey.shape, picture.text)).encode())
        digest.update(picture.grey.tobytes())
    return digest.hexdigest()
