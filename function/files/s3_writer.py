"""Write an object to S3 while its bytes arrive; it becomes visible only when it is finished."""

import logging
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from function.aws import import_service_errors
from function.errors import InputTooLarge, RetryLater
from function.files.s3_errors import Gone, translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# All parts have this size, however the bytes arrive, so that equal bytes make an equal object, ETag included.
PART_BYTES = 8 * 1024 * 1024
# The limit of S3 (AWS, "Amazon S3 multipart upload limits").
MAX_PARTS = 10_000

logger = logging.getLogger("function")


class Target(NamedTuple):
    """Where an object is written, and what S3 keeps with it."""

    bucket: str
    key: str
    content_type: str
    metadata: Mapping[str, str] = {}


class Upload:
    """Writes one object, in parts if it is larger than one part. Leaving the context aborts an unfinished upload.

    Every method raises RetryLater if S3 refuses the call.
    """

    def __init__(
        self,
        client: "S3Client",
        target: Target,
        *,
        part_bytes: int = PART_BYTES,
        max_parts: int = MAX_PARTS,
    ) -> None:
        self._client = client
        self._place: dict[str, Any] = {"Bucket": target.bucket, "Key": target.key}
        self._attributes: dict[str, Any] = {"ContentType": target.content_type, "Metadata": dict(target.metadata)}
        self._part_bytes = part_bytes
        self._max_parts = max_parts
        self._waiting = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._upload_id is not None:
            self._abort(self._upload_id)

    def write(self, data: bytes) -> None:
        """Append data to the object. Raises InputTooLarge above the size that S3 accepts."""
        self._waiting += data
        while len(self._waiting) >= self._part_bytes:
            part = bytes(self._waiting[: self._part_bytes])
            del self._waiting[: self._part_bytes]
            self._send(part)

    def finish(self) -> None:
        """Make the whole object visible."""
        try:
            if self._upload_id is None:
                with translate_errors("PutObject"):
                    self._client.put_object(**self._place, Body=bytes(self._waiting), **self._attributes)
                return
            if self._waiting:
                self._send(bytes(self._waiting))
            with translate_errors("CompleteMultipartUpload"):
                self._client.complete_multipart_upload(
                    **self._place,
                    UploadId=self._upload_id,
                    MultipartUpload={"Parts": self._parts},  # type: ignore[typeddict-item]
                )
        except Gone:
            raise RetryLater("S3 refused the results: there is no such bucket or upload.") from None
        self._upload_id = None

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        if number > self._max_parts:
            raise InputTooLarge("The predictions would be larger than an S3 object may be.")
        if self._upload_id is None:
            with translate_errors("CreateMultipartUpload"):
                created = self._client.create_multipart_upload(**self._place, **self._attributes)
            self._upload_id = created["UploadId"]
        with translate_errors("UploadPart"):
            response = self._client.upload_part(**self._place, UploadId=self._upload_id, PartNumber=number, Body=part)
        # boto3 starts uploads with checksums by default; such an upload must be completed with them.
        checksums = {name: value for name, value in response.items() if name.startswith("Checksum") and value}
        self._parts.append({"PartNumber": number, "ETag": response["ETag"], **checksums})

    def _abort(self, upload_id: str) -> None:
        try:
            self._client.abort_multipart_upload(**self._place, UploadId=upload_id)
        except import_service_errors() as error:
            # The bucket's lifecycle rule removes the parts.
            logger.warning("upload not aborted", extra={"error_type": type(error).__name__})
