"""S3 and SQS: moto's server in a process of its own, and clients of it.

What it does not do as AWS does: it verifies no signature and no policy, delivers no notification, keeps no versions of
a deleted bucket, and its receive slows down with the number of messages in a queue (0.1 s at a thousand).
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tests.emulator import free_port, wait_for_port

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

REGION = "eu-west-1"
ACCOUNT = "123456789012"
_NO_ACCOUNT = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}


@contextmanager
def running() -> Iterator[str]:
    """The endpoint of a moto server."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def environment(endpoint: str) -> dict[str, str]:
    """The variables with which boto3 finds that endpoint, and neither an account nor the instance's metadata."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


class Cloud:
    """Queues and buckets of one endpoint, as a test reads and fills them; never through the faults."""

    def __init__(self, endpoint: str) -> None:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=30)
        options: dict[str, Any] = {"endpoint_url": endpoint, "config": config, **_NO_ACCOUNT}
        self.s3: S3Client = boto3.client("s3", **options)
        self.sqs: SQSClient = boto3.client("sqs", **options)

    def queue(self, name: str, **attributes: str) -> str:
        """The URL of a new queue."""
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]

    def bucket(self, name: str, *, versioned: bool = False) -> str:
        """The name of a new bucket."""
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})  # type: ignore[typeddict-item]
        if versioned:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def send(self, queue: str, bodies: list[str], group: str | None = None) -> list[str]:
        """The message ids of the texts, in order; of a FIFO queue all in one group."""
        ids: list[str] = []
        for start in range(0, len(bodies), 10):
            entries: list[Any] = [
                {"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies[start : start + 10])
            ]
            if group is not None:
                for entry in entries:
                    entry |= {"MessageGroupId": group, "MessageDeduplicationId": f"{group}-{start}-{entry['Id']}"}
            sent = self.sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]
            ids += [message["MessageId"] for message in sorted(sent, key=lambda one: int(one["Id"]))]
        return ids

    def take_all(self, queue: str) -> list[Mapping[str, Any]]:
        """Every message of the queue, in the order of arrival; the queue is empty afterwards."""
        taken: list[Mapping[str, Any]] = []
        while messages := self.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            entries: list[Any] = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(messages)
            ]
            self.sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
            taken += messages
        return taken

    def keys(self, bucket: str) -> list[str]:
        """The bucket's keys."""
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def read(self, bucket: str, key: str) -> bytes:
        """The object's bytes."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def unfinished_uploads(self, bucket: str) -> list[str]:
        """The keys of multipart uploads that were neither completed nor aborted."""
        return [upload["Key"] for upload in self.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def arn_of(queue_url: str) -> str:
    """The queue's ARN."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_url.rpartition('/')[2]}"
