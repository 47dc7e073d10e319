"""Networks of a weights file written as one ONNX model, with their contracts in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifier.onnx.graphs import model_of
from classifier.weights import load_networks
from pipeline.errors import UsageError
from pipeline.exporting.contracts import contract_of
from pipeline.files import check_new, write_whole
from pipeline.reading.field_reader import SHIPPED

FROM_CARD = ("weights_sha256", "attribution", "calibration", "joint", "thresholds")


def write_model(weights: Path | None, out: Path, wanted: Sequence[str] = (), force: bool = False) -> dict[str, Any]:
    """Write the networks that are wanted, by default all, and say what the model takes and gives (`contract`).

    Raises WeightsError; UsageError where the file is there already, or is that of the weights, or a network is not;
    OutputError.
    """
    source = weights or SHIPPED
    check_new(out, force, inputs=[source, source.with_suffix(".json")])
    networks, card = load_networks(source)
    known = networks.named()
    for name in wanted:
        if name not in known:
            raise UsageError(f"these weights have no network {name!r}; they have {', '.join(known)}")
    chosen = {name: network for name, network in known.items() if not wanted or name in wanted}
    contract = {name: contract_of(name, network) for name, network in chosen.items()}
    write_whole(out, model_of(chosen, _metadata(contract, card), half=True))
    return contract


def _metadata(contract: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, str]:
    """Texts by name, as ONNX has it: JSON each, but for the hash."""
    known = {key: card[key] for key in FROM_CARD if key in card}
    facts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in known.items()}
    return {"contract": json.dumps(contract), **facts}
