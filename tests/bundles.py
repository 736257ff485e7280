"""Edits bundles for tests: what is written has the digests that it has, as a broken tool would write it."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

type Document = dict[str, Any]


def document_of(folder: Path) -> Document:
    """The manifest's document."""
    document: Document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return document


def write_manifest(folder: Path, document: Document) -> None:
    """Writes the manifest and the digest beside it."""
    write_manifest_bytes(folder, json.dumps(document).encode())


def write_manifest_bytes(folder: Path, data: bytes) -> None:
    """Writes the manifest and the digest beside it."""
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.json.sha256").write_text(f"{sha256(data).hexdigest()}  manifest.json\n")


def edit(folder: Path, change: Callable[[Document], object]) -> None:
    """Writes the manifest as `change` leaves it."""
    document = document_of(folder)
    change(document)
    write_manifest(folder, document)


def replace_artifact(folder: Path, name: str, data: bytes) -> None:
    """Writes another artifact, whose digest the manifest has."""
    (folder / name).write_bytes(data)
    digest = sha256(data).hexdigest()
    edit(folder, lambda document: document["artifacts"][name].update(sha256=digest, bytes=len(data)))
