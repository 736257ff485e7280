"""A bundle under a prefix of an S3 bucket.

The deployment gives the manifest's SHA-256, and the manifest has those of all other files: whoever can write to the
bucket, but not change the deployment, cannot make the function run anything. Each file is loaded from the bytes that
were hashed; nothing is written to a disk. Only what is loaded is fetched.
"""

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from function.aws import import_service_errors
from function.bundle.folder import check_digest, create_missing_error
from function.errors import DIGEST_MISMATCH, MODEL_MISSING, MODEL_UNREACHABLE, BundleError
from function.model.manifest import FILE_NAME, Artifact, Manifest
from function.model.runtime import Content

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

MAX_MANIFEST_BYTES = 16 * 1024 * 1024
# botocore does not retry once a body has begun to arrive.
ATTEMPTS = 3


class Prefix:
    """A bundle at `s3://bucket/prefix/` whose manifest has this SHA-256 and, unless empty, this S3 version id."""

    def __init__(self, uri: str, sha256_of_manifest: str, version_id: str, client: "S3Client") -> None:
        self._bucket, _, self._prefix = uri.removeprefix("s3://").partition("/")
        self._digest = sha256_of_manifest
        self._version_id = version_id
        self._client = client

    def read_manifest(self) -> Manifest:
        """Fetch the manifest and check its digest. Raises BundleError."""
        data = self._fetch(FILE_NAME, MAX_MANIFEST_BYTES, self._version_id)
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

    def open_artifact(self, artifact: Artifact) -> Content:
        """Open an artifact without fetching it: reading the content fetches it and checks its digest."""
        return Content(partial(self._read_artifact, artifact))

    def _read_artifact(self, artifact: Artifact) -> bytes:
        data = self._fetch(artifact.file, artifact.size)
        if data is None:
            raise create_missing_error(artifact.file)
        return check_digest(data, artifact)

    def _fetch(self, name: str, max_bytes: int, version_id: str = "") -> bytes | None:
        """Fetch an object; return None where it is missing or may not be read. Raises BundleError."""
        request: GetObjectRequestTypeDef = {"Bucket": self._bucket, "Key": self._prefix + name}
        if version_id:
            request["VersionId"] = version_id
        failures: tuple[type[Exception], ...] = (OSError, *import_service_errors())
        for _ in range(ATTEMPTS):
            try:
                response = self._client.get_object(**request)
                if response["ContentLength"] > max_bytes:
                    raise BundleError(DIGEST_MISMATCH, f"The bundle's file {name} is larger than it was packaged.")
                return response["Body"].read()
            except failures as error:
                status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
                if status is not None and 400 <= status < 500:
                    return None
        raise BundleError(MODEL_UNREACHABLE, f"The bundle's file {name} could not be read from MODEL_URI: try again.")
