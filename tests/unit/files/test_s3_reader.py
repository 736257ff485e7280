"""An object is read completely, in the version that the event names, or not at all. Touches nothing."""

import zlib
from base64 import b64encode
from typing import Any

import pytest
from botocore.exceptions import FlexibleChecksumError, ResponseStreamingError

from function.errors import RetryLater
from function.files.s3_errors import Gone
from function.files.s3_reader import BLOCK_BYTES, ObjectReader, RangeFile
from tests.unit.files.files import SOURCE, TIMEOUT, Bucket, make_error

DATA = bytes(range(256)) * 10_000


def read_object(bucket: Bucket) -> bytes:
    client: Any = bucket
    return b"".join(ObjectReader(client, SOURCE).read_blocks())


def encode_crc32(data: bytes) -> str:
    return b64encode(zlib.crc32(data).to_bytes(4)).decode()


@pytest.mark.parametrize("error", [None, TIMEOUT, ResponseStreamingError(error="reset"), ConnectionResetError()])
@pytest.mark.parametrize("whole", [1_100_000, len(DATA) - 1])
def test_interrupted_body_is_continued(whole: int, error: Exception | None) -> None:
    bucket = Bucket(DATA, whole, error, ChecksumCRC32=encode_crc32(DATA))
    assert read_object(bucket) == DATA
    assert all(place["IfMatch"] == '"e"' for place in bucket.asked)
    # The block that was interrupted is read again from its beginning.
    assert whole - BLOCK_BYTES <= int(bucket.asked[2]["Range"].removeprefix("bytes=").split("-")[0]) <= whole


@pytest.mark.parametrize("error", [None, TIMEOUT])
def test_body_interrupted_too_often_raises_retry_later(error: Exception | None) -> None:
    bucket = Bucket(DATA, 10, error)
    with pytest.raises(RetryLater):
        read_object(bucket)
    assert len(bucket.asked) == 1 + 4


@pytest.mark.parametrize(
    "bucket",
    [
        Bucket(DATA, ChecksumCRC32=encode_crc32(b"other")),
        Bucket(DATA, len(DATA) - 1, FlexibleChecksumError(error_msg="other")),
    ],
)
def test_wrong_checksum_raises_retry_later(bucket: Bucket) -> None:
    with pytest.raises(RetryLater):
        read_object(bucket)


class WrongAtTheEnd(Bucket):
    """A body whose bytes all come, but do not match the checksum of the response."""

    def get_object(self, **place: Any) -> dict[str, Any]:
        answer = super().get_object(**place)
        body = answer["Body"]
        read = body.read

        def checked(size: int) -> bytes:
            data: bytes = read(size)
            if not data:
                raise FlexibleChecksumError(error_msg="other")
            return data

        body.read = checked
        return answer


def test_complete_body_with_a_wrong_checksum_raises_retry_later() -> None:
    bucket = WrongAtTheEnd(DATA)
    with pytest.raises(RetryLater, match="checksum"):
        read_object(bucket)
    assert len(bucket.asked) == 2  # it is not requested again


def test_checksum_of_an_upload_in_parts_is_not_that_of_its_bytes() -> None:
    assert read_object(Bucket(DATA, ETag='"e-2"', ChecksumCRC32=encode_crc32(b"other"))) == DATA
    with pytest.raises(RetryLater):
        read_object(Bucket(DATA, ETag='"e-2"', ChecksumCRC32=encode_crc32(b"other"), ChecksumType="FULL_OBJECT"))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (make_error(404, "NoSuchKey"), Gone),
        (make_error(412, "PreconditionFailed"), Gone),
        (make_error(404, "NoSuchBucket"), RetryLater),
        (make_error(403, "AccessDenied"), RetryLater),
        (make_error(503, "SlowDown"), RetryLater),
        (TIMEOUT, RetryLater),
    ],
)
def test_errors_of_s3_are_translated(error: Exception, raised: type[Exception]) -> None:
    bucket = Bucket(DATA)
    bucket.refuses = [error]
    with pytest.raises(raised):
        read_object(bucket)


def test_object_replaced_while_it_is_read_is_gone() -> None:
    bucket = Bucket(DATA, 1_100_000)
    client: Any = bucket
    blocks = ObjectReader(client, SOURCE).read_blocks()
    next(blocks)
    bucket.refuses = [make_error(412, "PreconditionFailed")]
    with pytest.raises(Gone):
        list(blocks)


@pytest.mark.parametrize(
    ("named", "answered", "version"), [(None, None, None), ("v1", None, "v1"), (None, "v2", "v2"), ("v1", "v1", "v1")]
)
def test_version_is_that_of_the_response_or_else_of_the_request(
    named: str | None, answered: str | None, version: str | None
) -> None:
    head: dict[str, Any] = {"VersionId": answered} if answered else {}
    bucket = Bucket(DATA[:9], **head)
    client: Any = bucket
    reader = ObjectReader(client, SOURCE._replace(version_id=named))
    assert b"".join(reader.read_blocks()) == DATA[:9]
    assert reader.version.version_id == version
    assert [asked.get("VersionId") for asked in bucket.asked] == [named, named]


def test_empty_object_is_not_requested() -> None:
    bucket = Bucket(b"")
    assert read_object(bucket) == b""
    assert len(bucket.asked) == 1


def test_file_is_read_by_ranges() -> None:
    bucket = Bucket(DATA, 1_000_000)
    client: Any = bucket
    file = RangeFile(ObjectReader(client, SOURCE))
    file.seek(-1_100_000, 2)
    assert file.read(1_050_000) == DATA[-1_100_000:][:1_050_000]
    assert file.read() == DATA[-50_000:]
    assert file.read(5) == b""
    file.seek(3)
    assert (file.read(2), file.tell()) == (DATA[3:5], 5)


@pytest.mark.parametrize("whole", [len(DATA), 1_100_000])
def test_changed_bytes_of_a_range_are_found(whole: int) -> None:
    bucket = Bucket(DATA, whole, ChecksumCRC32=encode_crc32(DATA))
    client: Any = bucket
    file = RangeFile(ObjectReader(client, SOURCE))
    file.seek(1_048_000)
    assert file.read(1_200_000) == DATA[1_048_000:2_248_000]
    file.seek(-9, 2)
    assert file.read() == DATA[-9:]
    bucket.data = DATA[:1_500_000] + b"\1\1" + DATA[1_500_002:]
    file.seek(0)
    assert file.read(1_000) == DATA[:1_000]
    file.seek(1_400_000)
    with pytest.raises(RetryLater):
        file.read(5)
