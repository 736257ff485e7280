"""Reads one version of an object, whole or not at all: what breaks off is read on from there, as the same version.

botocore never retries the reading of a body.
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
# A read waits for all that it asks for, however slowly that comes, and the time is looked at after each.
PIECE_BYTES = 16 * 1024
# Times that a body may break off without a block's progress between them.
MAX_BREAKS = 3


class Version(NamedTuple):
    """The version that is read, as S3 describes it."""

    version_id: str | None
    etag: str
    size: int
    crc32: str | None


class ObjectReader:
    """An object at the version that the event names, or the ETag, or, where it names neither, as it is now."""

    def __init__(
        self, client: "S3Client", source: SourceObject, look_at_the_time: Callable[[], None] = lambda: None
    ) -> None:
        """Asks S3 for it; `look_at_the_time` raises where too little is left. Raises Gone, RetryLater."""
        self._client = client
        self._look_at_the_time = look_at_the_time
        self._place: dict[str, Any] = {"Bucket": source.bucket, "Key": source.key}
        if source.version_id is not None:
            self._place["VersionId"] = source.version_id
        if source.etag is not None:
            self._place["IfMatch"] = f'"{source.etag}"'
        with translate_errors("HeadObject"):
            head = client.head_object(**self._place, ChecksumMode="ENABLED")
        self._place["IfMatch"] = head["ETag"]
        # Of an object that came in parts it may be the checksum of the parts' checksums.
        whole = head.get("ChecksumType", "COMPOSITE" if "-" in head["ETag"] else "FULL_OBJECT") == "FULL_OBJECT"
        self.version = Version(
            head.get("VersionId") or source.version_id,
            head["ETag"].strip('"'),
            head["ContentLength"],
            head.get("ChecksumCRC32") if whole else None,
        )

    def blocks(self) -> Iterator[bytes]:
        """All of it, in blocks of 1 MB, the last one smaller. Raises Gone, RetryLater."""
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
            raise RetryLater("The object's bytes have another checksum than the object.")
        if waiting:
            yield bytes(waiting)

    def read_range(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`. Raises Gone, RetryLater."""
        return b"".join(self._read_range(start, end))

    def _read_range(self, start: int, end: int) -> Iterator[bytes]:
        breaks_off: tuple[type[Exception], ...] = (OSError, *import_service_errors())
        breaks = progress = 0
        while start < end:
            with translate_errors("GetObject"):
                body = self._open(start, end)
            try:
                # The read that finds nothing more is the one in which botocore holds the bytes against their checksum.
                while piece := body.read(PIECE_BYTES):
                    start += len(piece)
                    progress += len(piece)
                    yield piece
                    self._look_at_the_time()
            except breaks_off as error:
                if type(error).__name__ == "FlexibleChecksumError":
                    raise RetryLater("The object's bytes have another checksum than the answer.") from None
            finally:
                body.close()
            if start < end:
                breaks = 1 if progress >= BLOCK_BYTES else breaks + 1
                progress = 0
                if breaks > MAX_BREAKS:
                    raise RetryLater("The object's body broke off again and again.")

    def _open(self, start: int, end: int) -> Any:
        if (start, end) == (0, self.version.size):
            return self._client.get_object(**self._place, ChecksumMode="ENABLED")["Body"]
        answer = self._client.get_object(**self._place, Range=f"bytes={start}-{end - 1}")
        if not answer.get("ContentRange", "").startswith(f"bytes {start}-{end - 1}/"):
            raise RetryLater("S3 answered with another range than was asked for.")
        return answer["Body"]


class RangeFile(SeekableFile):
    """An object as a file that can be read from any place, each read being a request.

    S3 has a checksum of the whole object alone: where it says one, all is read once at first, to have checksums of the
    blocks that hold what is read later. `failure` is what a read raised: Arrow tells of it as a fault of the file's.
    """

    def __init__(self, reader: ObjectReader) -> None:
        """Raises Gone, RetryLater."""
        super().__init__(reader.version.size)
        self._reader = reader
        self._checksums = list(map(zlib.crc32, reader.blocks())) if reader.version.crc32 else None
        self.failure: Exception | None = None

    def read_range(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`, which are there. Raises Gone, RetryLater."""
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
                raise RetryLater("The object's bytes have another checksum than they had before.")
        return data[start - begin : end - begin]
