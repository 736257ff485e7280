"""The function under Lambda's emulator, as what invokes it sees it: an answer, an error, a timeout or a crash.

Beyond `tests.emulator` it can be killed at any moment, has a timeout, and can run another handler of the repository.
It runs one invocation at a time; what is throttled or runs beside another is not modelled.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests

from tests import emulator


class Verdict(NamedTuple):
    """What an invocation came to: its answer, or the name of its error (`Timeout`, `Runtime.ExitError` of a crash)."""

    answer: Any
    error: str | None = None
    message: str = ""


class Function:
    """The function, started anew by the emulator after each end of its process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self._url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        self._log = log
        self._lock = threading.Lock()
        self.kills = 0

    def invoke(self, event: object) -> Verdict:
        """What the event comes to."""
        with self._lock:
            response = requests.post(self._url, data=json.dumps(event), timeout=120)
        try:
            document = response.json()
        except requests.JSONDecodeError:
            kind = "Timeout" if "timed out" in response.text else "Runtime.NoJson"
            return Verdict(None, kind, response.text)
        if isinstance(document, dict) and "errorType" in document and "errorMessage" in document:
            return Verdict(None, document["errorType"], document["errorMessage"])
        return Verdict(document)

    def kill(self) -> None:
        """Kills the function's process, if there is one, as running out of memory does."""
        for children in Path(f"/proc/{self._process.pid}/task").glob("*/children"):
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
                self.kills += 1

    @property
    def log(self) -> str:
        """What emulator and function have printed."""
        return self._log.read_text()


@contextmanager
def running(
    folder: Path, environment: Mapping[str, str], *, timeout: int = 60, handler: str = "function.app.handler"
) -> Iterator[Function]:
    """The function as the image's entry point starts it, with a timeout in seconds; it writes to `folder`."""
    port, runtime_port = emulator.free_port(), emulator.free_port()
    log = folder / "log"
    command = [str(emulator.binary(folder)), "--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{runtime_port}", sys.executable, "-m", "function", handler]
    variables = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        **environment,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=emulator.REPOSITORY,
            env=variables,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            emulator.wait_for_port(port, process)
            yield Function(process, port, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
