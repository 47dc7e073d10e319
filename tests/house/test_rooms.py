"""The sizes of rooms that `python -m scripts.rooms` prints."""

from scripts.rooms import Sizes

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
