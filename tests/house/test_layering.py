"""Layers import downward only, and each third-party library has its home (docs/design.md, layering)."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("segmenter", "classifier", "pipeline")
OURS = {*PACKAGES, "cli", "tests", "benchmarks"}

ABOVE = (
    "pipeline.training",
    "pipeline.synthesis",
    "pipeline.data",
    "pipeline.adapting",
    "pipeline.batch",
    "pipeline.service",
    "pipeline.review",
    "pipeline.evaluation",
)
# From the module name (longest prefix wins) to what of ours it must not import.
FORBIDDEN = {
    "segmenter": ("classifier", "pipeline", "cli"),
    "classifier": ("segmenter", "pipeline", "cli"),
    "pipeline": ("pipeline.commands", "cli"),
    "pipeline.commands": ("segmenter", "classifier", "cli"),
    "pipeline.__main__": ("segmenter", "classifier", "cli"),
    "pipeline.reading": (*ABOVE, "pipeline.documents", "pipeline.commands", "cli"),
    "pipeline.documents": (*ABOVE, "pipeline.commands", "cli"),
    "cli": ("segmenter", "classifier"),
}
THIRD_PARTY = {
    "segmenter": {"numpy", "scipy", "skimage"},
    "classifier": {"numpy", "scipy", "skimage"},
    "classifier.onnx.runtime": {"numpy", "onnxruntime"},
    "pipeline": {"numpy", "scipy", "skimage", "threadpoolctl"},
    "pipeline.images": {"numpy", "PIL"},
    "pipeline.image_formats": {"PIL", "pillow_heif", "pillow_avif"},
    "pipeline.documents.pages": {"numpy", "PIL", "pypdfium2"},
    "pipeline.reading.line.rapidocr": {"numpy", "rapidocr"},
    "pipeline.training": {"numpy", "scipy", "skimage", "threadpoolctl", "torch"},
    "pipeline.data": {"numpy", "scipy", "pooch", "PIL"},
    "pipeline.synthesis.glyphs.font_outlines": {"numpy", "skimage", "fontTools"},
    "pipeline.batch.cluster": {"distributed", "threadpoolctl"},
    "pipeline.batch.folders": {"fsspec"},
    "pipeline.service": {
        "fastapi",
        "starlette",
        "pydantic",
        "uvicorn",
        "h11",
        "python_multipart",
        "prometheus_client",
        "threadpoolctl",
    },
    "pipeline.commands": {"typer", "rich"},
    "cli": set(),
}
# Modules and packages that draw, with Pillow.
DRAWING = (
    "pipeline.explaining",
    "pipeline.review.pictures",
    "pipeline.synthesis.glyphs.pens",
    "pipeline.synthesis.strings",
    "pipeline.synthesis.scans",
    "pipeline.synthesis.surroundings",
)


def modules():
    files = [ROOT / "cli.py", *(path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py")))]
    for path in files:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(source: str, module: str, is_package: bool = False) -> set[str]:
    """All modules named by import statements, wherever they stand; relative ones made absolute."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: None if is_package else -1]
            parents = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def rule(rules: dict, module: str):
    homes = [name for name in rules if within(module, name)]
    return rules[max(homes, key=len)]


def upward(module: str, found: set[str]) -> list[str]:
    return sorted(name for name in found if any(within(name, package) for package in rule(FORBIDDEN, module)))


def strangers(module: str, found: set[str]) -> set[str]:
    allowed = rule(THIRD_PARTY, module) | ({"PIL"} if any(within(module, name) for name in DRAWING) else set())
    tops = {name.split(".")[0] for name in found}
    return {name for name in tops if name and name not in sys.stdlib_module_names | OURS | allowed}


@pytest.mark.parametrize("module, path", list(modules()), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.slow
def test_imports_point_downward(module, path):
    found = imports(path.read_text(), module, path.name == "__init__.py")
    assert upward(module, found) == []
    assert strangers(module, found) == set()


@pytest.mark.parametrize(
    "module, source, name",
    [
        ("segmenter.cuts", "from classifier import network", "classifier"),
        ("segmenter.cuts", "def f():\n    import pipeline.errors", "pipeline.errors"),
        ("pipeline.reading.lattices.search", "from ...training import recipe", "pipeline.training"),
        ("pipeline.reading.lattices.search", "from pipeline import service", "pipeline.service"),
        ("pipeline.batch", "import cli", "cli"),
        ("pipeline.batch", "from pipeline.commands import read", "pipeline.commands"),
        ("pipeline.commands.reading.read", "from classifier.errors import WeightsError", "classifier.errors"),
        ("cli", "from classifier.errors import WeightsError", "classifier.errors"),
    ],
)
def test_the_walk_sees_upward_imports(module, source, name):
    assert name in upward(module, imports(source, module))


@pytest.mark.parametrize(
    "module, source, allowed",
    [
        ("segmenter.ink", "from PIL import Image", False),
        ("pipeline.images", "from PIL import Image", True),
        ("pipeline.evaluation.metrics", "import PIL.Image", False),
        ("pipeline.synthesis.glyphs.pens", "from PIL import ImageDraw", True),
        ("pipeline.batch.run", "import rich", False),
        ("pipeline.service.app", "import fastapi", True),
        ("pipeline.review.store", "from fastapi import FastAPI", False),
        ("classifier.book.sigmoid_network", "import torch", False),
        ("pipeline.commands.terminal", "import rich.progress, json", True),
        ("cli", "import typer", False),
    ],
)
def test_the_walk_knows_the_homes(module, source, allowed):
    assert (strangers(module, imports(source, module)) == set()) == allowed


def test_every_module_is_walked():
    names = [name for name, _ in modules()]
    assert {"cli", "pipeline", "pipeline.images", "segmenter.ink", "classifier.book.sigmoid_network"} <= set(names)
