"""Measure cold start, warm latency and memory with Lambda's emulator and awslambdaric."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

from benchmarks.models import find_estimator
from tests.emulator import binary, free_port

WARM_CALLS = 100


class Start(NamedTuple):
    """One start: ms to the first response, median ms of warm calls, and resident MB after the first response."""

    cold_ms: float
    warm_ms: float
    rss_mb: float


def measure_start(handler: str, task: Path, event: bytes, runtime: str = "") -> Start:
    """Start the handler (`ours`, or a module of `peers`) in a new process and measure its calls."""
    module = ["function"] if handler == "ours" else ["awslambdaric", f"benchmarks.peers.{handler}.handler"]
    port, internal = free_port(), free_port()
    emulator = str(_find_emulator())
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    addresses += ["--runtime-api-address", f"127.0.0.1:{internal}"]
    process = subprocess.Popen(
        [emulator, *addresses, sys.executable, "-m", *module],
        cwd=task,
        env=_make_environment(task, runtime),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        cold = _call(port, event)
        rss = _measure_rss_mb(process.pid)
        warm = statistics.median(_call(port, event) for _ in range(WARM_CALLS))
        return Start(cold, warm, rss)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _make_environment(task: Path, runtime: str) -> dict[str, str]:
    """Return the environment variables that the image sets, and the peers' own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {
        "MODEL_PATH": "model",
        "MODEL_RUNTIME": runtime,
        "ESTIMATOR": find_estimator(task),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JOBLIB_MULTIPROCESSING": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "AWS_REGION": "eu-central-1",
    }


def _call(port: int, event: bytes) -> float:
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    begun = time.perf_counter()
    with urllib.request.urlopen(url, event, timeout=60) as response:
        body: bytes = response.read()
    milliseconds = (time.perf_counter() - begun) * 1e3
    if b'"statusCode": 200' not in body and b'"statusCode":200' not in body:
        raise RuntimeError(f"the handler's response is no 200: {body[:300]!r}")
    return milliseconds


def _measure_rss_mb(emulator: int) -> float:
    threads = Path(f"/proc/{emulator}/task").glob("*/children")
    (child,) = (int(child) for thread in threads for child in thread.read_text().split())
    status = Path(f"/proc/{child}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError("the emulator does not listen after 10 seconds")


def _find_emulator() -> Path:
    folder = Path(tempfile.gettempdir()) / f"bench-emulator-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    return folder / "aws-lambda-rie" if (folder / "aws-lambda-rie").exists() else binary(folder)
