"""Read one version of an object. An interrupted read is continued from the same byte of the same version.

botocore does not retry the reading of a body.
"""

import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from function.aws import import_service_errors
from function.errors import RetryLater
from function.files.s3_errors import translate_errors
from function.files.s3_events import SourceObject
from function.files.seekable_file import SeekableFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BLOCK_BYTES = 1024 * 1024
# One read of a body. It blocks until all its bytes have come, and the time left is checked after each.
PIECE_BYTES = 16 * 1024
# Interruptions in a row that are tolerated; a read of BLOCK_BYTES or more between them starts the count again.
MAX_BREAKS = 3


class Version(NamedTuple):
    """The version that is read, as S3 describes it. `crc32` is None if S3 has no checksum of the whole object."""

    version_id: str | None
    etag: str
    size: int
    crc32: str | None


class ObjectReader:
    """Reads the version of an object that the event names by version ID or ETag, or else the present version."""

    def __init__(self, client: "S3Client", source: SourceObject, check_time: Callable[[], None] = lambda: None) -> None:
        """Request the object's head. `check_time` raises if too little time is left. Raises Gone, RetryLater."""
        self._client = client
        self._check_time = check_time
        self._place: dict[str, Any] = {"Bucket": source.bucket, "Key": source.key}
        if source.version_id is not None:
            self._place["VersionId"] = source.version_id
        if source.etag is not None:
            self._place["IfMatch"] = f'"{source.etag}"'
        with translate_errors("HeadObject"):
            head = client.head_object(**self._place, ChecksumMode="ENABLED")
        self._place["IfMatch"] = head["ETag"]
        # The checksum of an object that was uploaded in parts may be that of the parts' checksums.
        whole = head.get("ChecksumType", "COMPOSITE" if "-" in head["ETag"] else "FULL_OBJECT") == "FULL_OBJECT"
        self.version = Version(
            head.get("VersionId") or source.version_id,
            head["ETag"].strip('"'),
            head["ContentLength"],
            head.get("ChecksumCRC32") if whole else None,
        )

    def read_blocks(self) -> Iterator[bytes]:
        """Read the whole object in blocks of 1 MB, the last one smaller. Raises Gone, RetryLater."""
        checksum = 0
        waiting = bytearray()
        for piece in self._read_range(0, self.version.size):
            checksum = zlib.crc32(piece, checksum)
            waiting += piece
            while len(waiting) >= BLOCK_BYTES:
                yield bytes(waiting[:BLOCK_BYTES])
                del waiting[:BLOCK_BYTES]
        expected = self.version.crc32
        if expected and b64decode(expected) != checksum.to_bytes(4):
            raise RetryLater("The object's bytes do not match its checksum.")
        if waiting:
            yield bytes(waiting)

    def read_range(self, start: int, end: int) -> bytes:
        """Read the bytes from `start` up to, not including, `end`. Raises Gone, RetryLater."""
        return b"".join(self._read_range(start, end))

    def _read_range(self, start: int, end: int) -> Iterator[bytes]:
        read_errors: tuple[type[Exception], ...] = (OSError, *import_service_errors())
        breaks = progress = 0
        while start < end:
            with translate_errors("GetObject"):
                body = self._open(start, end)
            try:
                # botocore compares the checksum in the last read, the one that returns no more bytes.
                while piece := body.read(PIECE_BYTES):
                    start += len(piece)
                    progress += len(piece)
                    yield piece
                    self._check_time()
            except read_errors as error:
                if type(error).__name__ == "FlexibleChecksumError":
                    raise RetryLater("The object's bytes do not match the checksum of S3's response.") from None
            finally:
                body.close()
            if start < end:
                breaks = 1 if progress >= BLOCK_BYTES else breaks + 1
                progress = 0
                if breaks > MAX_BREAKS:
                    raise RetryLater("Reading the object's body was interrupted too often.")

    def _open(self, start: int, end: int) -> Any:
        if (start, end) == (0, self.version.size):
            return self._client.get_object(**self._place, ChecksumMode="ENABLED")["Body"]
        response = self._client.get_object(**self._place, Range=f"bytes={start}-{end - 1}")
        if not response.get("ContentRange", "").startswith(f"bytes {start}-{end - 1}/"):
            raise RetryLater("S3 returned another range than the one requested.")
        return response["Body"]


class RangeFile(SeekableFile):
    """An object as a seekable file; each read is a request.

    S3 has a checksum of the whole object only. If there is one, the object is first read once to verify it and to
    compute checksums of its blocks, with which later reads are verified. `failure` is the error that a read raised:
    Arrow reports it as an error of the file.
    """

    def __init__(self, reader: ObjectReader) -> None:
        """Raises Gone, RetryLater."""
        super().__init__(reader.version.size)
        self._reader = reader
        self._checksums = list(map(zlib.crc32, reader.read_blocks())) if reader.version.crc32 else None
        self.failure: Exception | None = None

    def read_range(self, start: int, end: int) -> bytes:
        """Read the bytes from `start` up to, not including, `end`, both within the file. Raises Gone, RetryLater."""
        try:
            return self._read_verified(start, end)
        except Exception as error:
            self.failure = error
            raise

    def _read_verified(self, start: int, end: int) -> bytes:
        if self._checksums is None:
            return self._reader.read_range(start, end)
        first = start // BLOCK_BYTES
        begin, finish = first * BLOCK_BYTES, min(-(-end // BLOCK_BYTES) * BLOCK_BYTES, self._size)
        data = self._reader.read_range(begin, finish)
        for at in range(0, len(data), BLOCK_BYTES):
            if zlib.crc32(data[at : at + BLOCK_BYTES]) != self._checksums[first + at // BLOCK_BYTES]:
                raise RetryLater("The object's bytes do not match the checksum of the first read.")
        return data[start - begin : end - begin]
