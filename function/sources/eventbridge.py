"""EventBridge: the `detail` of an event is a record or `{"instances": […]}`; an event of S3 names an object.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from function.deadline import make_timer
from function.errors import MalformedInput
from function.files.s3_events import is_eventbridge
from function.formats.strict_json import get_member
from function.service import Service
from function.sources.envelopes import read_identifier, unwrap_eventbridge
from function.telemetry.counts import Counts


def matches(event: object) -> bool:
    """Tell whether the event is an EventBridge event, or a list of them, as a custom bus with batching sends."""
    return is_eventbridge(event) or (isinstance(event, list) and any(map(is_eventbridge, event)))


def get_correlation_id(event: object) -> object:
    """Return the event's id; None for a list of events."""
    return event.get("id") if isinstance(event, Mapping) and "detail-type" in event else None


def handle(
    event: Mapping[str, Any] | list[Mapping[str, Any]], context: object, service: Service, counts: Counts
) -> dict[str, Any]:
    """Process the events; return how many there were.

    Raises the first failure: Lambda then retries the invocation, and at last sends it to the failure queue.
    """
    from function.messages.deliveries import Deliveries, raise_first_failure
    from function.messages.delivery import Delivery
    from function.sources.outcome_counts import count_outcomes

    events = event if isinstance(event, list) else [event]
    deliveries = [Delivery(read_identifier(get_member(item, "id")), partial(_read_detail, item)) for item in events]
    batch = Deliveries(service, "eventbridge", deliveries, make_timer(context), "all").process()
    count_outcomes(counts, batch.outcomes)
    return raise_first_failure(batch.failures)


def _read_detail(event: object) -> Any:
    if not is_eventbridge(event):
        raise MalformedInput("The event has no detail-type and detail.")
    return unwrap_eventbridge(event)
