"""S3: score each object that a notification names, and write its predictions to the results bucket.

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
    """Tell whether the event is a notification of S3, or the test event that S3 sends for a new configuration."""
    return has_records_from(event, "aws:s3") or (isinstance(event, dict) and event.get("Event") == "s3:TestEvent")


def get_correlation_id(event: object) -> object:
    """Return the id of the request that wrote the first object."""
    return get_member(get_member(get_first_record(event), "responseElements"), "x-amz-request-id")


def handle(event: Mapping[str, Any], context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Score the objects; return how many there were.

    Raises the first failure: Lambda then retries the invocation, and at last sends it to the failure queue.
    """
    from function.messages.file_deliveries import find_failure, score_files
    from function.sources.outcome_counts import count_outcomes

    records = get_member(event, "Records")
    objects = list_created_objects(records if isinstance(records, list) else [])
    outcomes = score_files(service, objects, make_timer(context))
    count_outcomes(counts, outcomes)
    if (failure := find_failure(outcomes)) is not None:
        raise failure
    return {"done": len(objects)}
