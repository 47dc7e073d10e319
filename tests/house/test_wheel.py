"""The wheel, installed into an empty environment, reads an image from another folder. Slow: needs the network."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "amount.png"
SHIPPED = ROOT / "pipeline" / "weights" / "shipped.npz"
PARTS = ("segmenter", "classifier", "pipeline", "pyproject.toml", "README.md", "LICENSE")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("DIGITSTRING_SLOW"), reason="slow; set DIGITSTRING_SLOW=1"),
    pytest.mark.skipif(not (EXAMPLE.exists() and SHIPPED.exists()), reason="no weights or example to ship"),
]


def run(*command, codes=(0,), **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert result.returncode in codes, result.stdout + result.stderr
    return result.stdout


def read(*command, **options):
    """What the command line reads, be it accepted or not."""
    return run(*command, "read", EXAMPLE, codes=(0, 1), **options).strip()


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The folder of executables of an environment that holds the wheel and what it asks for, nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, source / part)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, source)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    run(folder / "venv" / "bin" / "pip", "install", "--quiet", wheel)
    return folder / "venv" / "bin"


def test_the_wheel_holds_the_outlines_of_fonts_and_their_licences(environment, tmp_path):
    code = "from pipeline.synthesis.glyphs.font_digits import *; print(len(load_fonts()), LICENCES.is_file())"
    count, licences = run(environment / "python", "-I", "-c", code, cwd=tmp_path).split()
    assert int(count) > 50 and licences == "True"


def test_another_program_reads_an_image(environment, tmp_path):
    code = "import sys; from pipeline import Reader; print(Reader().read(sys.argv[1]).text)"
    text = run(environment / "python", "-I", "-c", code, EXAMPLE, cwd=tmp_path).strip()
    assert text.isdigit()
    assert read(environment / "digitstring", cwd=tmp_path) == text
    assert read(sys.executable, ROOT / "cli.py", cwd=tmp_path) == text


def test_the_wheel_holds_the_program_and_nothing_else(environment, tmp_path):
    code = "import importlib.metadata as m; print(*sorted({f.parts[0] for f in m.files('digitstring')}), sep='\\n')"
    tops = set(run(environment / "python", "-I", "-c", code, cwd=tmp_path).split())
    ours = {top for top in tops if not top.endswith(".dist-info") and top not in ("..", "__pycache__")}
    assert ours == {"segmenter", "classifier", "pipeline"}


def test_the_packages_are_typed(environment, tmp_path):
    code = "import importlib.metadata as m; print(*(f for f in m.files('digitstring') if f.name == 'py.typed'))"
    typed = run(environment / "python", "-I", "-c", code, cwd=tmp_path).split()
    assert sorted(typed) == ["classifier/py.typed", "pipeline/py.typed", "segmenter/py.typed"]


def test_the_version_is_that_of_the_wheel(environment, tmp_path):
    said = run(environment / "digitstring", "--version", cwd=tmp_path)
    code = "import importlib.metadata as m; print('digitstring', m.version('digitstring'))"
    assert said == run(environment / "python", "-I", "-c", code, cwd=tmp_path)


def test_help_in_an_empty_environment(environment, tmp_path):
    assert "Example:" in run(environment / "digitstring", "read", "--help", cwd=tmp_path)
