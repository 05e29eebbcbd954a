"""A headless Chromium for tests of the page: the system's, or playwright's; else the tests say so."""

import contextlib
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_LIBRARY = "needs playwright to open the page in a browser: pip install playwright"
NO_BROWSER = "needs a Chromium to open the page: install chromium, or run `playwright install chromium`"


@contextlib.contextmanager
def chromium():
    """A browser; the test is skipped, with a sentence, where there is none."""
    library = pytest.importorskip("playwright.sync_api", reason=NO_LIBRARY)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    with library.sync_playwright() as playwright:
        place = found or playwright.chromium.executable_path
        if not Path(place).exists():
            pytest.skip(NO_BROWSER)
        browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield browser
        browser.close()
