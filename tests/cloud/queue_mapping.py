"""The event source mapping of an SQS queue: receives, invokes, deletes what did not fail, hands back what did.

One poller and one invocation at a time. The wait between retries is left out (what failed is visible at once), as are
the batching window, filters and scaling; moving messages to the dead-letter queue is the queue's (moto's) own doing.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from tests.cloud.batch_response import list_failed_items
from tests.cloud.event_factories import queue_event
from tests.cloud.function import Verdict

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Duplicates:
    """At-least-once delivery: of this share of messages some stand twice in a batch, some come again although done."""

    def __init__(self, random: Random, share: float) -> None:
        self._random = random
        self._share = share
        self.count = 0

    def happens(self) -> bool:
        """Whether it happens now."""
        happens = self._random.random() < self._share
        self.count += happens
        return happens


NEVER = Duplicates(Random(0), 0)


class QueueMapping:
    """A mapping between a queue and a function."""

    def __init__(
        self,
        sqs: "SQSClient",
        queue_url: str,
        invoke: Callable[[object], Verdict],
        *,
        batch_size: int = 10,
        duplicates: Duplicates = NEVER,
    ) -> None:
        self._sqs = sqs
        self._queue = queue_url
        self._invoke = invoke
        self._batch_size = batch_size
        self._duplicates = duplicates
        self.verdicts: list[Verdict] = []

    def drain(self, invocations: int = 1000) -> None:
        """Invokes until the queue is empty; fails where it takes more than that many invocations."""
        for _ in range(invocations):
            if not self.step() and self._is_empty():
                return
        raise AssertionError(f"the queue is not empty after {invocations} invocations")

    def step(self) -> bool:
        """One batch; False where nothing was visible."""
        messages: Sequence[Any] = self._sqs.receive_message(
            QueueUrl=self._queue,
            MaxNumberOfMessages=self._batch_size,
            MessageSystemAttributeNames=["All"],
            VisibilityTimeout=360,
        ).get("Messages", [])
        if not messages:
            return False
        batch = [message for message in messages for _ in range(1 + self._duplicates.happens())]
        verdict = self._invoke(queue_event(batch, self._queue))
        self.verdicts.append(verdict)
        failed = list_failed_items(verdict, [message["MessageId"] for message in messages])
        self._hand_back([message for message in messages if message["MessageId"] in failed])
        done = [message for message in messages if message["MessageId"] not in failed]
        again = [message for message in done if self._duplicates.happens()]
        self._hand_back(again)
        self._delete([message for message in done if message not in again])
        return True

    def _delete(self, messages: Sequence[Mapping[str, Any]]) -> None:
        if messages:
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=_entries(messages))

    def _hand_back(self, messages: Sequence[Mapping[str, Any]]) -> None:
        if messages:
            entries = [{**entry, "VisibilityTimeout": 0} for entry in _entries(messages)]
            self._sqs.change_message_visibility_batch(QueueUrl=self._queue, Entries=entries)  # type: ignore[arg-type]

    def _is_empty(self) -> bool:
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=names)["Attributes"]
        return not any(map(int, counts.values()))


def _entries(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [{"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(messages)]
