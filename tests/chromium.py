"""Debian's Chromium, driven by Playwright, and pages that notice what goes wrong in them."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

type Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Where there is none the tests are skipped; in CI they fail."""
    if _CHROMIUM is None:
        reason = "no Chromium is installed: apt-get install chromium, and this test runs"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens addresses; what any page complains of, policy violations among it, fails the test."""
    noticed: list[str] = []
    with ExitStack() as opened:

        def open_at(address: str, **options: Any) -> Page:
            context = browser.new_context(**{"viewport": {"width": 1000, "height": 900}, "locale": "en-US", **options})
            opened.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: noticed.append(str(error)))
            page.on("console", lambda message: noticed.append(message.text) if message.type == "error" else None)
            page.goto(address)
            return page

        yield open_at
    # A refused request is the browser's to report, and what the tests about them expect.
    assert [text for text in noticed if "status of 4" not in text] == []


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
