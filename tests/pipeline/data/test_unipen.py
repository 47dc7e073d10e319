"""The UNIPEN converter, on small collections written here in the layout of train_r01_v07."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.strokes import load_strokes
from pipeline.data.unipen import convert_unipen
from pipeline.data.unipen_format import Piece, SegmentError, parse_delineation
from pipeline.errors import DataError, UsageError

# components: 0 down, 1 up, 2 down, 3 down (the .PEN_UP between is empty and not counted), 4 down
INK = """.VERSION 1.0
.COORD X Y
.HIERARCHY CHARACTER
.WRITER_ID anna
.PEN_DOWN
 10 100
 10 90
 12 80
.PEN_UP
 20 95
.PEN_DOWN
 30 100
 40 50
.PEN_DOWN
 50 60
 50 70
.PEN_UP
.DT 200
.PEN_DOWN
 60 60
 62 61
 64 62
 66 63
"""


def collection(tmp_path: Path, segments: str, *, ink: str = INK, category: str = "1a") -> Path:
    """A collection of one file that labels ink and the file of ink that it includes."""
    for path, text in {
        f"data/{category}/apa/apa00/f1.dat": f".INCLUDE apa/data/F1.dat\n{segments}",
        "include/apa/data/f1.dat": ink,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "latin-1")
    return tmp_path


def converted(folder: Path, kind: str = "digits") -> list[dict]:
    convert_unipen(folder, folder / "out.jsonl.gz", kind)
    with gzip.open(folder / "out.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def test_strokes_of_a_digit_have_y_downward_from_zero_and_leave_out_pen_up_ink(tmp_path):
    rows = converted(collection(tmp_path, '.SEGMENT CHARACTER 0-2 ? "7"\n'))
    assert rows == [{"writer": "apa-001", "text": "7", "strokes": [[[0, 0], [0, 10], [2, 20]], [[20, 0], [30, 50]]]}]


@pytest.mark.parametrize(
    ("delineation", "strokes"),
    [
        ("2", [[[0, 0], [10, 50]]]),
        ("2,3", [[[0, 0], [10, 50]], [[20, 40], [20, 30]]]),
        ("3-4:1", [[[0, 10], [0, 0]], [[10, 10], [12, 9]]]),
        ("4:1-4:2", [[[0, 1], [2, 0]]]),
        ("0:2-0:2", [[[0, 0]]]),
    ],
)
def test_delineations(tmp_path, delineation, strokes):
    rows = converted(collection(tmp_path, f'.SEGMENT CHARACTER {delineation} OK "4"\n'))
    assert rows[0]["strokes"] == strokes


def test_the_example_of_the_format_definition():
    assert parse_delineation("1:40-3,5,6:0-6:12") == [Piece(1, 40), Piece(2), Piece(3), Piece(5), Piece(6, 0, 12)]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8))
def test_lists_of_components_are_read_in_their_order(numbers):
    assert [piece.component for piece in parse_delineation(",".join(map(str, numbers)))] == numbers


@pytest.mark.parametrize("text", ["", "a", "3-", "-3", "5-2", "1,,2", "1:2:3", "0-999999999"])
def test_what_is_no_delineation(text):
    with pytest.raises(SegmentError, match="unreadable delineation"):
        parse_delineation(text)


def test_a_question_mark_means_the_ink_up_to_the_next_segment(tmp_path):
    text = '.SEGMENT DIGIT ? ? "1"\n.PEN_DOWN\n0 9\n0 0\n.PEN_UP\n.SEGMENT DIGIT ? "2"\n.PEN_DOWN\n5 5\n9 5\n'
    (tmp_path / "one.dat").write_text(".COORD X Y\n" + text)
    rows = converted(tmp_path)
    assert [(row["text"], row["strokes"]) for row in rows] == [("1", [[[0, 0], [0, 9]]]), ("2", [[[0, 0], [4, 0]]])]


def test_components_are_counted_anew_in_each_set(tmp_path):
    ink = '.COORD X Y\n.START_SET a\n.PEN_DOWN\n0 0\n5 0\n.SEGMENT CHARACTER 0 OK "1"\n.START_SET b\n'
    rows = converted(collection(tmp_path, '.PEN_DOWN\n0 0\n0 7\n.SEGMENT CHARACTER 0 OK "2"\n', ink=ink))
    assert [(row["text"], row["strokes"]) for row in rows] == [("1", [[[0, 0], [5, 0]]]), ("2", [[[0, 7], [0, 0]]])]


def test_segments_may_stand_before_the_set_they_are_about(tmp_path):
    text = '.COORD X Y\n.SEGMENT DIGIT 1 OK "6"\n.START_SET\n.PEN_DOWN\n1 1\n.PEN_DOWN\n5 5\n5 4\n'
    (tmp_path / "one.dat").write_text(text)
    assert [row["strokes"] for row in converted(tmp_path)] == [[[[0, 0], [0, 1]]]]


def test_other_coordinates_are_passed_over_wherever_they_stand(tmp_path):
    ink = ".COORD T Y P X\n.PEN_DOWN\n1 50 200 7\n2 40 201 8\n"
    rows = converted(collection(tmp_path, '.SEGMENT C 0 ? "1"\n', ink=ink))
    assert rows[0]["strokes"] == [[[0, 0], [1, 10]]]


def test_unequal_resolutions_are_made_equal(tmp_path):
    ink = ".COORD X Y\n.X_POINTS_PER_INCH 254\n.Y_POINTS_PER_MM 20\n.PEN_DOWN\n0 0\n10 20\n"
    rows = converted(collection(tmp_path, '.SEGMENT C 0 ? "1"\n', ink=ink))
    assert rows[0]["strokes"] == [[[0, 20], [20, 0]]]


def test_a_writer_has_one_number_in_all_kinds(tmp_path):
    other = INK.replace("anna", "bert")
    collection(tmp_path, '.SEGMENT CHARACTER 0 ? "A"\n', category="1b", ink=other)
    (tmp_path / "include/apa/data/f2.dat").write_text(INK)
    (tmp_path / "data/1b/apa/f2.dat").write_text('.INCLUDE apa\\data\\f2.dat\n.SEGMENT CHARACTER 0 ? "B"\n')
    (tmp_path / "data/1a/apa").mkdir(parents=True)
    (tmp_path / "data/1a/apa/f2.dat").write_text('.INCLUDE apa/data/f2.dat\n.SEGMENT CHARACTER 2 ? "5"\n')
    assert {row["text"]: row["writer"] for row in converted(tmp_path)} == {"5": "apa-001"}
    others = {row["text"]: row["writer"] for row in converted(tmp_path, "others")}
    assert others == {"A": "apa-002", "B": "apa-001"}


def test_ink_of_several_writers_goes_to_whoever_wrote_it(tmp_path):
    ink = INK.replace(".DT 200", ".WRITER_ID bert")
    rows = converted(collection(tmp_path, '.SEGMENT C 0 ? "1"\n.SEGMENT C 4 ? "2"\n', ink=ink))
    assert [row["writer"] for row in rows] == ["apa-001", "apa-002"]


def test_labels_are_sorted_by_kind_and_counted(tmp_path):
    segments = (
        '.SEGMENT WORD 0-4 OK "$1,200"\n.SEGMENT WORD 0-2 OK "12"\n.SEGMENT WORD 3 OK "x12"\n'
        '.SEGMENT WORD 4 OK "1"\n.SEGMENT WORD 3 GOOD\n'
    )
    folder = collection(tmp_path, segments, category="7")
    assert [row["text"] for row in converted(folder, "strings")] == ["$1,200"]
    report = convert_unipen(folder, tmp_path / "again.jsonl", "strings")
    assert report.skipped == {"another label": 2, "part of another segment": 1}
    with pytest.raises(DataError, match="no digits in 0 data files"):
        convert_unipen(folder, tmp_path / "none.jsonl")


@pytest.mark.parametrize(("written", "text"), [(r"\"", '"'), (r"\\", "\\"), ("'", "'"), (",", ",")])
def test_escaped_labels(tmp_path, written, text):
    rows = converted(collection(tmp_path, f'.SEGMENT CHARACTER 0 ? "{written}"\n', category="1d"), "others")
    assert [row["text"] for row in rows] == [text]


def test_others_are_thinned_evenly_over_the_writers(tmp_path):
    for writer, count in (("anna", 300), ("bert", 40)):
        path = tmp_path / f"data/1b/apa/{writer}.dat"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(INK.replace("anna", writer) + '.SEGMENT CHARACTER 0 ? "A"\n' * count)
    report = convert_unipen(tmp_path, tmp_path / "o.jsonl", "others")
    samples = load_strokes(tmp_path / "o.jsonl")
    by_writer = {w: sum(s.writer == w for s in samples) for w in ("apa-001", "apa-002")}
    assert by_writer == {"apa-001": 110, "apa-002": 40}
    assert report.skipped == {"enough of its label": 190}


def test_damage_is_counted_and_named_and_the_rest_is_kept(tmp_path):
    folder = collection(
        tmp_path,
        '.SEGMENT C 0 ? "1"\n.SEGMENT C 9 ? "2"\n.SEGMENT C 1 ? "3"\n.SEGMENT C x ? "4"\n.SEGMENT C 5 ? "5"\n'
        '.SEGMENT C 6 ? "6"\n.SEGMENT C 0:7-0:9 ? "7"\n',
        ink=INK + ".PEN_DOWN\n1 2 3\n.PEN_DOWN\n1 nan\n",
    )
    (folder / "data/1a/apa/bad.dat").write_bytes(b"\xff\x00\xfe" * 50)
    (folder / "data/1a/apa/lost.dat").write_text('.INCLUDE apa/data/gone.dat\n.SEGMENT C 0 ? "1"\n')
    (folder / "data/1a/apa/loop.dat").write_text(".INCLUDE loop.dat\n")
    (folder / "data/1a/apa/coord.dat").write_text(".COORD A B\n")
    report = convert_unipen(folder, tmp_path / "out.jsonl.gz")
    assert report.written == 1 and report.files == 5
    assert report.skipped == {
        "damaged coordinates": 2,
        "no ink": 1,
        "refers to ink that is not there": 2,
        "unreadable delineation": 1,
    }
    assert sorted(Path(sentence.split(":")[0]).name for sentence in report.damaged) == [
        "coord.dat",
        "loop.dat",
        "lost.dat",
    ]


@given(damage=st.binary(max_size=40), place=st.integers(0, len(INK)))
@pytest.mark.slow
def test_no_damage_to_the_ink_ends_in_a_traceback(tmp_path_factory, damage, place):
    folder = collection(tmp_path_factory.mktemp("unipen"), '.SEGMENT C 0-2 ? "7"\n.PEN_DOWN\n1 1\n')
    path = folder / "include/apa/data/f1.dat"
    path.write_bytes(INK.encode()[:place] + damage + INK.encode()[place:])
    try:
        convert_unipen(folder, folder / "out.jsonl")
    except DataError:
        return
    for stroke in load_strokes(folder / "out.jsonl")[0].strokes:
        assert np.isfinite(stroke).all() and (stroke >= 0).all()


def test_the_output_is_the_same_bytes_each_time_and_replaces_what_was_there(tmp_path):
    folder = collection(tmp_path, '.SEGMENT CHARACTER 0-2 ? "7"\n')
    outs = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    outs[1].write_bytes(b"old")
    for out in outs:
        convert_unipen(folder, out)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert outs[0].read_bytes()[4:8] == bytes(4)  # gzip's time stamp
    assert not list(tmp_path.glob("*.tmp"))
    assert load_strokes(outs[0])[0].text == "7"


def test_progress_tells_files_done_and_in_all(tmp_path):
    calls = []
    folder = collection(tmp_path, '.SEGMENT CHARACTER 0 ? "7"\n')
    convert_unipen(folder, tmp_path / "o.jsonl", progress=lambda *call: calls.append(call))
    assert calls == [(1, 1)]


def test_wrong_arguments(tmp_path):
    folder = collection(tmp_path, '.SEGMENT CHARACTER 0 ? "7"\n')
    with pytest.raises(UsageError, match="choose one of digits, strings, others"):
        convert_unipen(folder, tmp_path / "o.jsonl", "letters")
    with pytest.raises(DataError, match="no such folder"):
        convert_unipen(tmp_path / "gone", tmp_path / "o.jsonl")
    for out in (tmp_path, tmp_path / "gone" / "o.jsonl"):
        with pytest.raises(DataError, match="must be a file in a folder that exists"):
            convert_unipen(folder, out)


def test_an_include_does_not_reach_outside_the_collection(tmp_path):
    (tmp_path / "secret.dat").write_text(INK)
    inner = tmp_path / "unipen"
    folder = collection(inner, '.SEGMENT CHARACTER 0 ? "7"\n')
    (folder / "data/1a/apa/out.dat").write_text('.INCLUDE ../../../../secret.dat\n.SEGMENT C 0 ? "1"\n')
    report = convert_unipen(folder, tmp_path / "o.jsonl")
    assert report.written == 1 and "which is not there" in report.damaged[0]
