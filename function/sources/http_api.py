"""API Gateway HTTP API with payload format 2.0, and Lambda function URLs, which send the same.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from typing import Any

from function.service import Service
from function.sources.gateway import (
    Event,
    Exchange,
    find_path,
    find_request_id,
    get_mapping,
    get_request_context,
    handle_request,
    remove_stage,
)
from function.telemetry.counts import Counts
from function.web.request_response import Response


def matches(event: object) -> bool:
    """Tell whether the event is a request of payload format 2.0."""
    # A request to an authorizer has the same shape and, beside it, `routeArn`.
    return (
        isinstance(event, dict)
        and event.get("version") == "2.0"
        and "http" in get_request_context(event)
        and "routeArn" not in event
    )


def get_correlation_id(event: object) -> object:
    """Return the caller's own id; else the request id of the front door (API Gateway or a function URL)."""
    return find_request_id(event)


def handle(event: Event, context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Handle the request; return the response in payload format 2.0."""
    method = get_mapping(get_request_context(event)["http"]).get("method")
    route_path = str(event.get("routeKey") or "").partition(" ")[2]
    path = find_path(event, remove_stage(event, event.get("rawPath")), route_path)
    return handle_request(event, context, service, counts, Exchange(str(method), path, make_envelope))


def make_envelope(response: Response) -> dict[str, Any]:
    """Return the response in the shape that API Gateway and function URLs read."""
    return {
        "statusCode": response.status,
        "headers": response.list_headers(),
        "body": response.body,
        "isBase64Encoded": False,
    }
