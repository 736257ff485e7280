"""S3's notifications: each created object is scored, its predictions written to the results bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from collections.abc import Mapping
from typing import Any

from function.deadline import make_timer
from function.files.s3_events import list_created_objects
from function.formats.strict_json import get_member
from function.service import Service
from function.sources.envelopes import get_first_record, has_records_from
from function.telemetry.counts import Counts


def matches(event: object) -> bool:
    """Whether it is such a notification, or the event by which S3 tests a configuration."""
    return has_records_from(event, "aws:s3") or (isinstance(event, dict) and event.get("Event") == "s3:TestEvent")


def get_correlation_id(event: object) -> object:
    """The id of the request that wrote the first object."""
    return get_member(get_member(get_first_record(event), "responseElements"), "x-amz-request-id")


def handle(event: Mapping[str, Any], context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """How many objects were dealt with. Raises where one was not: Lambda tries again, then tells the failure queue."""
    from function.messages.file_deliveries import find_failure, score_files
    from function.sources.outcome_counts import count_outcomes

    records = get_member(event, "Records")
    objects = list_created_objects(records if isinstance(records, list) else [])
    outcomes = score_files(service, objects, make_timer(context))
    count_outcomes(counts, outcomes)
    if (failure := find_failure(outcomes)) is not None:
        raise failure
    return {"done": len(objects)}
