"""The event source mapping of one Kinesis shard: batches in order, retried from the lowest failed sequence number.

An error is retried with the whole batch, or with `bisect` with its halves. What is given up after `retries` leaves a
record with the positions of the batch, not its data. The shard is a list: ages, windows, aggregation and parallel
processing are left out; so is the wait between retries.
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

import json
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tests.cloud.asynchronous import FUNCTION_ARN
from tests.cloud.batch_response import list_failed_items
from tests.cloud.event_factories import STREAM_ARN, TIME
from tests.cloud.function import Verdict

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

type Record = dict[str, Any]


class StreamMapping:
    """A mapping between a shard and a function."""

    def __init__(
        self,
        invoke: Callable[[object], Verdict],
        sqs: "SQSClient",
        failure_queue: str,
        *,
        batch_size: int = 10,
        retries: int = 2,
        bisect: bool = False,
    ) -> None:
        self._invoke = invoke
        self._sqs = sqs
        self._failure_queue = failure_queue
        self._batch_size = batch_size
        self._retries = retries
        self._bisect = bisect
        self.verdicts: list[Verdict] = []

    def process(self, records: Sequence[Record]) -> None:
        """Every record, to its success or to the failure queue."""
        for start in range(0, len(records), self._batch_size):
            self._batch(list(records[start : start + self._batch_size]), self._retries)

    def _batch(self, batch: list[Record], retries: int) -> None:
        while batch:
            verdict = self._invoke({"Records": batch})
            self.verdicts.append(verdict)
            numbers = [number_of(record) for record in batch]
            failed = list_failed_items(verdict, numbers)
            if not failed:
                return
            if retries == 0:
                self._give_up(batch, self._retries + 1)
                return
            first = min(map(numbers.index, failed))
            if self._bisect and verdict.error is not None and len(batch) > 1:
                half = len(batch) // 2
                self._batch(batch[:half], retries)
                self._batch(batch[half:], retries)
                return
            # The attempts count anew once the checkpoint has moved.
            retries = self._retries if first else retries - 1
            batch = batch[first:]

    def _give_up(self, batch: list[Record], attempts: int) -> None:
        record = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": FUNCTION_ARN,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": TIME,
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000006",
                "startSequenceNumber": number_of(batch[0]),
                "endSequenceNumber": number_of(batch[-1]),
                "approximateArrivalOfFirstRecord": TIME,
                "approximateArrivalOfLastRecord": TIME,
                "batchSize": len(batch),
                "streamArn": STREAM_ARN,
            },
        }
        self._sqs.send_message(QueueUrl=self._failure_queue, MessageBody=json.dumps(record))


def number_of(record: Record) -> str:
    """The record's sequence number."""
    number: str = record["kinesis"]["sequenceNumber"]
    return number
