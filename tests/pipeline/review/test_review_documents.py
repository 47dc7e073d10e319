"""Review of documents: an item for each unsure field, cut out upright, its page around it; and what is forgotten."""

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.adapting.labelled import load_pictures
from pipeline.errors import UsageError
from pipeline.evaluation.evaluation import load_truth
from pipeline.images import load_grey
from pipeline.review.decisions import Decision
from pipeline.review.pictures import framed, quarters_to_turn, turned_box
from pipeline.review.purging import purge
from pipeline.review.schema import TABLES
from pipeline.review.store import ReviewStore
from pipeline.review.submitting import submissions
from pipeline.review.truth_folder import export_folder
from tests.pipeline.review.test_review import PICTURE, filled

PAGE = np.random.default_rng(4).random((300, 500)).astype(np.float32)
BOX = [120, 40, 260, 90]


def encoded(grey: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.round(255 * grey).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def field(name: str, box: list[int], **reading) -> dict:
    read = {"text": "17", "confidence": 0.4, "accepted": False, "digits": [], "alternatives": []}
    return {"name": name, "kind": "box", "page": 1, "box": box, **read, **reading}


def digits(*boxes: tuple[int, int, int, int]) -> list[dict]:
    return [{"digit": "1", "confidence": 0.5, "box": list(box), "alternatives": []} for box in boxes]


def document(*fields: dict) -> dict:
    return {"file": "form.png", "text": "17", "confidence": 0.4, "accepted": False, "pages": 1, "fields": list(fields)}


def test_each_unsure_field_is_an_item_of_its_own() -> None:
    record = document(
        field("amount", BOX, written="1.7", format="amount"),
        field("date", [10, 10, 60, 40], accepted=True),
        field("phone", [300, 200, 450, 240]),
        field("empty", [300, 100, 450, 140], text=None, blank=True),
    )
    found = list(submissions(encoded(PAGE), record))
    assert [(each.field, each.page) for each in found] == [("amount", 1), ("phone", 1)]
    left, top, right, bottom = BOX
    assert np.abs(load_grey(found[0].image) - PAGE[top:bottom, left:right]).max() < 0.01
    assert found[0].record["written"] == "1.7" and found[0].record["file"] == "form.png"
    assert found[0].around is not None and found[0].around.box == tuple(BOX)
    assert [each.field for each in submissions(encoded(PAGE), record, blank=True)] == ["amount", "phone", "empty"]


def test_an_accepted_amount_does_not_bring_the_document_into_the_queue(tmp_path: Path) -> None:
    record = document(field("amount", BOX, accepted=True), field("phone", [300, 200, 450, 240]))
    store = ReviewStore(tmp_path / "review.db")
    assert store.keep(encoded(PAGE), record) == {"phone": 1}
    assert store.keep(encoded(PAGE), record) == {"phone": 1}  # once, however often it is read
    item = store.next()
    assert item is not None and (item.field, item.page, item.file) == ("phone", 1, "form.png")
    picture, box = store.page(1)
    with Image.open(io.BytesIO(picture)) as page, Image.open(io.BytesIO(framed(picture, box))) as seen:
        assert page.size == (500, 300) and box == (300, 200, 450, 240)
        frame = np.asarray(seen.convert("RGB"), dtype=int)
    grey = (frame.max(axis=2) - frame.min(axis=2)) < 3
    assert not grey[198, 300:450].any() and grey[210:230, 310:440].all()


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_fields_of_a_page_that_lies_askew_are_cut_out_upright(quarters: int) -> None:
    """The page as it was scanned: upright turned the other way; its field and digits lie where they are turned to."""
    scan = np.rot90(PAGE, -quarters)
    boxes = [turned_box(box, PAGE.shape, -quarters % 4) for box in (BOX, (130, 50, 150, 80), (200, 50, 220, 80))]
    record = document(field("amount", list(boxes[0]), digits=digits(*boxes[1:])))
    assert quarters_to_turn(record["fields"]) == quarters
    (found,) = submissions(encoded(scan), record)
    left, top, right, bottom = BOX
    assert np.abs(load_grey(found.image) - PAGE[top:bottom, left:right]).max() < 0.01
    assert found.around.box == tuple(BOX)


def test_export_pairs_each_crop_with_its_text(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path / "review.db")
    store.keep(encoded(PAGE), document(field("amount", BOX), field("phone", [300, 200, 450, 240])))
    for typed in ("1.234,50", "5550100"):
        item = store.next()
        assert store.decide(item.id, item.lease, "Ada", typed) == "corrected"
    assert export_folder(store, tmp_path / "out") == 2
    first, second = load_truth(tmp_path / "out" / "truth.csv")
    assert (first.text, second.text) == ("123450", "5550100")
    adaptable = load_pictures(tmp_path / "out" / "truth.csv")  # as `adapt` loads them
    assert [each.text for each in adaptable.usable] == ["123450", "5550100"] and not adaptable.skipped
    assert load_grey(first.path).shape == (50, 140) and load_grey(second.path).shape == (40, 150)
    rows = list(csv.DictReader((tmp_path / "out" / "truth.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["written"], row["source"], row["field"]) for row in rows] == [
        ("1.234,50", "form.png", "amount"),
        ("", "form.png", "phone"),
    ]


@pytest.mark.parametrize(
    ("typed", "text", "written"),
    [("12.50", "1250", "12.50"), (" 1250 ", "1250", None), ("$ 1,250.00-", "125000", "$ 1,250.00-"), ("", "", None)],
)
def test_amounts_are_typed_with_their_marks(typed: str, text: str, written: str | None) -> None:
    assert Decision.of(typed) == Decision(text, written)


@pytest.mark.parametrize("typed", ["12a", "..", "1" * 101, "12\n50", "12?4", "٣"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        Decision.of(typed)


@pytest.mark.parametrize(
    ("typed", "record", "action"),
    [
        ("1250", {"text": "1250", "written": "12.50"}, "confirmed"),
        ("12.50", {"text": "1250", "written": "12.50"}, "confirmed"),
        ("1.250", {"text": "1250", "written": "12.50"}, "corrected"),
        ("12.50", {"text": "1250"}, "confirmed"),
        ("", {"text": None}, "confirmed"),
        ("17", {"text": None}, "corrected"),
        (None, {"text": "17"}, "unusable"),
    ],
)
def test_what_the_audit_calls_it(typed: str | None, record: dict, action: str) -> None:
    assert Decision.of(typed).action(record) == action


def test_what_was_decided_before_a_date_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "review.db"
    store = filled(path, 3)
    store.keep(encoded(PAGE), document(field("amount", BOX)))
    for _ in range(2):
        item = store.next()
        store.decide(item.id, item.lease, "Ada", "17")
    assert purge(store, "2000-01-01") == 0
    assert purge(store, "2200-01-01") == 2
    progress = store.progress()
    assert (progress.waiting, progress.done) == (2, 0)
    assert purge(store, "2200-01-01T12:00", waiting=True) == 2
    with closing(sqlite3.connect(path)) as db:
        counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("items", "audit", "pages")]
    assert counts == [0, 0, 0]
    left = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert PICTURE[:200] not in left and b"Ada" not in left


@pytest.mark.parametrize("before", ["yesterday", "2026-13-01", "", "01.02.2026"])
def test_what_is_no_date_is_refused(tmp_path: Path, before: str) -> None:
    with pytest.raises(UsageError, match="2026-01-31"):
        purge(ReviewStore(tmp_path / "review.db"), before)


def test_a_review_file_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    """Made as version 1 did: without the columns and the table of documents."""
    path = tmp_path / "review.db"
    old = TABLES.split(";", 1)[1]
    for line in (
        "written TEXT",
        "field TEXT",
        "page INTEGER NOT NULL DEFAULT 1",
        "around INTEGER REFERENCES pages (id)",
        "box TEXT",
    ):
        old = old.replace(f"    {line},\n", "")
    with closing(sqlite3.connect(path)) as db, db:  # the latter commits
        db.executescript(old)
        db.execute(
            "INSERT INTO items (sha256, file, image, record, added) VALUES ('a', 'a.png', x'00', ?, '2026-01-01')",
            ('{"file": "a.png", "text": "17"}',),
        )
        db.execute(f"PRAGMA application_id = {0x64677473}")
        db.execute("PRAGMA user_version = 1")
    store = ReviewStore(path)
    item = store.next()
    assert item is not None and item.field is None and store.decide(item.id, item.lease, "Ada", "1.7") == "confirmed"
    assert ReviewStore(path, create=False).progress().done == 1
