"""SQS: each message is a record, `{"instances": […]}`, or S3's or SNS's notification.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from function.deadline import time_left
from function.service import Service
from function.sources.envelopes import encoded, records_from, unwrapped


def matches(event: object) -> bool:
    """Whether the event is a batch of SQS messages."""
    return records_from(event, "aws:sqs")


def handle(event: Mapping[str, Any], context: object, service: Service) -> dict[str, Any]:
    """Which messages were not dealt with: SQS delivers them again, and sets them aside in the end.

    Never None or {}, which Lambda reads as success of all.
    """
    from function.sources.deliveries import Deliveries, Delivery

    # An id that stands in the batch twice is one message.
    records = list({record["messageId"]: record for record in event["Records"]}.values())
    deliveries = [Delivery(record["messageId"], partial(_document, record)) for record in records]
    outcomes = Deliveries(service, "sqs", deliveries, time_left(context)).deal(group_of=_groups(records))
    failed = [delivery.id for delivery, outcome in zip(deliveries, outcomes, strict=True) if outcome is not None]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _document(record: Mapping[str, Any]) -> Any:
    return unwrapped(encoded(record.get("body")))


def _groups(records: Sequence[Mapping[str, Any]]) -> Callable[[int], Hashable] | None:
    """The message group of each record of a FIFO queue; the messages of others have no order."""
    if not str(records[0].get("eventSourceARN")).endswith(".fifo"):
        return None
    groups: list[Hashable] = [record.get("attributes", {}).get("MessageGroupId") for record in records]
    return groups.__getitem__
