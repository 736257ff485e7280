"""A browser, pages that notice what goes wrong in them, and servers of real bundles."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from function.bundle import load
from function.dispatch import create_handler
from function.service import Service
from function.settings import Settings
from function.wsgi import application
from tests.emulator import REPOSITORY, free_port
from tests.integration.test_serve import serving

PICTURES = REPOSITORY / "docs" / "pictures"
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

type Open = Callable[..., Page]
type Picture = Callable[[Page, str], None]


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


@pytest.fixture(scope="session")
def addresses(houses_bundle: Path, iris_bundle: Path, mixed_bundle: Path) -> Iterator[dict[str, str]]:
    """Servers of the example, a classifier and a table of mixed types."""
    bundles = {"houses": houses_bundle, "iris": iris_bundle, "mixed": mixed_bundle}
    with ExitStack() as servers:
        yield {name: servers.enter_context(serving(bundle)) for name, bundle in bundles.items()}


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="session")
def below_a_stage(houses_bundle: Path) -> Iterator[str]:
    """The example below `/prod/`, as a stage of API Gateway has it."""
    served = application(create_handler(Service(load(houses_bundle), Settings(""))))

    def staged(environ: dict[str, Any], start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/prod"):
            start_response("403 Forbidden", [("content-length", "0")])
            return [b""]
        # gunicorn ends a body where it ends; this server would wait for more.
        body = BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        environ = {**environ, "wsgi.input": body}
        return served({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/prod") or "/"}, start_response)

    server = make_server("127.0.0.1", free_port(), staged, handler_class=_Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/prod"
    server.shutdown()
    server.server_close()


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """Takes a screenshot; with PICTURES=1 those that the documents show are taken anew."""
    folder = PICTURES if os.environ.get("PICTURES") == "1" else tmp_path

    def take(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")
        assert (PICTURES / f"{name}.png").is_file()

    return take


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
