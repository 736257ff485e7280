"""The vendored files of Swagger UI are those that SOURCE.txt records, and are what /docs serves. Touches files only."""

import gzip
import re
from hashlib import sha256
from pathlib import Path

import pytest

from function.aws import Clients
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.web.request_response import Request, Response
from function.web.routes import respond
from tests.emulator import REPOSITORY
from tests.unit.small_models import regressor

FOLDER = REPOSITORY / "function" / "web" / "assets" / "swagger"
SOURCE = (FOLDER / "SOURCE.txt").read_text()
RECORDED = {name: digest for digest, name in re.findall(r"(?m)^([0-9a-f]{64})  (\S+)$", SOURCE)}


def read_vendored(name: str) -> bytes:
    return gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


def ask(path: str, model: Model) -> Response:
    return respond(Service(model, Settings(model_path=""), Clients()), Request("GET", path, {}, b"", "request-1"))


def test_each_vendored_file_is_recorded() -> None:
    assert {path.name.removesuffix(".gz") for path in FOLDER.glob("*.min.*")} == set(RECORDED)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_vendored_file_has_the_recorded_digest(name: str) -> None:
    assert sha256(read_vendored(name)).hexdigest() == RECORDED[name]


def test_no_file_that_is_cloned_is_larger_than_a_megabyte(source: Path) -> None:
    files = [path for path in source.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert [file.name for file in files if file.stat().st_size > 1_000_000] == []


def test_recorded_version_is_the_one_that_the_script_names() -> None:
    version = re.search(r'PACKAGE_VERSION:"([0-9.]+)"', read_vendored("swagger-ui-bundle.min.js").decode())
    assert version is not None
    assert SOURCE.startswith(f"Swagger UI {version[1]}, ")


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"])
def test_licences_lie_beside_the_files(name: str) -> None:
    assert name in SOURCE
    assert (FOLDER / name).read_text().strip()


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_docs_serves_the_vendored_file_unchanged(name: str) -> None:
    model = regressor()
    page, file = ask("/docs", model), ask(f"/docs/{name}", model)
    assert (page.status, file.status) == (200, 200)
    assert f'"docs/{name}"' in page.body
    assert sha256(file.body.encode()).hexdigest() == RECORDED[name]
