"""Addresses and bodies for every route: what stands in braces is filled in, and the body is the document's example."""

import json
from urllib.parse import quote

from function.model.manifest import Manifest
from function.web.openapi.examples import make_examples

FILE = "start.js"


def address(path: str, manifest: Manifest) -> str:
    """The route's path, filled in."""
    names = {"{file}": FILE, "{model}": quote(manifest.name, safe=""), "{version}": quote(manifest.version, safe="")}
    for name, value in names.items():
        path = path.replace(name, value)
    return path


def list_documented(path: str, manifest: Manifest) -> str:
    """How the OpenAPI document names the route: what it serves of models and versions is one."""
    return path if "{file}" in path else address(path, manifest)


def body(path: str, manifest: Manifest) -> bytes:
    """A body that the route answers."""
    sent = make_examples(manifest)
    name = "tensors" if path.endswith("infer") else "dataframe_split" if path == "/invocations" else "record"
    return json.dumps(sent[name]).encode()
