"""The proxy does to requests what its rules say, and nothing to the others."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    FlexibleChecksumError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from tests.cloud import faults, services
from tests.cloud.proxy import Action, Proxy
from tests.cloud.services import Cloud
from tests.faults.conftest import Stage

BODY = b"0123456789" * 1000


@pytest.fixture
def client(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Clients that meet the faults, once each."""
    for name, value in services.environment(proxy.url).items():
        monkeypatch.setenv(name, value)
    client = Cloud(proxy.url)
    client.s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}, read_timeout=1))
    return client


@pytest.fixture
def read(client: Cloud, stage: Stage) -> Callable[[], bytes]:
    """Reads a stored object."""
    client.s3.put_object(Bucket=stage.inputs, Key="a b/ü+.csv", Body=BODY)
    return lambda: client.read(stage.inputs, "a b/ü+.csv")


def test_requests_pass_unchanged_and_are_recorded(proxy: Proxy, client: Cloud, read: Callable[[], bytes]) -> None:
    assert read() == BODY
    assert proxy.operations() == ["PutObject", "GetObject"]
    assert [call.key for call in proxy.calls] == ["a b/ü+.csv"] * 2


FAULTS: dict[str, tuple[Action, tuple[type[Exception], ...]]] = {
    "403": (faults.status(403), (ClientError,)),
    "503": (faults.status(503), (ClientError,)),
    "silent": (faults.silent(1.5), (ReadTimeoutError,)),
    "reset": (faults.reset, (ConnectionClosedError,)),
    "lost": (faults.lost, (ConnectionClosedError,)),
    "short": (faults.short(0.5), (IncompleteReadError, ResponseStreamingError)),
    "broken off": (faults.break_off(0.5), (ResponseStreamingError,)),
    "corrupted": (faults.corrupt, (FlexibleChecksumError,)),
    "wrong checksum": (faults.wrong_checksum, (FlexibleChecksumError,)),
}


@pytest.mark.parametrize(("fault", "errors"), FAULTS.values(), ids=FAULTS)
def test_fault_is_what_boto3_takes_it_for(
    proxy: Proxy, read: Callable[[], bytes], fault: Action, errors: tuple[type[Exception], ...]
) -> None:
    proxy.on("GetObject", fault)
    with pytest.raises(errors):
        read()
    assert read() == BODY


def test_slow_body_comes_whole(proxy: Proxy, read: Callable[[], bytes]) -> None:
    rule = proxy.on("GetObject", faults.slow(20_000))
    assert read() == BODY
    assert rule.hits == 1


def test_rule_counts_requests(proxy: Proxy, read: Callable[[], bytes]) -> None:
    proxy.on("GetObject", faults.status(404), times=2, skip=1)
    read()
    for _ in range(2):
        with pytest.raises(ClientError, match="NoSuchKey"):
            read()
    assert read() == BODY


def test_multipart_operations_are_told_apart(proxy: Proxy, client: Cloud, stage: Stage) -> None:
    place: dict[str, Any] = {"Bucket": stage.results, "Key": "parts"}
    upload = client.s3.create_multipart_upload(**place)["UploadId"]
    part = client.s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x" * 10)
    proxy.on("CompleteMultipartUpload", faults.lost)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    with pytest.raises(ConnectionClosedError):
        client.s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)  # type: ignore[arg-type]
    assert client.read(stage.results, "parts") == b"x" * 10
    again = client.s3.create_multipart_upload(**place)["UploadId"]
    assert "parts" in client.unfinished_uploads(stage.results)
    client.s3.abort_multipart_upload(**place, UploadId=again)
    assert proxy.operations() == [
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "GetObject",
        "CreateMultipartUpload",
        "ListMultipartUploads",
        "AbortMultipartUpload",
    ]
    client.s3.delete_object(**place)


@pytest.mark.parametrize("delivered", [False, True])
def test_partly_failed_send_names_the_refused_entries(
    proxy: Proxy, client: Cloud, stage: Stage, *, delivered: bool
) -> None:
    queue = client.queue(f"partly-{delivered}")
    proxy.on("SendMessageBatch", faults.partly(lambda body: body % 2 == 1, delivered=delivered))
    entries = [{"Id": str(index), "MessageBody": str(index)} for index in range(4)]
    answer = client.sqs.send_message_batch(QueueUrl=queue, Entries=entries)  # type: ignore[arg-type]
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "2"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["1", "3"]
    bodies = [message["Body"] for message in client.take_all(queue)]
    assert bodies == (["0", "1", "2", "3"] if delivered else ["0", "2"])
