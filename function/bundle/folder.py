"""A bundle's bytes, known to be those that were packaged: hashed as they are read, or known from the image's build.

`python -m function verify --record FILE` is the image build's last step. The file lists the digests that were right,
the manifest's among them. It lies in the image beside the bundle, and the registry and Lambda hold image layers against
digests of their own: of the bundle whose manifest it lists, what it lists, and what is in the same file system at the
same size, is not hashed again at each start. A bundle that was mounted, or fetched, is.
"""

import json
import os
from collections.abc import Sequence
from os.path import dirname, join
from typing import TYPE_CHECKING, NamedTuple

from function.errors import ARTIFACT_MISSING, DIGEST_MISMATCH, MODEL_MISSING, BundleError
from function.model.manifest import DIGEST_NAME, FILE_NAME, PACKAGE_AGAIN, Artifact, Manifest

if TYPE_CHECKING:
    from mmap import mmap

# From so many bytes on, OpenSSL is worth its import.
_MANY_BYTES = 500_000


class _Record(NamedTuple):
    """The digests that the image's build found right, and the file system that they were right in."""

    digests: frozenset[str]
    device: int


class Folder:
    """A bundle in a directory of this machine.

    The record of the image's build is at `record`; where that is empty beside this package: /var/task/verified.json in
    the image.
    """

    def __init__(self, path: str, record: str = "") -> None:
        self._path = path
        self._record_path = record or join(dirname(dirname(dirname(__file__))), "verified.json")
        self._record: _Record | None = None
        self._digest = ""

    def manifest(self) -> Manifest:
        """The manifest, once it is known by its digest. Raises BundleError."""
        try:
            with open(join(self._path, FILE_NAME), "rb") as file:
                data = file.read()
        except OSError:
            # The path is left out: this sentence reaches the callers of a function that fails to start.
            raise BundleError(
                MODEL_MISSING,
                f"The bundle directory that MODEL_PATH names holds no readable {FILE_NAME}: make a bundle with "
                "python -m training.",
            ) from None
        self._digest = sha256_of(data)
        wanted = _digest_beside(self._path)
        if wanted is not None and wanted != self._digest:
            raise BundleError(
                DIGEST_MISMATCH,
                f"The bundle's {FILE_NAME} is not the one that was packaged (its SHA-256 starts with "
                f"{self._digest[:12]}, {DIGEST_NAME} says {wanted[:12]}): copy the bundle again, or {PACKAGE_AGAIN}.",
            )
        manifest = Manifest.parse(data)
        if wanted is None:  # after the format: bundles of the first one have no such file
            raise missing(DIGEST_NAME)
        record = _read_record(self._record_path)
        self._record = record if record is not None and self._digest in record.digests else None
        return manifest

    def checked(self, artifacts: Sequence[Artifact]) -> dict[Artifact, bytes]:
        """Those of the artifacts that the build did not verify, once each is known to be the manifest's.

        Raises BundleError.
        """
        return {artifact: self.content(artifact) for artifact in artifacts if self.verified(artifact) is None}

    def content(self, artifact: Artifact) -> bytes:
        """The artifact's bytes, known to be the manifest's. Raises BundleError."""
        try:
            with open(join(self._path, artifact.file), "rb") as file:
                data = file.read()
        except OSError:
            raise missing(artifact.file) from None
        return checked(data, artifact)

    def verified(self, artifact: Artifact) -> str | None:
        """The path of an artifact that the image's build verified, with the manifest, else None."""
        if self._record is None or artifact.sha256 not in self._record.digests:
            return None
        path = join(self._path, artifact.file)
        try:
            found = os.stat(path)
        except OSError:
            return None
        return path if (found.st_dev, found.st_size) == (self._record.device, artifact.size) else None

    def record(self, artifacts: Sequence[Artifact], path: str) -> None:
        """Writes the digests of the manifest, which was read, and of artifacts that were verified."""
        with open(path, "w", encoding="ascii") as file:
            json.dump([self._digest, *(artifact.sha256 for artifact in artifacts)], file)


def _digest_beside(folder: str) -> str | None:
    """What the file beside the manifest says; None where there is none."""
    try:
        with open(join(folder, DIGEST_NAME), "rb") as file:
            words = file.read(1_000).split()
    except OSError:
        return None
    return words[0].decode("ascii", "replace").lower() if words else ""


def _read_record(path: str) -> _Record | None:
    try:
        with open(path, "rb") as file:  # as bytes: the import of a codec would cost more
            digests = json.loads(file.read())
            return _Record(frozenset(digests), os.fstat(file.fileno()).st_dev) if isinstance(digests, list) else None
    except (OSError, ValueError, TypeError):
        return None


def missing(file: str) -> BundleError:
    """What is raised where a file of the bundle is not there."""
    return BundleError(ARTIFACT_MISSING, f"The bundle's file {file} is missing or unreadable: {PACKAGE_AGAIN}.")


def checked(data: bytes, artifact: Artifact) -> bytes:
    """The same bytes, once their digest is known to be the manifest's. Raises BundleError `digest_mismatch`."""
    found = sha256_of(data)
    if found != artifact.sha256:
        raise BundleError(
            DIGEST_MISMATCH,
            f"The bundle's file {artifact.file} is not the one that was packaged (its SHA-256 starts with "
            f"{found[:12]}, the manifest says {artifact.sha256[:12]}): copy the bundle again, or {PACKAGE_AGAIN}.",
        )
    return data


def sha256_of(data: bytes) -> str:
    """The data's SHA-256 in hexadecimal.

    hashlib loads OpenSSL, whose SHA-256 is the faster one; that takes 2.5 ms, and the import of Python's own 0.2 ms.
    """
    if len(data) < _MANY_BYTES:
        try:
            from _sha2 import sha256  # type: ignore[import-not-found]
        except ImportError:
            pass
        else:
            return str(sha256(data).hexdigest())
    import hashlib

    return hashlib.sha256(data).hexdigest()


def mapped(path: str) -> "mmap":
    """The file, mapped: it is read as far as it is looked at."""
    from mmap import ACCESS_READ, mmap

    with open(path, "rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)
