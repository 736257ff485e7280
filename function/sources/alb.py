"""Application Load Balancer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from http import HTTPStatus
from typing import Any

from function.service import Service
from function.sources.gateway import Event, Exchange, find_request_id, get_request_context, handle_request
from function.sources.http_api import make_envelope
from function.telemetry.counts import Counts
from function.web.request_response import Response

# The largest response that a load balancer accepts from a Lambda target.
MAX_RESPONSE_BYTES = 1024 * 1024


def matches(event: object) -> bool:
    """Tell whether the event is a request of a load balancer."""
    return isinstance(event, dict) and "elb" in get_request_context(event)


def get_correlation_id(event: object) -> object:
    """Return the caller's own id; else the request id of the event, if there is one."""
    return find_request_id(event)


def handle(event: Event, context: object, service: Service, counts: Counts) -> dict[str, Any]:
    """Handle the request; return the response for the load balancer.

    Its headers are lists of values if the target group has multi-value headers.
    """
    envelope = _make_multi_value_envelope if "multiValueHeaders" in event else _make_envelope
    method, path = str(event.get("httpMethod")), "/" + str(event.get("path") or "").lstrip("/")
    return handle_request(event, context, service, counts, Exchange(method, path, envelope, MAX_RESPONSE_BYTES))


def _make_envelope(response: Response) -> dict[str, Any]:
    return {**make_envelope(response), "statusDescription": f"{response.status} {HTTPStatus(response.status).phrase}"}


def _make_multi_value_envelope(response: Response) -> dict[str, Any]:
    envelope = _make_envelope(response)
    envelope["multiValueHeaders"] = {name: [value] for name, value in envelope.pop("headers").items()}
    return envelope
