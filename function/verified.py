"""An artifact's bytes, known to be the manifest's: hashed as they are read, or known from the image's build.

`python -m function verify --record FILE` is the image build's last step. The file lists the digests that were right. It
lies in the image beside the bundle, and the registry and Lambda hold image layers against digests of their own: what it
lists, and what is in the same file system at the same size, is not hashed again at each start. A bundle that was
mounted, or fetched, is.
"""

import json
import os
from collections.abc import Sequence
from os.path import dirname, join
from typing import TYPE_CHECKING

from function.errors import BundleError
from function.manifest import FILE_NAME, PACKAGE_AGAIN, Artifact

if TYPE_CHECKING:
    from mmap import mmap


class Folder:
    """A bundle in a directory of this machine."""

    def __init__(self, path: str) -> None:
        self._path = path

    def manifest(self) -> bytes:
        """The manifest's bytes. Raises BundleError."""
        try:
            with open(join(self._path, FILE_NAME), "rb") as file:
                return file.read()
        except OSError:
            # The path is left out: this sentence reaches the callers of a function that fails to start.
            raise BundleError(
                "model_missing",
                f"The bundle directory that MODEL_PATH names holds no readable {FILE_NAME}: make a bundle with "
                "python -m training.",
            ) from None

    def checked(self, artifacts: Sequence[Artifact]) -> dict[Artifact, bytes]:
        """Those of the artifacts that the build did not verify, once each is known to be the manifest's.

        Raises BundleError.
        """
        return {a: checked_bytes(self._path, a) for a in artifacts if not by_the_build(self._path, a)}

    def content(self, artifact: Artifact) -> bytes:
        """The artifact's bytes, known to be the manifest's. Raises BundleError."""
        return checked_bytes(self._path, artifact)

    def verified(self, artifact: Artifact) -> str | None:
        """The path of an artifact that the image's build verified, else None."""
        return join(self._path, artifact.file) if by_the_build(self._path, artifact) else None


def checked_bytes(folder: str, artifact: Artifact) -> bytes:
    """The artifact's bytes, once their digest is known to be the manifest's. Raises BundleError."""
    try:
        with open(join(folder, artifact.file), "rb") as file:
            data = file.read()
    except OSError:
        raise missing(artifact) from None
    return checked(data, artifact)


def missing(artifact: Artifact) -> BundleError:
    """What is raised where the artifact's file is not there."""
    return BundleError(
        "artifact_missing", f"The bundle's file {artifact.file} is missing or unreadable: {PACKAGE_AGAIN}."
    )


def checked(data: bytes, artifact: Artifact) -> bytes:
    """The same bytes, once their digest is known to be the manifest's. Raises BundleError `digest_mismatch`."""
    from hashlib import sha256

    found = sha256(data).hexdigest()
    if found != artifact.sha256:
        raise BundleError(
            "digest_mismatch",
            f"The bundle's file {artifact.file} is not the one that was packaged (its SHA-256 starts with "
            f"{found[:12]}, the manifest says {artifact.sha256[:12]}): copy the bundle again, or {PACKAGE_AGAIN}.",
        )
    return data


def record(artifacts: Sequence[Artifact], path: str) -> None:
    """Writes the digests of artifacts that were verified to the file at `path`."""
    with open(path, "w", encoding="ascii") as file:
        json.dump([artifact.sha256 for artifact in artifacts], file)


def by_the_build(folder: str, artifact: Artifact, path: str = "") -> bool:
    """Whether the record lists the artifact's digest, and its file is of the record's file system.

    The record is at `path`; where there is none beside this package: /var/task/verified.json in the image.
    """
    path = path or join(dirname(dirname(__file__)), "verified.json")
    try:
        with open(path, encoding="ascii") as file:
            digests = json.load(file)
            recorded = os.fstat(file.fileno())
        found = os.stat(join(folder, artifact.file))
    except (OSError, ValueError):
        return False
    listed = isinstance(digests, list) and artifact.sha256 in digests
    return listed and found.st_dev == recorded.st_dev and found.st_size == artifact.size


def mapped(path: str) -> "mmap":
    """The file, mapped: it is read as far as it is looked at."""
    from mmap import ACCESS_READ, mmap

    with open(path, "rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)
