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
    """Tell whether the event is a request of payload format 1.0."""
    return (
        isinstance(event, dict)
        and "httpMethod" in event
        and bool(get_request_context(event))
        and "elb" not in get_request_context(event)
        and "methodArn" not in event  # not a request to an authorizer
    )


def get_correlation_id(event: object) -> object:
    """Return the caller's own id; else the request id of the front door (API Gateway or a function URL)."""
    return find_request_id(event)


def handle(event: Event, context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Handle the request; return the response.

    Payload formats 1.0 and 2.0 have the same members for the responses of this function.
    """
    # The path of a REST API's event has no stage. An HTTP API's has one; its event has a member `version`.
    event_path = remove_stage(event, event.get("path")) if "version" in event else str(event.get("path") or "/")
    path = find_path(event, event_path, event.get("resource"))
    return handle_request(event, context, service, counts, Exchange(str(event["httpMethod"]), path, make_envelope))
