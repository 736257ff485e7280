"""Run an image registry on this machine, and the one call of ECR that SAM CLI makes before it pushes."""

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

PROGRAMS = ("docker-registry", "registry")
# Lambda accepts these media types, but no index of several images.
IMAGE_TYPES = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")
INDEX_TYPES = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")


class MissingProgram(Exception):
    """A program that the rehearsal needs is not installed."""


@contextmanager
def run_registry(folder: Path) -> Iterator[str]:
    """Run a registry that stores its images in `folder`; yield its address, localhost:port. Raises MissingProgram."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise MissingProgram(
            "No image registry is installed: install Debian's docker-registry (apt-get install docker-registry)."
        )
    port = free_port()
    configuration = folder / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(folder / "images")}}
    # JSON is valid YAML.
    configuration.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": f"127.0.0.1:{port}"}}))
    devnull = subprocess.DEVNULL
    process = subprocess.Popen([program, "serve", str(configuration)], stdout=devnull, stderr=devnull)
    try:
        wait_for_port(port, process)
        yield f"localhost:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def run_ecr(registry: str) -> Iterator[str]:
    """Run a server for ECR's call GetAuthorizationToken, which names that registry; yield the server's endpoint."""

    class EcrHandler(BaseHTTPRequestHandler):
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
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), EcrHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def get_media_type(image: str) -> str:
    """Return the media type of the pushed image's manifest."""
    host, _, name = image.partition("/")
    repository, _, tag = name.rpartition(":")
    accept = {"accept": ", ".join(IMAGE_TYPES + INDEX_TYPES)}
    response = requests.get(f"http://{host}/v2/{repository}/manifests/{tag}", headers=accept, timeout=30)
    response.raise_for_status()
    return response.headers["content-type"]
