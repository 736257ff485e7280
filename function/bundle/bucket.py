"""A bundle under a prefix of a bucket: nothing in it is used before it is known by its digest.

The manifest's SHA-256 is given by who deploys, and the manifest has those of all other files: whoever can write to the
bucket, but not change the deployment, cannot make the function run anything. Each file is loaded from the very bytes
that were hashed; nothing is written to a disk. Only what is loaded is fetched.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from function.aws import service_errors
from function.bundle.folder import checked, missing
from function.errors import DIGEST_MISMATCH, MODEL_MISSING, MODEL_UNREACHABLE, BundleError
from function.model.manifest import FILE_NAME, Artifact, Manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

MAX_MANIFEST_BYTES = 16 * 1024 * 1024
# botocore never asks again once a body has begun to arrive.
ATTEMPTS = 3


class Prefix:
    """A bundle at `s3://bucket/prefix/`, whose manifest has this digest and, where it is given, this version id."""

    def __init__(self, uri: str, sha256_of_manifest: str, version_id: str, client: "S3Client") -> None:
        self._bucket, _, self._prefix = uri.removeprefix("s3://").partition("/")
        self._digest = sha256_of_manifest
        self._version_id = version_id
        self._client = client

    def manifest(self) -> Manifest:
        """The manifest, known by its digest. Raises BundleError."""
        data = self._read(FILE_NAME, MAX_MANIFEST_BYTES, self._version_id)
        if data is None:
            raise BundleError(
                MODEL_MISSING,
                f"There is no {FILE_NAME} of that version at MODEL_URI, or the function's role may not read it: copy "
                "the bundle there, and give its version id.",
            )
        found = sha256(data).hexdigest()
        if found != self._digest:
            raise BundleError(
                DIGEST_MISMATCH,
                f"The {FILE_NAME} at MODEL_URI is not the one that MODEL_SHA256 names (its SHA-256 starts with "
                f"{found[:12]}, wanted is {self._digest[:12]}): deploy with the digest of the bundle that is meant.",
            )
        return Manifest.parse(data)

    def checked(self, artifacts: Sequence[Artifact]) -> dict[Artifact, bytes]:
        """None of them: what is not loaded is not fetched."""
        return {}

    def content(self, artifact: Artifact) -> bytes:
        """The artifact's bytes, known to be the manifest's. Raises BundleError."""
        data = self._read(artifact.file, artifact.size)
        if data is None:
            raise missing(artifact.file)
        return checked(data, artifact)

    def verified(self, artifact: Artifact) -> str | None:
        """None: a bucket's files are hashed each time."""
        return None

    def _read(self, name: str, most: int, version_id: str = "") -> bytes | None:
        """The object's bytes; None where it is not there or may not be read. Raises BundleError."""
        request: GetObjectRequestTypeDef = {"Bucket": self._bucket, "Key": self._prefix + name}
        if version_id:
            request["VersionId"] = version_id
        failures: tuple[type[Exception], ...] = (OSError, *service_errors())
        for _ in range(ATTEMPTS):
            try:
                answer = self._client.get_object(**request)
                if answer["ContentLength"] > most:
                    raise BundleError(DIGEST_MISMATCH, f"The bundle's file {name} is larger than it was packaged.")
                return answer["Body"].read()
            except failures as error:
                status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
                if status is not None and 400 <= status < 500:
                    return None
        raise BundleError(MODEL_UNREACHABLE, f"The bundle's file {name} could not be read from MODEL_URI: try again.")
