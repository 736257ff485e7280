"""SQS: each message is a record, `{"instances": […]}`, or a notification of S3 or SNS.

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
    """Tell whether the event is a batch of SQS messages."""
    return has_records_from(event, "aws:sqs")


def get_correlation_id(event: object) -> object:
    """Return the id of the first message."""
    return get_member(get_first_record(event), "messageId")


def handle(event: Mapping[str, Any], context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Process the messages; return the ids of those that failed.

    SQS delivers these again, and at last moves them to its dead-letter queue. Never return None or {}: Lambda reads
    them as success of the whole batch.
    """
    from function.messages.deliveries import Deliveries
    from function.messages.delivery import Delivery
    from function.sources.outcome_counts import count_outcomes

    # Two records with the same id are one message: the last one counts.
    records = list({_read_id(record) or index: record for index, record in enumerate(event["Records"])}.values())
    deliveries = [
        Delivery(_read_id(record), partial(_read_document, record), _count_receipts(record)) for record in records
    ]
    queue_arn = _find_queue_arn(records)
    get_group = _group_by_message_group(records) if queue_arn.endswith(".fifo") else None
    batch = Deliveries(service, "sqs", deliveries, make_timer(context), "each").process(get_group, queue_arn)
    count_outcomes(counts, batch.outcomes)
    failed = [delivery.id for delivery, failure in zip(deliveries, batch.failures, strict=True) if failure is not None]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed if message_id is not None]}


def _read_id(record: object) -> str | None:
    return read_identifier(get_member(record, "messageId"))


def _find_queue_arn(records: Sequence[object]) -> str:
    arns = (get_member(record, "eventSourceARN") for record in records)
    return next((arn for arn in arns if isinstance(arn, str)), "")


def _read_document(record: object) -> Any:
    if _read_id(record) is None:
        raise MalformedInput(
            "The record has no messageId, so it cannot be reported as failed: send one with the record."
        )
    return unwrap(encode_text(get_member(record, "body")))


def _count_receipts(record: object) -> int:
    """Return how often the message was received, including this time."""
    count = get_member(get_member(record, "attributes"), "ApproximateReceiveCount")
    return int(count) if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 10 else 1


def _group_by_message_group(records: Sequence[object]) -> Callable[[int], Hashable]:
    """Return a function from the index of a FIFO queue's record to its message group."""
    groups = [str(get_member(get_member(record, "attributes"), "MessageGroupId")) for record in records]
    return groups.__getitem__
