"""A registry for images on this machine, and the part of ECR that SAM CLI asks before it pushes."""

import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from tests.emulator import free_port, wait_for_port

NAMES = ("docker-registry", "registry")
# Lambda takes these, and no index of several images.
SINGLE = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")
INDEXES = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")


class Missing(Exception):
    """A program that the rehearsal needs is not installed."""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address, localhost:port, of a registry that keeps its images in `folder`. Raises Missing."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise Missing(
            "There is no image registry here: install Debian's docker-registry (apt-get install docker-registry)."
        )
    port = free_port()
    configuration = folder / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(folder / "images")}}
    # JSON is YAML.
    configuration.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": f"127.0.0.1:{port}"}}))
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([program, "serve", str(configuration)], stdout=quiet, stderr=quiet)
    try:
        wait_for_port(port, process)
        yield f"localhost:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def ecr(registry: str) -> Iterator[str]:
    """The endpoint of an ECR that knows one call, GetAuthorizationToken, and answers with that registry."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            token = base64.b64encode(b"AWS:rehearsal").decode()
            data = {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": f"http://{registry}"}]}
            body = json.dumps(data).encode()
            self.send_response(200)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def media_type(image: str) -> str:
    """What the registry says the pushed image is."""
    host, _, name = image.partition("/")
    repository, _, tag = name.rpartition(":")
    accept = {"accept": ", ".join(SINGLE + INDEXES)}
    answer = requests.get(f"http://{host}/v2/{repository}/manifests/{tag}", headers=accept, timeout=30)
    answer.raise_for_status()
    return answer.headers["content-type"]
