"""Kinesis: the data of each record is JSON, a record or `{"instances": […]}`, or several that a producer aggregated.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

import binascii
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn

from function.deadline import make_timer
from function.errors import MalformedInput
from function.formats.strict_json import get_member
from function.service import Service
from function.sources import kinesis_aggregation
from function.sources.envelopes import encode_text, get_first_record, has_records_from, unwrap
from function.telemetry.counts import Counts

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html
_MAX_DIGITS = 129


def matches(event: object) -> bool:
    """Tell whether the event is a batch of Kinesis records."""
    return has_records_from(event, "aws:kinesis")


def get_correlation_id(event: object) -> object:
    """Return the event id of the first record: its shard and sequence number."""
    return get_member(get_first_record(event), "eventID")


def handle(event: Mapping[str, Any], context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Process the records; return the lowest sequence number that failed.

    Lambda continues from there. No result of a later record was sent.
    """
    from function.messages.deliveries import Deliveries
    from function.messages.delivery import Delivery
    from function.sources.outcome_counts import count_outcomes

    records = [get_member(record, "kinesis") for record in event["Records"]]
    deliveries = [
        Delivery(_read_sequence_number(record), read, part_number=number)
        for record in records
        for number, read in _split_record(record)
    ]
    # A record without a sequence number must not stop the others: Lambda could not continue from it.
    groups = ["nowhere" if delivery.id is None else "the shard" for delivery in deliveries]
    batch = Deliveries(service, "kinesis", deliveries, make_timer(context), "rest").process(groups.__getitem__)
    count_outcomes(counts, batch.outcomes)
    failed = [delivery.id for delivery, failure in zip(deliveries, batch.failures, strict=True) if failure is not None]
    numbers = [number for number in failed if number is not None]
    return {"batchItemFailures": [{"itemIdentifier": min(numbers, key=int)}] if numbers else []}


def _read_sequence_number(record: object) -> str | None:
    """Return the record's sequence number if it is valid (1 to 129 digits), else None."""
    number = get_member(record, "sequenceNumber")
    is_number = isinstance(number, str) and number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS
    return number if is_number else None


def _split_record(record: object) -> list[tuple[int | None, Callable[[], Any]]]:
    """Return a reader for each message in the record, each with its part number if a producer aggregated them."""
    try:
        data = _decode_data(record)
        if not kinesis_aggregation.is_aggregated(data):
            return [(None, partial(unwrap, data))]
        messages = kinesis_aggregation.split_record(data)
        return [(number, partial(unwrap, message)) for number, message in enumerate(messages)]
    except MalformedInput as error:
        return [(None, partial(_refuse, error))]


def _decode_data(record: object) -> bytes:
    if _read_sequence_number(record) is None:
        raise MalformedInput("The record has no valid sequence number: it must be a string of digits.")
    try:
        return binascii.a2b_base64(encode_text(get_member(record, "data")), strict_mode=True)
    except binascii.Error:
        raise MalformedInput("The record's data is not base64: encode it as Kinesis does.") from None


def _refuse(error: MalformedInput) -> NoReturn:
    raise error
