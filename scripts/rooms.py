"""Sizes of the rooms: folders and their files, files over 250 lines, file names that stand for two things.

python -m scripts.rooms                # of what is committed here
python -m scripts.rooms HEAD~20 HEAD   # of several commits, side by side
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

PACKAGES = ("segmenter", "classifier", "pipeline", "benchmarks", "tests")
LONG = 250  # lines
LARGE = 10  # files, __init__.py not counted
ROLES = {"errors.py", "arrays.py"}  # one in each package, of the same task: no name for two things


@dataclass(frozen=True)
class Sizes:
    """rooms: files of each folder; long: lines of files over LONG; twice: folders of each name that stands twice."""

    rooms: dict[str, int]
    long: dict[str, int]
    twice: dict[str, list[str]]
    lines: int

    @classmethod
    def of(cls, files: dict[str, int]) -> Sizes:
        """files: path -> lines. Tests are no reason to call a name double: they are named after what they test."""
        own = {path: n for path, n in files.items() if not path.endswith("__init__.py")}
        homes: dict[str, list[str]] = defaultdict(list)
        for path in own:
            name = PurePosixPath(path).name
            if name not in ROLES and not path.startswith(("tests/", "benchmarks/")):
                homes[name].append(str(PurePosixPath(path).parent))
        return cls(
            rooms=dict(Counter(str(PurePosixPath(path).parent) for path in own)),
            long={path: n for path, n in own.items() if n > LONG},
            twice={name: sorted(folders) for name, folders in homes.items() if len(folders) > 1},
            lines=sum(own.values()),
        )

    def rows(self) -> dict[str, str]:
        """What the table says, by its first column."""
        largest = max(self.rooms.items(), key=lambda room: room[1])
        return {
            "Python files": str(sum(self.rooms.values())),
            "lines": f"{self.lines:,}",
            "rooms": str(len(self.rooms)),
            "largest room": f"{largest[0]}/ ({largest[1]} files)",
            f"rooms of more than {LARGE} files": str(sum(n > LARGE for n in self.rooms.values())),
            f"files over {LONG} lines": str(len(self.long)),
            "file names that stand twice": str(len(self.twice)),
        }


def files_of(commit: str) -> dict[str, int]:
    """The Python files of a commit, with their lines."""
    names = _git("ls-tree", "-r", "--name-only", commit).split("\n")
    chosen = [name for name in names if name.endswith(".py") and name.split("/")[0] in PACKAGES]
    return {name: _git("show", f"{commit}:{name}").count("\n") for name in chosen}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table for the commits that are named, and the details of the last one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commits", nargs="*", default=["HEAD"])
    commits = parser.parse_args(arguments).commits
    sizes = [Sizes.of(files_of(commit)) for commit in commits]
    print("| | " + " | ".join(_git("rev-parse", "--short", commit).strip() for commit in commits) + " |")
    print("|---|" + "---|" * len(commits))
    for name in sizes[0].rows():
        print(f"| {name} | " + " | ".join(each.rows()[name] for each in sizes) + " |")
    _print_details(sizes[-1])


def _print_details(sizes: Sizes) -> None:
    """What is large, long or double in the last commit."""
    print()
    for room, n in sorted(sizes.rooms.items()):
        print(f"{n:4}  {room}/")
    for path, n in sorted(sizes.long.items()):
        print(f"long: {path}, {n} lines")
    for name, folders in sorted(sizes.twice.items()):
        print(f"twice: {name} in {', '.join(folders)}")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
