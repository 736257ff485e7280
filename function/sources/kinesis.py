"""Kinesis: the data of each record is JSON: a record or `{"instances": […]}`; or several that a producer aggregated.

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
    """Whether the event is a batch of Kinesis records."""
    return has_records_from(event, "aws:kinesis")


def get_correlation_id(event: object) -> object:
    """The id of the first record's event: its shard and sequence number."""
    return get_member(get_first_record(event), "eventID")


def handle(event: Mapping[str, Any], context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """The first record that was not dealt with: Lambda goes on from there, and nothing behind it was sent."""
    from function.messages.deliveries import Deliveries, Delivery
    from function.sources.outcome_counts import count_outcomes

    records = [get_member(record, "kinesis") for record in event["Records"]]
    deliveries = [
        Delivery(_read_sequence_number(record), read, part=part)
        for record in records
        for part, read in _split_record(record)
    ]
    # A record without its place in the shard can hold up nothing: Lambda could not be told where to go on.
    groups = ["nowhere" if delivery.id is None else "the shard" for delivery in deliveries]
    batch = Deliveries(service, "kinesis", deliveries, make_timer(context), "rest").process(groups.__getitem__)
    count_outcomes(counts, batch.outcomes)
    failed = [delivery.id for delivery, failure in zip(deliveries, batch.failures, strict=True) if failure is not None]
    numbers = [number for number in failed if number is not None]
    return {"batchItemFailures": [{"itemIdentifier": min(numbers, key=int)}] if numbers else []}


def _read_sequence_number(record: object) -> str | None:
    """The record's sequence number, where it is one: digits, up to 129 of them."""
    number = get_member(record, "sequenceNumber")
    is_number = isinstance(number, str) and number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS
    return number if is_number else None


def _split_record(record: object) -> list[tuple[int | None, Callable[[], Any]]]:
    """How to read each message in the record, with its place there if a producer has aggregated it."""
    try:
        data = _decode_data(record)
        if not kinesis_aggregation.is_aggregated(data):
            return [(None, partial(unwrap, data))]
        return [(part, partial(unwrap, one)) for part, one in enumerate(kinesis_aggregation.split_record(data))]
    except MalformedInput as error:
        return [(None, partial(_refuse, error))]


def _decode_data(record: object) -> bytes:
    if _read_sequence_number(record) is None:
        raise MalformedInput("The record has no sequence number.")
    try:
        return binascii.a2b_base64(encode_text(get_member(record, "data")), strict_mode=True)
    except binascii.Error:
        raise MalformedInput("The record's data is not base64.") from None


def _refuse(error: MalformedInput) -> NoReturn:
    raise error
