"""SQS: each message is a record, `{"instances": […]}`, or S3's or SNS's notification.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from function.deadline import make_timer
from function.errors import MalformedInput
from function.formats.strict_json import get_member
from function.service import Service
from function.sources.envelopes import (
    encode_text,
    get_first_record,
    has_records_from,
    read_identifier,
    unwrap,
)
from function.telemetry.counts import Counts


def matches(event: object) -> bool:
    """Whether the event is a batch of SQS messages."""
    return has_records_from(event, "aws:sqs")


def get_correlation_id(event: object) -> object:
    """The id of the first message."""
    return get_member(get_first_record(event), "messageId")


def handle(event: Mapping[str, Any], context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Which messages were not dealt with: SQS delivers them again, and sets them aside in the end.

    Never None or {}, which Lambda reads as success of all.
    """
    from function.messages.deliveries import Deliveries, Delivery
    from function.sources.outcome_counts import count_outcomes

    # An id that stands in the batch twice is one message.
    records = list({_read_id(record) or place: record for place, record in enumerate(event["Records"])}.values())
    deliveries = [
        Delivery(_read_id(record), partial(_read_document, record), _count_receipts(record)) for record in records
    ]
    queue = next(
        (arn for arn in (get_member(record, "eventSourceARN") for record in records) if isinstance(arn, str)), ""
    )
    dealing = Deliveries(service, "sqs", deliveries, make_timer(context), "each")
    batch = dealing.process(_group_by_message_group(records) if queue.endswith(".fifo") else None, queue)
    count_outcomes(counts, batch.outcomes)
    failed = [delivery.id for delivery, failure in zip(deliveries, batch.failures, strict=True) if failure is not None]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed if message_id is not None]}


def _read_id(record: object) -> str | None:
    return read_identifier(get_member(record, "messageId"))


def _read_document(record: object) -> Any:
    if _read_id(record) is None:
        raise MalformedInput("The record has no messageId by which it could be handed back.")
    return unwrap(encode_text(get_member(record, "body")))


def _count_receipts(record: object) -> int:
    """How often the message was received, this time included."""
    count = get_member(get_member(record, "attributes"), "ApproximateReceiveCount")
    return int(count) if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 10 else 1


def _group_by_message_group(records: Sequence[object]) -> Callable[[int], Hashable]:
    """The message group of each record of a FIFO queue."""
    groups = [str(get_member(get_member(record, "attributes"), "MessageGroupId")) for record in records]
    return groups.__getitem__
