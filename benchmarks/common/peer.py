"""A peer: another program that reads the same pictures, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("peer_rapidocr.py")


@dataclass(frozen=True)
class PeerReading:
    """Digits that a peer read ("" for none), and its confidence in [0, 1]."""

    text: str
    confidence: float


def read_with_peer(python: Path, pictures: Sequence[Path]) -> list[PeerReading]:
    """What rapidocr, in the environment of `python`, reads in each picture. Raises SystemExit where it fails."""
    return [parse_line(line) for line in lines_of_peer(python, pictures)]


def lines_of_peer(python: Path, pictures: Sequence[Path]) -> list[str]:
    """What the peer's script prints, a line a picture. Raises SystemExit where it fails."""
    names = "\n".join(str(picture.resolve()) for picture in pictures)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run([python, SCRIPT], input=names, capture_output=True, text=True, env=environment)
    except OSError as error:
        raise SystemExit(f"{python}: cannot be run ({error.strerror})") from error
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise SystemExit(f"{python}: the peer failed: {last[0]}")
    return done.stdout.splitlines()


def parse_line(line: str) -> PeerReading:
    """One line of the peer's script. Separators are no digits: ours are not asked for them either."""
    found = json.loads(line)
    digits = "".join(character for character in found["text"] if character in "0123456789")
    return PeerReading(digits, float(found["confidence"]))
