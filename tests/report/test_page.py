"""The report in a real browser: it works by mouse and keyboard, asks for nothing, and prints."""

import importlib.util
import itertools
import re
import shutil
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from cctrack.report.figures import encode
from cctrack.report.site_content import Picture, View

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")

SPEC = importlib.util.spec_from_file_location("people", Path(__file__).with_name("people.py"))
people = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(people)


def colour(rgb, caption):
    pixels = np.full((300, 400, 3), rgb, np.uint8)
    border = people.Border(1, "M100 100L150 100L150 150Z", (155.0, 120.0))
    return Picture(encode(pixels), 400, 300, caption, f"Photo, {caption}", (border,), 0.2)


RED, BLUE = (190, 30, 30), (30, 30, 190)


def content():
    views = (View("", colour(RED, "4 March 2019"), colour(BLUE, "17 August 2022"), True),)
    apart = (View("", colour(RED, "4 March 2019"), colour(BLUE, "17 August 2022"), False),)
    persons = [
        people.patient(
            name,
            treatments=(people.treatment(),),
            courses=(people.course(),),
            description="dermatomyositis",
        )
        for name in ("P01", "P02")
    ]
    sites = {
        "P01": (people.site(people.pair(views=views)),),
        "P02": (people.site(people.pair(views=apart)),),
    }
    return people.study(*persons, notice="All simulated."), sites


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    study, sites = content()
    path.write_text("".join(people.render_report(study, sites.__getitem__)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, report):
    """A page, and everything it complained of or asked for."""
    told, asked = [], []
    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme="light")
    page = context.new_page()
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation',"
        " event => console.error('policy: ' + event.violatedDirective))"
    )
    page.goto(report.as_uri())
    yield page, told, asked
    context.close()


def seen(page, where):
    """Colour of a pixel of the first before-and-after, by its place across (0-1)."""
    from cctrack._cv2 import cv2

    element = page.locator(".laid-over .pictures").first
    shot = np.frombuffer(element.screenshot(), np.uint8)
    pixels = cv2.imdecode(shot, cv2.IMREAD_COLOR)[..., ::-1].astype(int)
    rows, columns = pixels.shape[:2]
    return pixels[int(0.75 * rows), int(where * columns)]


def is_earlier(pixel):
    return pixel[0] > 120 > pixel[2]


def test_the_page_asks_for_nothing_and_complains_of_nothing(opened, report):
    page, told, asked = opened
    page.locator("#patient-2").scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    assert told == []
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]


def test_a_script_or_style_slipped_in_would_not_run(opened):
    page, told, _ = opened
    page.evaluate(
        "() => { const made = document.createElement('script');"
        " made.textContent = 'window.slipped = 1'; document.body.append(made); }"
    )
    assert page.evaluate("window.slipped") is None
    assert any("policy: script-src" in line for line in told)


def test_the_slider_is_moved_by_keys(opened):
    page, _, _ = opened
    slider = page.locator(".laid-over input[type=range]").first
    assert is_earlier(seen(page, 0.4))
    assert not is_earlier(seen(page, 0.6))
    slider.focus()
    page.keyboard.press("End")
    assert is_earlier(seen(page, 0.9))
    page.keyboard.press("Home")
    assert not is_earlier(seen(page, 0.1))
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "1"
    assert slider.get_attribute("aria-valuetext") == "1 % of 4 March 2019"


def test_the_slider_is_moved_by_the_mouse(opened):
    page, _, _ = opened
    pictures = page.locator(".laid-over .pictures").first
    pictures.scroll_into_view_if_needed()
    box = pictures.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=5)
    page.mouse.up()
    assert is_earlier(seen(page, 0.75))
    assert not is_earlier(seen(page, 0.85))


def test_outlines_can_be_taken_away_and_pictures_laid_side_by_side(opened):
    page, _, _ = opened
    views = page.locator(".views").first
    border = views.locator(".borders").first
    assert border.evaluate("item => getComputedStyle(item).visibility") == "visible"
    views.get_by_label("Outlines").uncheck()
    assert border.evaluate("item => getComputedStyle(item).visibility") == "hidden"
    before, after = views.locator(".before"), views.locator(".after")
    assert before.bounding_box()["x"] == after.bounding_box()["x"]
    views.get_by_label("Side by side").check()
    assert before.bounding_box()["x"] + 100 < after.bounding_box()["x"]


def test_a_failed_alignment_is_shown_side_by_side_with_the_word(opened):
    page, _, _ = opened
    views = page.locator("#patient-2 .views")
    assert "Not aligned" in views.inner_text()
    assert views.locator("input[type=range]").count() == 0
    before, after = views.locator(".before"), views.locator(".after")
    assert before.bounding_box()["x"] + 100 < after.bounding_box()["x"]


def test_without_scripts_both_pictures_stand_side_by_side(browser, report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    views = page.locator("#patient-1 .views")
    before, after = views.locator(".before"), views.locator(".after")
    assert before.bounding_box()["x"] + 100 < after.bounding_box()["x"]
    assert not views.locator("input[type=range]").is_visible()
    context.close()


@pytest.mark.parametrize("width", [360, 1366])
def test_no_page_is_wider_than_the_screen(browser, report, width):
    page = browser.new_page(viewport={"width": width, "height": 768})
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_dark_is_dark_and_the_light_is_light(browser, report):
    grounds = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(report.as_uri())
        script = "getComputedStyle(document.body).backgroundColor"
        grounds[scheme] = sum(map(int, re.findall(r"\d+", page.evaluate(script))[:3]))
        page.close()
    assert grounds["light"] > 650
    assert grounds["dark"] < 100


def test_headings_come_in_order_and_every_picture_has_words(opened):
    page, _, _ = opened
    levels = page.eval_on_selector_all(
        "h1,h2,h3,h4,h5,h6", "items => items.map(item => Number(item.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    assert page.eval_on_selector_all("img", "items => items.every(item => item.alt.length > 3)")
    assert page.eval_on_selector_all(
        "svg:not([aria-hidden])", "items => items.every(item => item.getAttribute('aria-label'))"
    )
    assert page.eval_on_selector_all("th", "items => items.every(item => item.scope)")
    assert page.evaluate("document.documentElement.lang") == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert page.locator(landmark).first.count() == 1


def test_every_control_can_be_reached_by_the_tab_key(opened):
    page, _, _ = opened
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className"))
    assert {"skip", "outlines", "apart", "split"} <= reached


def test_it_prints_with_a_page_for_each_patient_and_its_number(opened, tmp_path):
    page, _, _ = opened
    pdf = tmp_path / "report.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    document = pypdfium2.PdfDocument(pdf)
    texts = [sheet.get_textpage().get_text_range() for sheet in document]
    assert {tuple(round(side) for side in sheet.get_size()) for sheet in document} == {(595, 842)}
    starts = [
        number for number, text in enumerate(texts) if re.search(r"^P0[12]\b.*dermato", text, re.M)
    ]
    assert len(set(starts)) == 2
    for number, text in enumerate(texts, start=1):
        assert "Research use only, not for diagnosis" in text
        assert f"{number} / {len(texts)}" in text
    assert len(texts) <= 9
