"""Servers of real bundles, one of them below a stage, and the pictures that documents show."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from zlib import crc32

import pandas
import pytest
from playwright.sync_api import Page

from function.aws import Clients
from function.bundle.loading import load
from function.dispatch import create_handler
from function.local.wsgi import create_application
from function.service import Service
from function.settings import Settings
from tests.conftest import MakeBundle
from tests.emulator import REPOSITORY, free_port
from tests.integration.test_serve import serving

PICTURES = REPOSITORY / "docs" / "pictures"

type Picture = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def reviews_bundle(make_bundle: MakeBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Free text, the names of people, and a target that has nothing to do with them."""
    rows = range(120)
    words = ("good", "bad", "house", "room")
    table = pandas.DataFrame(
        {
            "review": [f"{words[row % 4]} {words[row // 4 % 4]}, says number {row}" for row in rows],
            "prediction": [(row * 7) % 30 for row in rows],
            "liked": [("yes", "no")[crc32(str(row).encode()) % 2] for row in rows],
        }
    )
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    table.to_csv(path, index=False)
    return make_bundle("--data", str(path), "--target", "liked")


@pytest.fixture(scope="session")
def addresses(
    houses_bundle: Path, iris_bundle: Path, mixed_bundle: Path, reviews_bundle: Path
) -> Iterator[dict[str, str]]:
    """Servers of the example, a classifier, a table of mixed types, and free text that tells nothing."""
    bundles = {"houses": houses_bundle, "iris": iris_bundle, "mixed": mixed_bundle, "reviews": reviews_bundle}
    with ExitStack() as servers:
        yield {name: servers.enter_context(serving(bundle)) for name, bundle in bundles.items()}


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="session")
def below_a_stage(houses_bundle: Path) -> Iterator[str]:
    """The example below `/prod/`, as a stage of API Gateway has it."""
    served = create_application(create_handler(Service(load(houses_bundle), Settings(""), Clients())))

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
