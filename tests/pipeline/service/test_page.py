"""The pages in a real Chromium: draw a number with the mouse, read it, correct it with the keyboard, export it."""

import base64
import io
import math
import os
import shutil
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from PIL import Image, ImageDraw, ImageFont  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

from tests.pipeline.service.serving_process import ROOT, running  # noqa: E402

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"),
]
SECONDS = 60
ROUND = [(0.5 + 0.05 * math.sin(t * math.pi / 8), 0.5 - 0.3 * math.cos(t * math.pi / 8)) for t in range(17)]
STROKES = [[(0.1, 0.35), (0.15, 0.2), (0.15, 0.8)], [(0.25, 0.25), (0.37, 0.25), (0.29, 0.8)], ROUND]  # 1, 7, 0


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with running("--review", folder / "review.db", "--threshold", 0.9999, folder=folder) as found:
        yield found


@pytest.fixture
def page(browser, service):
    browser.get(service.url)
    until(browser, lambda: float(element(browser, "threshold").get_attribute("value")) > 0.9)
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def element(browser, name):
    return browser.find_element(By.ID, name)


def until(browser, condition):
    WebDriverWait(browser, SECONDS).until(lambda _: condition())


def draw(browser, strokes):
    paper = element(browser, "paper")
    width, height = paper.size["width"], paper.size["height"]
    for stroke in strokes:
        places = [(round((x - 0.5) * width), round((y - 0.5) * height)) for x, y in stroke]
        mouse = ActionChains(browser, duration=20).move_to_element_with_offset(paper, *places[0]).click_and_hold()
        for place in places[1:]:
            mouse.move_to_element_with_offset(paper, *place)
        mouse.release().perform()


def digits(browser):
    return "".join(found.text for found in browser.find_elements(By.CSS_SELECTOR, ".digit .figure"))


def test_a_drawn_number_is_read_corrected_and_exported(page, service):
    draw(page, STROKES)
    element(page, "read").click()
    until(page, lambda: digits(page))
    assert digits(page) == "170"
    assert "1 7 0" in element(page, "said").get_attribute("textContent")
    assert "item 1" in element(page, "queued").text
    element(page, "to-review").click()
    until(page, lambda: element(page, "reviewer").is_displayed())
    page.switch_to.active_element.send_keys("Ada", Keys.ENTER)
    until(page, lambda: element(page, "text").get_attribute("value") == "170")
    page.switch_to.active_element.send_keys("171", Keys.ENTER)  # the reading is selected: typing replaces it
    until(page, lambda: element(page, "empty").is_displayed())
    assert element(page, "progress").text == "0 waiting, 1 done, 0 unusable"
    sent = page.execute_async_script("""
        const done = arguments[0];
        fetch("/v1/review/export").then((answer) => answer.blob()).then((blob) => {
          const reader = new FileReader();
          reader.onload = () => done(reader.result.split(",")[1]);
          reader.readAsDataURL(blob);
        });""")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(sent))) as exported:
        assert exported.read("truth.csv").decode().splitlines() == [
            "file,text,written,source,page,field",
            "000001.png,171,,'-,1,",
        ]
        assert b"Ada,corrected,170,171" in exported.read("audit.csv")


def test_the_rounds_of_the_search_are_shown_one_by_one(page):
    element(page, "file").send_keys(str(ROOT / "examples" / "zeros.png"))
    until(page, lambda: digits(page) == "380000")
    rounds = int(element(page, "step").get_attribute("max")) + 1
    assert rounds >= 2
    while element(page, "back").is_enabled():
        element(page, "back").click()
    assert element(page, "story").text.startswith(f"Round 1 of {rounds}")
    assert "unsure" in element(page, "story").text
    first = len(page.find_elements(By.CSS_SELECTOR, "#picture .cut"))
    element(page, "on").click()
    assert len(page.find_elements(By.CSS_SELECTOR, "#picture .cut.fresh")) > 0
    assert len(page.find_elements(By.CSS_SELECTOR, "#picture .cut")) > first


def test_the_threshold_decides_on_the_page(page):
    element(page, "file").send_keys(str(ROOT / "examples" / "zeros.png"))
    until(page, lambda: digits(page) == "380000")
    assert element(page, "badge").text == "Please look"
    slider = element(page, "threshold")
    slider.send_keys(Keys.HOME)
    assert element(page, "badge").text == "Accepted"


def test_an_amount_is_shown_with_its_marks(page, tmp_path):
    """Digits alone would be a number a hundred times as large."""
    picture = Image.new("L", (240, 80), 255)
    ImageDraw.Draw(picture).text((40, 15), "31.40", 20, ImageFont.load_default(40))
    picture.save(tmp_path / "amount.png")
    element(page, "format").send_keys("amount")
    element(page, "file").send_keys(str(tmp_path / "amount.png"))
    until(page, lambda: element(page, "written").is_displayed())
    assert "Written 31.40; " in element(page, "written").text
    assert "3 1 . 4 0" in element(page, "said").get_attribute("textContent")
    element(page, "format").clear()
    element(page, "format").send_keys(Keys.TAB)  # read again as any digits
    until(page, lambda: not element(page, "written").is_displayed())


def test_bad_pictures_and_formats_are_told(page, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    element(page, "file").send_keys(str(ROOT / "examples" / "zeros.png"))
    until(page, lambda: digits(page) == "380000")
    element(page, "file").send_keys(str(broken))
    until(page, lambda: element(page, "problem").is_displayed())
    assert "not an image" in element(page, "problem").text
    assert (
        digits(page) == "" and not element(page, "reading").is_displayed()
    )  # nobody takes the last number for this one
    assert "3 8 0 0 0 0" not in element(page, "said").get_attribute("textContent")
    page.get_log("browser")  # the browser itself notes every answer of 422


def test_everything_can_be_reached_by_keyboard_and_has_a_name(page):
    element(page, "file").send_keys(str(ROOT / "examples" / "zeros.png"))
    until(page, lambda: digits(page) == "380000")
    reached = set()
    for _ in range(40):
        ActionChains(page).send_keys(Keys.TAB).perform()
        reached.add(page.switch_to.active_element.get_attribute("id"))
    assert {"file", "photo", "format", "threshold", "step", "back"} <= reached
    unnamed = page.execute_script("""
        return [...document.querySelectorAll("button, input, canvas, svg[role]")].filter((each) =>
          !(each.labels?.length || each.textContent.trim() || each.getAttribute("aria-label")
            || each.getAttribute("aria-labelledby"))).map((each) => each.id);""")
    assert unnamed == []


def test_nothing_overflows_on_a_phone(page):
    page.set_window_size(390, 844)
    try:
        for path in ("/", "/review"):
            page.get(page.current_url.split("/", 3)[0] + "//" + page.current_url.split("/")[2] + path)
            wide, seen = page.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
            assert wide <= seen
    finally:
        page.set_window_size(1280, 1000)


@pytest.mark.skipif("DIGITSTRING_SCREENSHOTS" not in os.environ, reason="only where a folder for screenshots is named")
def test_screenshots(page):
    folder = Path(os.environ["DIGITSTRING_SCREENSHOTS"])
    element(page, "file").send_keys(str(ROOT / "examples" / "zeros.png"))
    until(page, lambda: digits(page) == "380000")
    page.set_window_size(1280, 960)
    for _ in range(2):
        element(page, "back").click()
    page.save_screenshot(str(folder / "page.png"))
    page.set_window_size(390, 1500)
    page.save_screenshot(str(folder / "phone.png"))
    page.set_window_size(1280, 1000)
