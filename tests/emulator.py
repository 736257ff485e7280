"""Lambda's Runtime Interface Emulator, which ships inside aws-sam-cli, around a command that speaks the runtime API.

What it does not do as Lambda does (measured with aws-sam-cli 1.170): two invocations at once kill it, so a lock
is held; what a handler raises, and a timeout, come back with HTTP 200, so the payload is what to judge; a request
over 6 MB is cut in silence.
"""

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests
import samcli

REPOSITORY = Path(__file__).parents[1]
_INVOKE = "http://127.0.0.1:{}/2015-03-31/functions/function/invocations"


class Outcome(NamedTuple):
    """What an invocation came to."""

    status: int
    payload: Any

    @property
    def error_type(self) -> str | None:
        """The error's name, where the function raised."""
        return self.payload.get("errorType") if isinstance(self.payload, dict) else None


class Emulator:
    """A running emulator."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self._port = port
        self._log = log
        self._lock = threading.Lock()

    def invoke(self, event: object) -> Outcome:
        """Invokes the function with the event, as JSON."""
        with self._lock:
            return invoke(self._port, event)

    @property
    def address(self) -> str:
        """Where clients of Lambda's API find it; the function's name is `function`."""
        return f"http://127.0.0.1:{self._port}"

    def runtime_process(self) -> int:
        """The process id of the function's runtime."""
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        (child,) = (int(child) for thread in threads for child in thread.read_text().split())
        return child

    @property
    def log(self) -> str:
        """What emulator and function have printed."""
        return self._log.read_text()


def invoke(port: int, event: object) -> Outcome:
    """What an emulator that listens on the port answers to the event."""
    response = requests.post(_INVOKE.format(port), data=json.dumps(event), timeout=60)
    return Outcome(response.status_code, response.json())


def binary(folder: Path) -> Path:
    """An executable copy of the emulator in `folder`."""
    architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    shipped = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{architecture}"
    copy = folder / "aws-lambda-rie"
    shutil.copy(shipped, copy)
    copy.chmod(0o755)
    return copy


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None, seconds: float = 30) -> None:
    """Returns once something listens on the port; fails where the process, if it is given, ends first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process is None or process.poll() is None, f"the process ended with {process and process.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Iterator[Emulator]:
    """The function under the emulator, as the image's entry point starts it; logs and binary go to `folder`."""
    port, runtime_port = free_port(), free_port()
    log = folder / "log"
    command = [str(binary(folder)), "--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{runtime_port}", sys.executable, "-m", "function"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], "AWS_LAMBDA_LOG_FORMAT": "JSON", **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for_port(port, process)
            yield Emulator(process, port, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
