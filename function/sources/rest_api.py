"""API Gateway REST API, and HTTP API with payload format 1.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from typing import Any

from function.sources.gateway import Event, Exchange, answer, context_of
from function.sources.http_api import envelope
from function.web.routes import Service


def matches(event: object) -> bool:
    """Whether the event is such a request."""
    return (
        isinstance(event, dict) and "httpMethod" in event and bool(context_of(event)) and "elb" not in context_of(event)
    )


def handle(event: Event, context: object, service: Service) -> dict[str, Any]:
    """The response in payload format 1.0, which of what we send says the same as 2.0."""
    return answer(event, context, service, Exchange(str(event["httpMethod"]), str(event.get("path") or "/"), envelope))
