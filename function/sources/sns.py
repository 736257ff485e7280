"""SNS: each message is a record, `{"instances": […]}`, or S3's notification.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from function.deadline import time_left
from function.service import Service
from function.sources.envelopes import encoded, identifier, member, records_from, unwrapped


def matches(event: object) -> bool:
    """Whether the event is a batch of SNS messages."""
    return records_from(event, "aws:sns")


def handle(event: Mapping[str, Any], context: object, service: Service) -> dict[str, Any]:
    """How many were dealt with. Raises where one was not: Lambda tries again, then tells the failure queue."""
    from function.messages.deliveries import Deliveries, Delivery, settled

    messages = [member(record, "Sns") for record in event["Records"]]
    deliveries = [
        Delivery(identifier(member(message, "MessageId")), partial(_document, message)) for message in messages
    ]
    return settled(Deliveries(service, "sns", deliveries, time_left(context), "all").deal())


def _document(message: object) -> Any:
    return unwrapped(encoded(member(message, "Message")))
