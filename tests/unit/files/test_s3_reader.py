"""An object is read whole, as the version that was named, or not at all. Touches nothing."""

import zlib
from base64 import b64encode
from typing import Any

import pytest
from botocore.exceptions import FlexibleChecksumError, ResponseStreamingError

from function.errors import RetryLater
from function.files.s3_errors import Gone
from function.files.s3_reader import BLOCK_BYTES, ObjectReader, RangeFile
from tests.unit.files.files import SOURCE, TIMEOUT, Bucket, failed

DATA = bytes(range(256)) * 10_000


def read(bucket: Bucket) -> bytes:
    client: Any = bucket
    return b"".join(ObjectReader(client, SOURCE).read_blocks())


def crc32(data: bytes) -> str:
    return b64encode(zlib.crc32(data).to_bytes(4)).decode()


@pytest.mark.parametrize("error", [None, TIMEOUT, ResponseStreamingError(error="reset"), ConnectionResetError()])
@pytest.mark.parametrize("whole", [1_100_000, len(DATA) - 1])
def test_body_that_breaks_off_is_read_on_from_there(whole: int, error: Exception | None) -> None:
    bucket = Bucket(DATA, whole, error, ChecksumCRC32=crc32(DATA))
    assert read(bucket) == DATA
    assert all(place["IfMatch"] == '"e"' for place in bucket.asked)
    # The block in which it broke is read again from its beginning.
    assert whole - BLOCK_BYTES <= int(bucket.asked[2]["Range"].removeprefix("bytes=").split("-")[0]) <= whole


@pytest.mark.parametrize("error", [None, TIMEOUT])
def test_body_that_breaks_off_again_and_again_is_left_to_another_delivery(error: Exception | None) -> None:
    bucket = Bucket(DATA, 10, error)
    with pytest.raises(RetryLater):
        read(bucket)
    assert len(bucket.asked) == 1 + 4


@pytest.mark.parametrize(
    "bucket",
    [
        Bucket(DATA, ChecksumCRC32=crc32(b"other")),
        Bucket(DATA, len(DATA) - 1, FlexibleChecksumError(error_msg="other")),
    ],
)
def test_wrong_checksum_is_left_to_another_delivery(bucket: Bucket) -> None:
    with pytest.raises(RetryLater):
        read(bucket)


class WrongAtTheEnd(Bucket):
    """All bytes come, and then botocore says that they are not those of the answer's checksum."""

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


def test_bytes_that_all_came_and_have_another_checksum_are_left_to_another_delivery() -> None:
    bucket = WrongAtTheEnd(DATA)
    with pytest.raises(RetryLater, match="checksum"):
        read(bucket)
    assert len(bucket.asked) == 2  # it is not asked for again


def test_checksum_of_an_upload_in_parts_is_not_that_of_its_bytes() -> None:
    assert read(Bucket(DATA, ETag='"e-2"', ChecksumCRC32=crc32(b"other"))) == DATA
    with pytest.raises(RetryLater):
        read(Bucket(DATA, ETag='"e-2"', ChecksumCRC32=crc32(b"other"), ChecksumType="FULL_OBJECT"))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (failed(404, "NoSuchKey"), Gone),
        (failed(412, "PreconditionFailed"), Gone),
        (failed(404, "NoSuchBucket"), RetryLater),
        (failed(403, "AccessDenied"), RetryLater),
        (failed(503, "SlowDown"), RetryLater),
        (TIMEOUT, RetryLater),
    ],
)
def test_refusal_says_whether_another_delivery_may_help(error: Exception, raised: type[Exception]) -> None:
    bucket = Bucket(DATA)
    bucket.refuses = [error]
    with pytest.raises(raised):
        read(bucket)


def test_object_replaced_while_it_is_read_is_gone() -> None:
    bucket = Bucket(DATA, 1_100_000)
    client: Any = bucket
    blocks = ObjectReader(client, SOURCE).read_blocks()
    next(blocks)
    bucket.refuses = [failed(412, "PreconditionFailed")]
    with pytest.raises(Gone):
        list(blocks)


@pytest.mark.parametrize(
    ("named", "answered", "version"), [(None, None, None), ("v1", None, "v1"), (None, "v2", "v2"), ("v1", "v1", "v1")]
)
def test_version_is_the_one_that_s3_says_else_the_one_that_was_asked_for(
    named: str | None, answered: str | None, version: str | None
) -> None:
    head: dict[str, Any] = {"VersionId": answered} if answered else {}
    bucket = Bucket(DATA[:9], **head)
    client: Any = bucket
    reader = ObjectReader(client, SOURCE._replace(version_id=named))
    assert b"".join(reader.read_blocks()) == DATA[:9]
    assert reader.version.version_id == version
    assert [asked.get("VersionId") for asked in bucket.asked] == [named, named]


def test_empty_object_is_not_asked_for() -> None:
    bucket = Bucket(b"")
    assert read(bucket) == b""
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
    bucket = Bucket(DATA, whole, ChecksumCRC32=crc32(DATA))
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
