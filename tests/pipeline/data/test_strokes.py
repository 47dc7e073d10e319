"""The reader of stroke files."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.strokes import StrokeSample, load_strokes, stroke_files
from pipeline.errors import DataError

LINE = {"writer": "apa-001", "text": "7", "strokes": [[[0, 1], [2, 3.5]], [[4, 5]]]}

points = st.lists(st.tuples(*2 * [st.integers(-9999, 9999)]), min_size=1, max_size=9)
lines = st.fixed_dictionaries(
    {
        "writer": st.from_regex(r"[a-z]{3}-[0-9]{3}", fullmatch=True),
        "text": st.text(min_size=1, max_size=9),
        "strokes": st.lists(points, min_size=1, max_size=4),
    }
)


@pytest.mark.slow
@given(st.lists(lines, min_size=1, max_size=5), st.booleans())
def test_reads_what_was_written(tmp_path_factory, entries, packed):
    path = tmp_path_factory.mktemp("strokes") / ("s.jsonl" + ".gz" * packed)
    text = "\n".join(map(json.dumps, entries))
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if packed else text.encode())
    samples = load_strokes(path)
    assert [(s.writer, s.text, s.collection) for s in samples] == [
        (e["writer"], e["text"], e["writer"][:3]) for e in entries
    ]
    for sample, entry in zip(samples, entries, strict=True):
        assert [s.tolist() for s in sample.strokes] == [[list(p) for p in s] for s in entry["strokes"]]
        assert all(s.dtype == np.float32 and not s.flags.writeable for s in sample.strokes)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ("7", "must be an object"),
        (json.dumps({"writer": "a", "text": "7"}), "must be an object with writer, text and strokes"),
        (json.dumps(LINE | {"writer": 3}), "writer and text must be strings"),
        (json.dumps(LINE | {"text": ""}), "must not be empty"),
        (json.dumps(LINE | {"strokes": []}), "at least one stroke"),
        (json.dumps(LINE | {"strokes": [[]]}), r"must be \(n, 2\)"),
        (json.dumps(LINE | {"strokes": [[[1, 2, 3]]]}), r"must be \(n, 2\)"),
        (json.dumps(LINE | {"strokes": [[[1, 2], [3]]]}), r"list of \[x, y\] numbers"),
        (json.dumps(LINE | {"strokes": [[["a", "b"]]]}), r"list of \[x, y\] numbers"),
        (json.dumps(LINE | {"strokes": [[[None, 1]]]}), "finite numbers"),
        (json.dumps(LINE | {"strokes": [[[float("nan"), 1]]]}), "finite numbers"),
        (json.dumps(LINE | {"strokes": [[[1e99, 1]]]}), "finite numbers"),
        ("\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_damaged_lines_are_named_by_number(tmp_path, line, problem):
    path = tmp_path / "s.jsonl"
    path.write_bytes((json.dumps(LINE) + "\n\n" + line + "\n").encode("latin-1"))
    with pytest.raises(DataError, match=problem) as caught:
        load_strokes(path)
    assert str(caught.value).startswith(f"{path}, line 3: ") and "\n" not in str(caught.value)


def test_damaged_files(tmp_path):
    whole = gzip.compress("\n".join([json.dumps(LINE)] * 500).encode(), mtime=0)
    path = tmp_path / "s.jsonl.gz"
    for data, problem in (
        (whole[:-20], "truncated after line [0-9]+"),
        (b"no gzip", "not gzip data"),
        (gzip.compress(b"\n\n", mtime=0), "holds no strokes"),
    ):
        path.write_bytes(data)
        with pytest.raises(DataError, match=problem):
            load_strokes(path)
    with pytest.raises(DataError, match="cannot be read"):
        load_strokes(tmp_path / "gone.jsonl")
    with pytest.raises(DataError, match="cannot be read"):
        load_strokes(tmp_path)


def test_samples_check_themselves():
    good = np.zeros((2, 2), np.float32)
    with pytest.raises(ValueError, match="float32"):
        StrokeSample("apa-001", "7", (good.astype(float),))
    with pytest.raises(ValueError, match="not be empty"):
        StrokeSample("", "7", (good,))


def test_stroke_files_are_found_in_the_folder_or_below_strokes(tmp_path, monkeypatch):
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)
    assert stroke_files() == {}
    (tmp_path / "strokes").mkdir()
    for name in ("digits.jsonl.gz", "others.jsonl", "letters.jsonl.gz"):
        (tmp_path / "strokes" / name).touch()
    names = {"digits": "digits.jsonl.gz", "others": "others.jsonl"}
    expected = {kind: tmp_path / "strokes" / name for kind, name in names.items()}
    assert stroke_files(tmp_path) == expected == stroke_files(tmp_path / "strokes")
    monkeypatch.setenv("DIGITSTRING_DATA", str(tmp_path))
    assert stroke_files() == expected
    with pytest.raises(DataError, match="does not exist"):
        stroke_files(tmp_path / "gone")


def test_the_real_digits(real_data):
    samples = load_strokes(stroke_files(real_data("strokes"))["digits"])
    assert len(samples) == 15953 and {s.text for s in samples} == set("0123456789")
    assert all(min(stroke.min() for stroke in s.strokes) == 0 for s in samples)
