"""An object is written completely or not at all. Touches nothing."""

from typing import Any

import pytest

from function.errors import InputTooLarge, RetryLater
from function.files.s3_writer import MAX_PARTS, Target, Upload
from tests.unit.files.files import make_error

TARGET = Target("b", "k", "text/csv")


class Store:
    """A fake S3 that accepts an object in one piece or in parts; `fails` names the call that it refuses."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.calls: list[str] = []
        self.parts: list[bytes] = []
        self.completed: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> dict[str, Any]:
            self.calls.append(name)
            if name == self.fails:
                raise make_error(503, "SlowDown", name)
            if "Body" in arguments:
                self.parts.append(arguments["Body"])
            if "MultipartUpload" in arguments:
                self.completed = arguments["MultipartUpload"]["Parts"]
            return {"UploadId": "u", "ETag": f"e{len(self.parts)}", "ChecksumCRC32": f"c{len(self.parts)}"}

        return call


def upload(store: Store, data: bytes, step: int = 7, max_parts: int = MAX_PARTS) -> None:
    client: Any = store
    with Upload(client, TARGET, part_bytes=10, max_parts=max_parts) as made:
        for at in range(0, len(data), step):
            made.write(data[at : at + step])
        made.finish()


@pytest.mark.parametrize("data", [b"", b"123456789"])
def test_small_object_is_put_in_one_piece(data: bytes) -> None:
    store = Store()
    upload(store, data)
    assert (store.calls, store.parts) == (["put_object"], [data])


@pytest.mark.parametrize("step", [1, 7, 10, 50])
def test_large_object_goes_in_parts_of_one_size(step: int) -> None:
    store = Store()
    upload(store, b"0123456789" * 2 + b"012", step)
    assert store.parts == [b"0123456789", b"0123456789", b"012"]
    assert [(part["PartNumber"], part["ETag"], part["ChecksumCRC32"]) for part in store.completed] == [
        (1, "e1", "c1"),
        (2, "e2", "c2"),
        (3, "e3", "c3"),
    ]
    assert "abort_multipart_upload" not in store.calls


@pytest.mark.parametrize("fails", ["upload_part", "complete_multipart_upload"])
def test_failed_upload_is_aborted(fails: str) -> None:
    store = Store(fails)
    with pytest.raises(RetryLater):
        upload(store, b"0" * 25)
    assert store.calls[-1] == "abort_multipart_upload"


@pytest.mark.parametrize("fails", ["put_object", "create_multipart_upload"])
def test_upload_that_did_not_begin_is_not_aborted(fails: str) -> None:
    store = Store(fails)
    with pytest.raises(RetryLater):
        upload(store, b"0" * (5 if fails == "put_object" else 25))
    assert "abort_multipart_upload" not in store.calls


def test_upload_that_cannot_be_aborted_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    client: Any = Store("abort_multipart_upload")
    with Upload(client, TARGET, part_bytes=10) as made:
        made.write(b"0" * 25)
    assert caplog.messages == ["upload not aborted"]


def test_upload_above_the_limit_of_s3_is_refused() -> None:
    store = Store()
    with pytest.raises(InputTooLarge):
        upload(store, b"0" * 31, max_parts=2)
    assert store.calls[-1] == "abort_multipart_upload"


def test_upload_of_exactly_the_limit_of_s3_is_sent() -> None:
    assert MAX_PARTS == 10_000  # AWS, "Amazon S3 multipart upload limits"
    whole = Store()
    upload(whole, b"0" * 20, max_parts=2)
    assert [part["PartNumber"] for part in whole.completed] == [1, 2]
    store = Store()
    with pytest.raises(InputTooLarge):
        upload(store, b"0" * 21, max_parts=2)
    assert store.parts == [b"0" * 10] * 2
    assert "complete_multipart_upload" not in store.calls
