"""The review page in a real Chromium: documents field by field, with the page around them; one open digit."""

import io
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
httpx = pytest.importorskip("httpx")

from PIL import Image  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

from benchmarks.common.drawn_documents import draw_cheque  # noqa: E402
from pipeline.review.store import ReviewStore  # noqa: E402
from pipeline.synthesis.sources import Sources  # noqa: E402
from tests.pipeline.service.serving_process import ROOT, running  # noqa: E402
from tests.pipeline.service.test_page import browser, digits, element, pytestmark, until  # noqa: E402, F401

ZEROS = ROOT / "examples" / "zeros.png"


def begin(browser, url: str) -> None:  # noqa: F811
    """The review page with its first item."""
    browser.get(url + "/review")
    until(browser, lambda: element(browser, "reviewer").is_displayed())
    element(browser, "reviewer").clear()
    element(browser, "reviewer").send_keys("Ada", Keys.ENTER)
    until(browser, lambda: element(browser, "item").is_displayed())
    until(browser, lambda: browser.execute_script("return document.getElementById('crop').naturalWidth") > 0)


def size(browser) -> tuple[int, int]:  # noqa: F811
    """Of the picture that is shown, in its own pixels."""
    return tuple(
        browser.execute_script("const c = document.getElementById('crop'); return [c.naturalWidth, c.naturalHeight]")
    )


def test_fields_of_a_document_are_seen_with_their_page(browser, tmp_path: Path) -> None:  # noqa: F811
    cheque, _ = draw_cheque(8, Sources())
    file = io.BytesIO()
    Image.fromarray(cheque).convert("L").save(file, "PNG")
    review, folder = tmp_path / "review.db", tmp_path / "work"
    folder.mkdir()
    with running("--review", review, "--threshold", 1, "--deadline", 60, folder=folder) as service:
        files = [("image", ("cheque.png", file.getvalue()))]
        (record,) = httpx.post(service.url + "/v1/read", files=files, timeout=120).json()["readings"]
        kept = [field["name"] for field in record["fields"] if field.get("review")]
        assert kept and record["review"] == 1
        begin(browser, service.url)
        assert element(browser, "where").text == f"cheque.png · page 1 · {kept[0]}"
        crop = size(browser)
        element(browser, "around").click()
        until(browser, lambda: size(browser)[0] > crop[0])
        assert element(browser, "around").get_attribute("aria-pressed") == "true"
        wide = element(browser, "crop").size["width"]
        element(browser, "larger").click()
        assert element(browser, "crop").size["width"] > 1.2 * wide
        element(browser, "text").clear()
        element(browser, "text").send_keys("1.234,50", Keys.ENTER)
        until(browser, lambda: "1 done" in element(browser, "progress").text)
        assert service.stop() == 0
    assert ReviewStore(review).progress().done == 1


def test_one_open_digit_is_all_that_is_asked_for(browser, tmp_path: Path) -> None:  # noqa: F811
    review, folder = tmp_path / "review.db", tmp_path / "work"
    folder.mkdir()
    with running("--review", review, "--threshold", 1, "--mask", 0.5, folder=folder) as service:
        browser.get(service.url)
        element(browser, "file").send_keys(str(ZEROS))
        until(browser, lambda: digits(browser))
        shown = digits(browser)
        assert shown.count("?") == 1 and "is right with" in element(browser, "note").text
        begin(browser, service.url)
        assert element(browser, "text").get_attribute("value") == shown
        place = shown.index("?")
        element(browser, "text").send_keys(Keys.ENTER)  # still open: nothing is decided
        assert element(browser, "text").get_attribute("value") == shown
        browser.switch_to.active_element.send_keys("380000"[place], Keys.ENTER)
        until(browser, lambda: element(browser, "empty").is_displayed())
        assert service.stop() == 0
    assert ReviewStore(review).progress().done == 1
