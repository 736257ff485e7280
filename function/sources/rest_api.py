"""API Gateway REST API, and HTTP API with payload format 1.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from typing import Any

from function.service import Service
from function.sources.gateway import (
    Event,
    Exchange,
    find_path,
    find_request_id,
    get_request_context,
    handle_request,
    remove_stage,
)
from function.sources.http_api import make_envelope
from function.telemetry.counts import Counts


def matches(event: object) -> bool:
    """Whether the event is such a request."""
    return (
        isinstance(event, dict)
        and "httpMethod" in event
        and bool(get_request_context(event))
        and "elb" not in get_request_context(event)
        and "methodArn" not in event  # an authorizer is asked
    )


def get_correlation_id(event: object) -> object:
    """The caller's own id, else the front door's."""
    return find_request_id(event)


def handle(event: Event, context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """The response in payload format 1.0, which of what we send says the same as 2.0."""
    # A REST API leaves the stage out of the path; an HTTP API, which says its version, does not.
    sent = remove_stage(event, event.get("path")) if "version" in event else str(event.get("path") or "/")
    path = find_path(event, sent, event.get("resource"))
    return handle_request(event, context, service, counts, Exchange(str(event["httpMethod"]), path, make_envelope))
