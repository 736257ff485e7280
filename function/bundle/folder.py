"""A bundle in a directory of this machine.

Files are hashed as they are read, unless the image's build verified them: `python -m function verify --record FILE`
is the build's last step, and writes the digests of the manifest and of every artifact to FILE. FILE lies in the image
beside the bundle; the registry and Lambda check image layers against digests of their own. A file is not hashed again
at each start where FILE lists the manifest's digest and the file's own, and where the file is in FILE's file system and
has the size that the manifest says. A mounted bundle is always hashed.
"""

import json
import os
from functools import partial
from os.path import dirname, join
from typing import TYPE_CHECKING, NamedTuple

from function.errors import ARTIFACT_MISSING, DIGEST_MISMATCH, MODEL_MISSING, BundleError
from function.model.manifest import DIGEST_NAME, FILE_NAME, PACKAGE_AGAIN, Artifact, Manifest
from function.model.runtime import Content, wrap_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

# From this size on, OpenSSL is faster, its import included.
_MIN_OPENSSL_BYTES = 500_000


class _Record(NamedTuple):
    """The digests that the image's build verified, and the device number of the record's file system."""

    digests: frozenset[str]
    device: int


class Folder:
    """A bundle in the directory `path`.

    `record` is the path of the build's record. The default is beside the package `function`: /var/task/verified.json in
    the image.
    """

    def __init__(self, path: str, record: str = "") -> None:
        self._path = path
        self._record_path = record or join(dirname(dirname(dirname(__file__))), "verified.json")
        self._record: _Record | None = None
        self._digest = ""

    def read_manifest(self) -> Manifest:
        """Read the manifest and check its digest. Raises BundleError."""
        try:
            with open(join(self._path, FILE_NAME), "rb") as file:
                data = file.read()
        except OSError:
            # Without the path: callers see this message when the function fails to start.
            raise BundleError(
                MODEL_MISSING,
                f"The bundle directory that MODEL_PATH names holds no readable {FILE_NAME}: make a bundle with "
                "python -m training.",
            ) from None
        self._digest = compute_sha256(data)
        wanted = _read_digest(self._path)
        if wanted is not None and wanted != self._digest:
            raise BundleError(
                DIGEST_MISMATCH,
                f"The bundle's {FILE_NAME} is not the one that was packaged (its SHA-256 starts with "
                f"{self._digest[:12]}, {DIGEST_NAME} says {wanted[:12]}): copy the bundle again, or {PACKAGE_AGAIN}.",
            )
        manifest = Manifest.parse(data)
        if wanted is None:  # checked after the format: bundles of format 1 have no such file
            raise create_missing_error(DIGEST_NAME)
        record = _read_record(self._record_path)
        self._record = record if record is not None and self._digest in record.digests else None
        return manifest

    def open_artifact(self, artifact: Artifact) -> Content:
        """Open an artifact; read and hash it at once, unless the image's build verified it. Raises BundleError."""
        path = self.find_verified(artifact)
        if path is None:
            return wrap_bytes(self.read_artifact(artifact))
        return Content(partial(self.read_artifact, artifact), path)

    def read_artifact(self, artifact: Artifact) -> bytes:
        """Read an artifact and check its digest. Raises BundleError."""
        try:
            with open(join(self._path, artifact.file), "rb") as file:
                data = file.read()
        except OSError:
            raise create_missing_error(artifact.file) from None
        return check_digest(data, artifact)

    def find_verified(self, artifact: Artifact) -> str | None:
        """Return the artifact's path if the image's build verified it together with this manifest, else None."""
        if self._record is None or artifact.sha256 not in self._record.digests:
            return None
        path = join(self._path, artifact.file)
        try:
            found = os.stat(path)
        except OSError:
            return None
        return path if (found.st_dev, found.st_size) == (self._record.device, artifact.size) else None

    def write_record(self, artifacts: "Sequence[Artifact]", path: str) -> None:
        """Write the digests of the manifest and of these artifacts, all of which were verified, to the file `path`."""
        with open(path, "w", encoding="ascii") as file:
            json.dump([self._digest, *(artifact.sha256 for artifact in artifacts)], file)


def _read_digest(folder: str) -> str | None:
    """Read the manifest's digest from the file beside it; return None where there is no such file."""
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


def create_missing_error(file: str) -> BundleError:
    """Create the error for a file of the bundle that is missing or unreadable."""
    return BundleError(ARTIFACT_MISSING, f"The bundle's file {file} is missing or unreadable: {PACKAGE_AGAIN}.")


def check_digest(data: bytes, artifact: Artifact) -> bytes:
    """Return the same bytes if they have the digest that the manifest says. Raises BundleError `digest_mismatch`."""
    found = compute_sha256(data)
    if found != artifact.sha256:
        raise BundleError(
            DIGEST_MISMATCH,
            f"The bundle's file {artifact.file} is not the one that was packaged (its SHA-256 starts with "
            f"{found[:12]}, the manifest says {artifact.sha256[:12]}): copy the bundle again, or {PACKAGE_AGAIN}.",
        )
    return data


def compute_sha256(data: bytes) -> str:
    """Return the data's SHA-256 in hexadecimal.

    hashlib loads OpenSSL, which hashes faster but takes 2.5 ms to import; Python's own SHA-256 takes 0.2 ms.
    """
    if len(data) < _MIN_OPENSSL_BYTES:
        try:
            from _sha2 import sha256  # type: ignore[import-not-found]
        except ImportError:
            pass
        else:
            return str(sha256(data).hexdigest())
    import hashlib

    return hashlib.sha256(data).hexdigest()
