"""Writes an object as it grows; nothing of it can be seen until it is finished."""

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from function.aws import import_service_errors
from function.errors import InputTooLarge, RetryLater
from function.files.s3_errors import Gone, translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Parts of one size, whatever comes when: equal bytes become an equal object, ETag included.
PART_BYTES = 8 * 1024 * 1024
# What S3 takes (AWS, "Amazon S3 multipart upload limits").
MAX_PARTS = 10_000

logger = logging.getLogger("function")


class Upload:
    """One object, sent in parts once it is larger than one; what is not finished is taken back.

    Every method raises RetryLater where S3 does not take it.
    """

    def __init__(
        self, client: "S3Client", bucket: str, key: str, content_type: str, metadata: dict[str, str] | None = None
    ) -> None:
        self._client = client
        self._place: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._told: dict[str, Any] = {"ContentType": content_type, "Metadata": metadata or {}}
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
        """Adds to the object's end. Raises InputTooLarge past what S3 takes."""
        self._waiting += data
        while len(self._waiting) >= PART_BYTES:
            part = bytes(self._waiting[:PART_BYTES])
            del self._waiting[:PART_BYTES]
            self._send(part)

    def finish(self) -> None:
        """Makes the object visible, all at once."""
        try:
            if self._upload_id is None:
                with translate_errors("PutObject"):
                    self._client.put_object(**self._place, Body=bytes(self._waiting), **self._told)
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
            raise RetryLater("S3 does not take the results: no such bucket or upload.") from None
        self._upload_id = None

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        if number > MAX_PARTS:
            raise InputTooLarge("The predictions would be larger than an object may be.")
        if self._upload_id is None:
            with translate_errors("CreateMultipartUpload"):
                created = self._client.create_multipart_upload(**self._place, **self._told)
            self._upload_id = created["UploadId"]
        with translate_errors("UploadPart"):
            answer = self._client.upload_part(**self._place, UploadId=self._upload_id, PartNumber=number, Body=part)
        # An upload that was begun with checksums, as boto3 does unasked, must be completed with them.
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum") and value}
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})

    def _abort(self, upload_id: str) -> None:
        try:
            self._client.abort_multipart_upload(**self._place, UploadId=upload_id)
        except import_service_errors() as error:
            # The bucket's lifecycle removes what stays behind.
            logger.warning("upload not aborted", extra={"error_type": type(error).__name__})
