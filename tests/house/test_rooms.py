"""The sizes of rooms that `python -m scripts.rooms` prints."""

from pathlib import Path

from scripts.rooms import LARGE, PACKAGES, Sizes

ROOT = Path(__file__).resolve().parents[2]

FILES = {
    "pipeline/a/__init__.py": 900,
    "pipeline/a/one.py": 250,
    "pipeline/a/two.py": 251,
    "pipeline/b/one.py": 10,
    "tests/a/one.py": 10,
}


def test_sizes_count_files_long_ones_and_names_that_stand_twice():
    sizes = Sizes.of(FILES)
    assert sizes.rooms == {"pipeline/a": 2, "pipeline/b": 1, "tests/a": 1} and sizes.lines == 521
    assert sizes.long == {"pipeline/a/two.py": 251}
    assert sizes.twice == {"one.py": ["pipeline/a", "pipeline/b"]}
    assert sizes.rows()["largest room"] == "pipeline/a/ (2 files)"


def test_no_room_is_too_large_and_no_name_stands_for_two_things():
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    sizes = Sizes.of({path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in paths})
    assert {room: n for room, n in sizes.rooms.items() if n > LARGE} == {}, "split a room (docs/design.md)"
    assert sizes.twice == {}
