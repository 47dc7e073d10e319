"""What only a process can show: exit codes, pipes, signals, completion, start-up imports, bad input."""

import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.waiting import SECONDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
FAKE = [sys.executable, str(ROOT / "tests" / "pipeline" / "commands" / "fake_cli.py")]
CLI = [sys.executable, str(ROOT / "cli.py")]
PIXELS = np.arange(48, dtype=np.uint8).reshape(6, 8)


def run(command, *arguments, **options):
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, timeout=SECONDS, **options)


@pytest.fixture
def image(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "12.png")
    return tmp_path / "12.png"


def make_bad_input(folder):
    Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(folder / "whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:900])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("not an image\n" * 50)
    (folder / "folder.png").mkdir()
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    checked = head + struct.pack(">I", zlib.crc32(head))
    huge = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + checked + struct.pack(">I", 9999) + b"IDAT"
    (folder / "huge.png").write_bytes(huge)
    return ["missing.png", "folder.png", "empty.png", "text.png", "cut.jpg", "huge.png"]


@pytest.mark.parametrize("program", [["cli.py"], ["-m", "pipeline"]])
def test_the_program_has_two_names_in_a_clone(program):
    result = run([sys.executable, *program], "--version", cwd=ROOT, text=True)
    assert result.returncode == 0 and result.stdout.startswith("digitstring ")


def test_bad_input_is_one_sentence_each_and_exit_code_3(tmp_path, image):
    names = make_bad_input(tmp_path)
    result = run(FAKE, "read", "--json", *names, "12.png", cwd=tmp_path, text=True)
    assert result.returncode == 3
    sentences = result.stderr.splitlines()
    assert len(sentences) == len(names) and "Traceback" not in result.stderr
    for name, sentence in zip(names, sentences, strict=True):
        assert sentence.startswith(f"digitstring: {name}: ")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["file"] for record in records if "error" in record] == names and records[-1]["text"] == "12"


def test_a_closed_pipe_is_no_error_message(image):
    process = subprocess.Popen(
        [*FAKE, "read", *[str(image)] * 20000],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=image.parent,
    )
    assert process.stdout.readline()
    process.stdout.close()
    assert process.communicate(timeout=SECONDS)[1] == b"" and process.returncode == 141


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_behind_standard_output_is_a_sentence_and_a_code(image, options):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([*FAKE, "read", image, *options], stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 5 and result.stderr.count("\n") == 1 and "No space left" in result.stderr


def test_file_names_that_are_not_utf8(tmp_path):
    name = b"5\xff\xfe.png"
    try:
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            Image.fromarray(PIXELS).save(file, "PNG")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    result = subprocess.run([*FAKE, "read", name, name], capture_output=True, cwd=tmp_path)
    assert result.stdout.splitlines()[0].startswith(name + b"\t5\t")
    assert run(FAKE, "batch", ".", "--out", "out.csv", cwd=tmp_path).returncode in (0, 1)
    assert r"5\xff\xfe.png" in (tmp_path / "out.csv").read_text(encoding="utf-8")
    again = run(FAKE, "batch", ".", "--out", "out.csv", "--resume", cwd=tmp_path, text=True)
    assert "1 by an earlier run" in again.stderr


@pytest.mark.parametrize(
    "words, position, expected",
    [
        ("digitstring expl", 1, {"explain"}),
        ("digitstring read --thr", 2, {"--threshold"}),
        ("digitstring data ", 2, {"unipen", "mnist", "collection"}),
    ],
)
def test_shell_completion(words, position, expected):
    asked = {"_DIGITSTRING_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    environment = {**os.environ, **asked}
    assert set(run(CLI, env=environment, text=True).stdout.split()) == expected


def test_completion_script_for_bash():
    result = run(
        CLI,
        "--show-completion",
        "bash",
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        text=True,
    )
    assert result.returncode == 0 and "_DIGITSTRING_COMPLETE" in result.stdout


def imported(code, *names):
    """Those of the modules `names` that are imported after `code` has run in a fresh process."""
    script = f"""
import sys
sys.path.insert(0, "tests")
try:
    {code}
except SystemExit:
    pass
print(sorted(name for name in sys.modules if name in {names}))
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()[-1]


APP = "from pipeline.commands.main import app; "
HEAVY = ("numpy", "scipy", "skimage", "PIL", "rich", "pooch", "requests", "multiprocessing")


@pytest.mark.parametrize("code", [f"{APP}app(['--help'])", f"{APP}app(['read', '--help'])", "import pipeline"])
def test_what_is_not_needed_is_not_imported(code):
    assert imported(code, *HEAVY) == "[]"


def test_reading_never_imports_pytorch():
    assert imported("import pipeline; pipeline.Reader().read('examples/amount.png')", "torch", "numpy") == "['numpy']"


def test_reading_starts_without_training_and_terminal_libraries(image):
    code = (
        f"{APP}import sys; from tests.pipeline.commands import fake_cli; "
        "sys.modules['pipeline.reader'] = fake_cli.fake_module(); "
    )
    unwanted = ("rich", "pooch", "requests", "skimage", "pipeline.training", "concurrent.futures.process")
    assert imported(f"{code}app(['read', {str(image)!r}])", *unwanted) == "[]"
