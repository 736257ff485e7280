"""`python -m function serve`: the handler behind gunicorn. Touches the loopback interface."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.emulator import REPOSITORY, free_port, wait_for_port

RECORD = {"AreaSqft": 1500, "NumBedrooms": 3}


@contextmanager
def serving(bundle: Path) -> Iterator[str]:
    """The server's address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "function", "serve", "--port", str(port)],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "MODEL_PATH": str(bundle)},
    )
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def address(houses_bundle: Path) -> Iterator[str]:
    """The address of a server of the example bundle."""
    with serving(houses_bundle) as address:
        yield address


def test_record_sent_as_curl_sends_it_is_predicted(address: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    response = requests.post(f"{address}/predict", data='{"AreaSqft":1500,"NumBedrooms":3}', headers=form, timeout=10)
    assert response.json()["prediction"] == 360000.0


def test_csv_comes_back_with_predictions(address: str) -> None:
    csv = "id,AreaSqft,NumBedrooms\né,1500,3\n"
    response = requests.post(f"{address}/predict", data=csv.encode(), headers={"content-type": "text/csv"}, timeout=10)
    assert response.text == "id,AreaSqft,NumBedrooms,prediction,warnings\né,1500,3,360000.0,\n"
    assert response.headers["content-type"] == "text/csv; charset=utf-8"


def test_requests_at_once_get_their_own_answers(address: str) -> None:
    def predict(bedrooms: int) -> int:
        body = {"instances": [{**RECORD, "NumBedrooms": bedrooms}] * (bedrooms + 1)}
        return len(requests.post(f"{address}/predict", json=body, timeout=30).json()["predictions"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(predict, range(40))) == list(range(1, 41))


def test_head_answers_like_get_without_a_body(address: str) -> None:
    response = requests.head(f"{address}/health", timeout=10)
    assert (response.status_code, response.content) == (200, b"")


def chunks() -> Iterator[bytes]:
    """A body without a length."""
    yield b'{"AreaSqft": 1500, '
    yield b'"NumBedrooms": 3}'


def test_chunked_body_is_read(address: str) -> None:
    assert requests.post(f"{address}/predict", data=chunks(), timeout=10).json()["prediction"] == 360000.0


def test_body_over_the_cap_is_refused(address: str) -> None:
    response = requests.post(f"{address}/predict", data=b" " * (6 * 1024 * 1024 + 1), timeout=10)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_server_writes_nothing_into_the_home_directory(houses_bundle: Path, tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "function", "serve", "--port", str(port)],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "MODEL_PATH": str(houses_bundle), "HOME": str(tmp_path)},
    )
    wait_for_port(port, process)
    process.terminate()
    process.wait(timeout=30)
    assert list(tmp_path.iterdir()) == []


def test_broken_bundle_ends_the_server_with_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "function", "serve", "--port", str(free_port())],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "MODEL_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "python -m training" in done.stderr
