"""Files, folders and sections that the documentation names exist."""

import re
from pathlib import PurePosixPath

import pytest

from tests.docs.pages import PAGES, ROOT, text_of

ROOMS = ("segmenter", "classifier", "pipeline", "tests", "benchmarks", "docs", "examples", "scripts", ".ci", ".github")
PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, ROOMS))})/[\w./-]*)`")
MADE = {"examples/mine.png"}  # files that an example makes


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_paths_that_are_named_exist(page):
    named = {path.rstrip("/") for path in PATH.findall(text_of(page))} - MADE
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = page if not path else PurePosixPath(page).parent.joinpath(path).as_posix()
        if not (ROOT / there).exists() or (anchor and anchor not in anchors(there)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), {"README.md"}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = re.findall(r"\]\(([\w./-]+\.md)", text_of(page))
        found = {(ROOT / page).parent.joinpath(link).resolve().relative_to(ROOT).as_posix() for link in links}
        waiting |= found - reached
    assert set(PAGES) - {"CHANGELOG.md"} <= reached
