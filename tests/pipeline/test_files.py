"""Files that are there whole or not at all."""

import errno
import os

import pytest

from pipeline.errors import OutputError, Remedy, UsageError
from pipeline.files import unwritable, whole_folder, write_whole


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", [b"12", "12", lambda file: file.write(b"12")])
def test_a_file_is_written_or_replaced(tmp_path, content):
    (tmp_path / "out").write_text("old and longer")
    write_whole(tmp_path / "out", content)
    assert (tmp_path / "out").read_bytes() == b"12" and names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), ValueError()])
def test_what_was_there_stays_where_writing_fails(tmp_path, error):
    def half(file):
        file.write(b"half")
        raise error

    (tmp_path / "out").write_text("old")
    with pytest.raises(OutputError if isinstance(error, OSError) else type(error)):
        write_whole(tmp_path / "out", half)
    assert (tmp_path / "out").read_text() == "old" and names(tmp_path) == ["out"]


def test_a_wrong_place_is_the_callers_mistake(tmp_path):
    for place in (tmp_path / "none" / "out", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(UsageError, match="name another place"):
            write_whole(place, b"")
    assert names(tmp_path) == []


def test_a_full_disk_is_no_mistake_and_has_a_code_of_its_own(tmp_path):
    error = unwritable(tmp_path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Remedy.RESUME)
    assert (
        isinstance(error, OutputError)
        and error.exit_code == 5
        and str(error).endswith("make room; let it be continued")
    )


def test_a_folder_appears_when_all_is_in_it(tmp_path):
    with whole_folder(tmp_path / "deep" / "out") as folder:
        (folder / "a").write_text("1")
        assert not (tmp_path / "deep" / "out").exists()
    assert names(tmp_path / "deep") == ["out"] and names(tmp_path / "deep" / "out") == ["a"]
    with pytest.raises(OutputError), whole_folder(tmp_path / "other") as folder:
        raise OSError(errno.EIO, "Input/output error")
    assert names(tmp_path) == ["deep"]
