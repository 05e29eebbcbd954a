"""The HTML report in a real browser: filters without script, keyboard, phone, paper, and a hostile target."""

import pytest
import result_files
from browser import chromium

from runs_conformance.report.matrix import matrix
from runs_conformance.report.results import read_results
from runs_conformance.report.views import sidebyside
from runs_conformance.report.views.page import html

MADE = {
    "clean": result_files.clean,
    "mixed": result_files.mixed,
    "hostile": result_files.hostile,
    "huge": lambda path: result_files.huge(path, 40, 3),
}
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The file of each page."""
    folder, made = tmp_path_factory.mktemp("pages"), {}
    for name, make in MADE.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(html(read_results(make(folder / name))), "utf-8")
    return made


@pytest.fixture
def opened(browser, pages):
    """Opens a page; whatever it asks of the network or says on the console fails the test."""
    trouble = []

    def open_page(name, size="wide", **more):
        width, height = SIZES[size]
        page = browser.new_page(viewport={"width": width, "height": height}, **more)
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda asked: trouble.append(asked.url) if "file:" not in asked.url else None)
        page.goto(pages[name].as_uri())
        return page

    yield open_page
    assert not trouble


def shown(page):
    return page.locator("details.req:visible").count()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", MADE)
def test_a_page_fits_its_window_and_says_nothing(opened, name, size, scheme):
    page = opened(name, size, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


def contrast(page, selector):
    return page.evaluate(
        """selector => {
          const lum = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const back = node => { const c = getComputedStyle(node).backgroundColor;
            return c !== 'rgba(0, 0, 0, 0)' ? c : back(node.parentElement); };
          return Math.min(...[...document.querySelectorAll(selector)].map(node => {
            const [a, b] = [lum(getComputedStyle(node).color), lum(back(node))].sort((x, y) => y - x);
            return (a + 0.05) / (b + 0.05); })); }""",
        selector,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(opened, scheme):
    page = opened("mixed", color_scheme=scheme)
    for selector in (".state", ".say", ".level", ".tiles b", ".tiles span", ".verdict strong", ".legend li"):
        assert contrast(page, selector) >= 4.5, selector


def test_the_filters_work_without_script(opened):
    page = opened("mixed", java_script_enabled=False)
    total, urgent = 10, 5
    assert shown(page) == urgent
    for chip, count in (("#o-all", total), ("#o-failed", 2), ("#o-untestable", 2), ("#o-warning", 1)):
        page.locator(chip).check(force=True)
        assert shown(page) == count
    page.locator("#o-all").check(force=True)
    page.locator("#l-SHOULD").check(force=True)
    assert shown(page) == 2
    page.locator("#h-refusal").check(force=True)
    assert shown(page) == 1


def test_evidence_opens_without_script(opened):
    page = opened("mixed", java_script_enabled=False)
    row = page.locator("[id='r-stream.first-event']")
    assert not row.get_by_text("GET /").count()
    row.locator("summary").first.click()
    assert row.locator("svg .ring").is_visible()
    assert row.get_by_text("event 1", exact=True).is_visible()
    assert row.get_by_text("curl -sS").is_visible()


def test_the_page_is_used_by_keyboard(opened):
    page = opened("mixed")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("#o-failed").is_checked()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details.req[open]").count() == 1


def test_a_square_leads_to_its_requirement_even_if_it_is_filtered_out(opened):
    page = opened("mixed")
    page.goto(page.url + "#r-accept.minimal")
    row = page.locator("[id='r-accept.minimal']")
    assert row.is_visible()
    assert row.evaluate("each => each.open")


def test_paper_shows_the_evidence_of_what_failed(opened):
    page = opened("mixed", java_script_enabled=False)
    page.emulate_media(media="print")
    assert page.locator("[id='r-refuse.temperature.range'] .seen").is_visible()
    assert not page.locator(".filters").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")


def test_the_matrix_shows_first_where_targets_differ(browser, tmp_path):
    named = [(name, read_results(MADE[name](tmp_path / name))) for name in ("clean", "mixed")]
    page = browser.new_page()
    page.set_content(sidebyside.html(matrix(named)))
    rows = page.locator("#requirements ~ .wide tbody tr:visible")
    differing = rows.count()
    page.locator("#d-all").check(force=True)
    assert 0 < differing < rows.count() == 10
