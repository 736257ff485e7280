"""EventBridge: the `detail` of an event is a record or `{"instances": […]}`; S3's events name an object.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from function.deadline import time_left
from function.errors import MalformedInput
from function.service import Service
from function.sources.envelopes import identifier, inner, is_eventbridge, member


def matches(event: object) -> bool:
    """Whether it is one event, or the list of them that batching on a custom bus sends."""
    return is_eventbridge(event) or (isinstance(event, list) and any(map(is_eventbridge, event)))


def handle(event: Mapping[str, Any] | list[Mapping[str, Any]], context: object, service: Service) -> dict[str, Any]:
    """How many were dealt with. Raises where one was not: Lambda tries again, then tells the failure queue."""
    from function.messages.deliveries import Deliveries, Delivery, settled

    events = event if isinstance(event, list) else [event]
    deliveries = [Delivery(identifier(member(item, "id")), partial(_detail, item)) for item in events]
    return settled(Deliveries(service, "eventbridge", deliveries, time_left(context), "all").deal())


def _detail(event: object) -> Any:
    if not is_eventbridge(event):
        raise MalformedInput("The event has no detail-type and detail.")
    return inner(event)
