"""What each network takes and gives: the contract that travels in the metadata of an exported model."""

from __future__ import annotations

from typing import Any

from classifier.line.line_network import ALPHABET, BLANK, FIRST_MARK, MARGIN, MARKS, OTHER, STRIDE, SYMBOLS, LineNetwork
from classifier.line.line_picture import CONFIG, ROWS
from classifier.network import SKIP, ConvolutionNetwork

CROPS = (
    "crops of characters as MNIST normalises them: the larger side 20 pixels, the centre of mass in the middle; the "
    "first channel the character's ink, the second the other ink around it; 1 = ink"
)
MEASURES = "size, place, ink and gaps of each character (pipeline/reading/lattices/characters.py, measure)"
SCORED = f"{MEASURES}; then the first network's sums / 4, clipped (lattices/rescoring.py, second_measures)"
SUMS = (
    "weighted sums, whose sigmoid is the probability; of the second network they are added to those of the first. "
    f"0 to 9: the digit; {SKIP}: a mark that is no digit"
)
PICTURE = (
    f"a grey line of writing, scaled to {ROWS} rows with its aspect kept, less the paper's brightness around, divided "
    "by the contrast of its ink: paper 0, ink about 1 (classifier/line/line_picture.py)"
)
COLUMNS = (
    "natural logarithms of the probabilities of the symbols in each column, for connectionist temporal classification"
)


def contract_of(name: str, network: ConvolutionNetwork | LineNetwork) -> dict[str, Any]:
    """Inputs and outputs of a network by their names in the model: axes, type, range, meaning; what else one needs."""
    if isinstance(network, LineNetwork):
        return _line_contract(name)
    crops = {"axes": ["N", network.shape.channels, 28, 28], "dtype": "float32", "range": [0, 1], "meaning": CROPS}
    inputs = {f"{name}/crops": crops}
    if network.shape.measures:
        inputs[f"{name}/measures"] = {
            "axes": ["N", network.shape.measures],
            "dtype": "float32",
            "range": [-2, 2],
            "meaning": SCORED if name == "second" else MEASURES,
        }
    sums = {"axes": ["N", "symbol"], "dtype": "float32", "meaning": SUMS}
    return {"inputs": inputs, "outputs": {f"{name}/sums": sums}, "alphabet": [*ALPHABET, "no digit"]}


def _line_contract(name: str) -> dict[str, Any]:
    picture = {"axes": ["L", 1, ROWS, "W"], "dtype": "float32", "range": list(CONFIG.bounds), "meaning": PICTURE}
    columns = {"axes": ["L", "T", "symbol"], "dtype": "float32", "meaning": COLUMNS}
    assert FIRST_MARK == BLANK + 1 == len(ALPHABET) + 1 and len(ALPHABET) + len(MARKS) + 2 == SYMBOLS
    return {
        "inputs": {f"{name}/picture": picture},
        "outputs": {f"{name}/columns": columns},
        "alphabet": [*ALPHABET, "", *MARKS, OTHER],
        "blank": BLANK,
        "rows": ROWS,
        "widest": CONFIG.widest,
        "stride": STRIDE,
        "margin": MARGIN,
        "columns": f"T = (W + {2 * MARGIN + STRIDE - 1}) // {STRIDE}; column t lies over the pixels {STRIDE} t - "
        f"{MARGIN} to {STRIDE} t - {MARGIN - STRIDE} of the picture; the margins are added by the model",
    }
