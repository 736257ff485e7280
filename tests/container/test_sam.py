"""SAM CLI around the image: build, invoke, and the API on this machine. Touches Docker and the loopback interface."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from tests.chromium import Open
from tests.emulator import free_port, wait_for_port
from tests.engine import Docker
from tests.events import FOLDER, Documented, read_documented

SAM = str(Path(sys.executable).with_name("sam"))
ENVIRONMENT = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1", "DOCKER_BUILDKIT": "0"}


def sam(folder: Path, *arguments: str) -> str:
    """Runs SAM CLI in `folder` and returns what it printed on standard output."""
    done = subprocess.run(
        [SAM, *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(docker: Docker, image: str, source: Path) -> Path:
    """The folder in which `sam build` has run; the image's layers are there already."""
    assert docker("image", "inspect", image).returncode == 0
    sam(source, "build")
    return source


def invoke(folder: Path, event: Path, function: str = "PredictFunction") -> Any:
    """What `sam local invoke` answers."""
    return json.loads(sam(folder, "local", "invoke", function, "--event", str(event)).splitlines()[-1])


# What files and messages need are buckets and queues, which SAM CLI cannot point a container at: test_image.py gives
# them to the same image.
INVOKED = [row for row in read_documented() if row.source in ("direct", "http_api", "rest_api", "alb")]


@pytest.mark.parametrize("row", INVOKED, ids=lambda row: row.file)
def test_event_gets_the_documented_answer(row: Documented, built: Path) -> None:
    answer = invoke(built, FOLDER / row.file)
    if row.raises:
        assert (answer["errorType"], answer["stackTrace"]) == (row.answer, [])
    else:
        row.check(answer)


@pytest.mark.parametrize(
    "generate",
    [
        ("apigateway", "http-api-proxy", "--path", "/predict"),
        ("apigateway", "aws-proxy", "--path", "/predict", "--method", "POST"),
        ("alb", "request", "--path", "/predict", "--method", "POST"),
    ],
    ids=lambda generate: "-".join(generate[:2]),
)
def test_generated_event_is_answered(generate: tuple[str, ...], built: Path, tmp_path: Path) -> None:
    body = '{"AreaSqft":1500,"NumBedrooms":3}'
    path = tmp_path / "event.json"
    path.write_text(sam(built, "local", "generate-event", *generate, "--body", body))
    answer = invoke(built, path)
    assert (answer["statusCode"], json.loads(answer["body"])["prediction"]) == (200, 360000.0)


def test_other_function_is_of_the_same_image(built: Path) -> None:
    answer = invoke(built, FOLDER / "direct-record.json", function="BatchFunction")
    assert answer["prediction"] == 360000.0


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    """The address of `sam local start-api`."""
    port = free_port()
    process = subprocess.Popen(
        [SAM, "local", "start-api", "--port", str(port), "--warm-containers", "EAGER"],
        cwd=built,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for_port(port, process, seconds=120)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=60)


def test_local_api_answers_every_route(address: str) -> None:
    record = {"AreaSqft": 1500, "NumBedrooms": 3}
    assert requests.post(f"{address}/predict", json=record, timeout=60).json()["prediction"] == 360000.0
    form = {"content-type": "application/x-www-form-urlencoded"}
    sent = requests.post(f"{address}/predict", data=json.dumps(record), headers=form, timeout=60)
    assert sent.json()["prediction"] == 360000.0
    for path in (
        "/health",
        "/model",
        "/openapi.json",
        "/",
        "/docs",
        "/docs/start.js",
        "/ping",
        "/v2",
        "/v2/models/house-prices/ready",
    ):
        assert requests.get(address + path, timeout=60).status_code == 200
    rows = requests.post(f"{address}/invocations", json={"instances": [[1500, 3]]}, timeout=60)
    assert rows.json()["predictions"] == [360000.0]


def test_page_works_through_the_local_api(address: str, open_page: Open) -> None:
    page = open_page(address)
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer .value")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="its documentation").click()
    expect(page.get_by_role("heading", name="house-prices")).to_be_visible(timeout=60_000)


def test_local_api_returns_csv_and_problems(address: str) -> None:
    csv = requests.post(
        f"{address}/predict", data="AreaSqft,NumBedrooms\n1500,3\n", headers={"content-type": "text/csv"}, timeout=60
    )
    assert csv.text == "AreaSqft,NumBedrooms,prediction,warnings\n1500,3,360000.0,\n"
    invalid = requests.post(f"{address}/predict", json={"AreaSqft": None}, timeout=60)
    assert (invalid.status_code, invalid.headers["content-type"]) == (422, "application/problem+json")
    assert [error["pointer"] for error in invalid.json()["errors"]] == ["/AreaSqft", "/NumBedrooms"]
