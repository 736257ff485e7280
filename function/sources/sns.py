"""SNS: each message is a record, `{"instances": […]}`, or a notification of S3.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from function.deadline import make_timer
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
    """Tell whether the event is a batch of SNS messages."""
    return has_records_from(event, "aws:sns")


def get_correlation_id(event: object) -> object:
    """Return the id of the first message."""
    return get_member(get_member(get_first_record(event), "Sns"), "MessageId")


def handle(event: Mapping[str, Any], context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Process the messages; return how many there were.

    Raises the first failure: Lambda then retries the invocation, and at last sends it to the failure queue.
    """
    from function.messages.deliveries import Deliveries, raise_first_failure
    from function.messages.delivery import Delivery
    from function.sources.outcome_counts import count_outcomes

    messages = [get_member(record, "Sns") for record in event["Records"]]
    deliveries = [
        Delivery(read_identifier(get_member(message, "MessageId")), partial(_read_document, message))
        for message in messages
    ]
    batch = Deliveries(service, "sns", deliveries, make_timer(context), "all").process()
    count_outcomes(counts, batch.outcomes)
    return raise_first_failure(batch.failures)


def _read_document(message: object) -> Any:
    return unwrap(encode_text(get_member(message, "Message")))
