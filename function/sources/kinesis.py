"""Kinesis: the data of each record is JSON: a record or `{"instances": […]}`.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

import binascii
from collections.abc import Mapping
from functools import partial
from typing import Any

from function.deadline import time_left
from function.errors import MalformedInput
from function.service import Service
from function.sources.envelopes import encoded, records_from, unwrapped


def matches(event: object) -> bool:
    """Whether the event is a batch of Kinesis records."""
    return records_from(event, "aws:kinesis")


def handle(event: Mapping[str, Any], context: object, service: Service) -> dict[str, Any]:
    """The first record that was not dealt with: Lambda goes on from there, and nothing behind it was sent."""
    from function.sources.deliveries import Deliveries, Delivery

    records = [record["kinesis"] for record in event["Records"]]
    deliveries = [Delivery(record["sequenceNumber"], partial(_document, record)) for record in records]
    outcomes = Deliveries(service, "kinesis", deliveries, time_left(context)).deal(group_of=lambda _: "the shard")
    failed = [delivery.id for delivery, outcome in zip(deliveries, outcomes, strict=True) if outcome is not None]
    return {"batchItemFailures": [{"itemIdentifier": min(failed, key=int)}] if failed else []}


def _document(record: Mapping[str, Any]) -> Any:
    try:
        data = binascii.a2b_base64(encoded(record.get("data")), strict_mode=True)
    except binascii.Error:
        raise MalformedInput("The record's data is not base64.") from None
    return unwrapped(data)
