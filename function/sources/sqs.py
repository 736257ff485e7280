"""SQS: each message is a record, `{"instances": […]}`, or S3's or SNS's notification.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from function.deadline import time_left
from function.errors import MalformedInput
from function.service import Service
from function.sources.envelopes import encoded, identifier, member, records_from, unwrapped


def matches(event: object) -> bool:
    """Whether the event is a batch of SQS messages."""
    return records_from(event, "aws:sqs")


def handle(event: Mapping[str, Any], context: object, service: Service) -> dict[str, Any]:
    """Which messages were not dealt with: SQS delivers them again, and sets them aside in the end.

    Never None or {}, which Lambda reads as success of all.
    """
    from function.messages.deliveries import Deliveries, Delivery

    # An id that stands in the batch twice is one message.
    records = list({_id_of(record) or place: record for place, record in enumerate(event["Records"])}.values())
    deliveries = [Delivery(_id_of(record), partial(_document, record), _received(record)) for record in records]
    queue = next((arn for arn in (member(record, "eventSourceARN") for record in records) if isinstance(arn, str)), "")
    dealing = Deliveries(service, "sqs", deliveries, time_left(context), "each")
    outcomes = dealing.deal(_groups(records) if queue.endswith(".fifo") else None, queue)
    failed = [delivery.id for delivery, outcome in zip(deliveries, outcomes, strict=True) if outcome is not None]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed if message_id is not None]}


def _id_of(record: object) -> str | None:
    return identifier(member(record, "messageId"))


def _document(record: object) -> Any:
    if _id_of(record) is None:
        raise MalformedInput("The record has no messageId by which it could be handed back.")
    return unwrapped(encoded(member(record, "body")))


def _received(record: object) -> int:
    """How often the message was received, this time included."""
    count = member(member(record, "attributes"), "ApproximateReceiveCount")
    return int(count) if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 10 else 1


def _groups(records: Sequence[object]) -> Callable[[int], Hashable]:
    """The message group of each record of a FIFO queue."""
    groups = [str(member(member(record, "attributes"), "MessageGroupId")) for record in records]
    return groups.__getitem__
