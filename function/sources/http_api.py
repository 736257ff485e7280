"""API Gateway HTTP API with payload format 2.0, and Lambda function URLs, which send the same.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from typing import Any

from function.service import Service
from function.sources.gateway import Event, Exchange, answer, context_of, mapping, path_of, path_without_stage
from function.web.request_response import Response


def matches(event: object) -> bool:
    """Whether the event is such a request."""
    # What an authorizer is asked looks the same, but for the route that it is asked about.
    return (
        isinstance(event, dict)
        and event.get("version") == "2.0"
        and "http" in context_of(event)
        and "routeArn" not in event
    )


def handle(event: Event, context: object, service: Service) -> dict[str, Any]:
    """The response in payload format 2.0."""
    method = mapping(context_of(event)["http"]).get("method")
    matched = str(event.get("routeKey") or "").partition(" ")[2]
    path = path_of(event, path_without_stage(event, event.get("rawPath")), matched)
    return answer(event, context, service, Exchange(str(method), path, envelope))


def envelope(response: Response) -> dict[str, Any]:
    """The response as the front door reads it."""
    return {
        "statusCode": response.status,
        "headers": response.all_headers(),
        "body": response.body,
        "isBase64Encoded": False,
    }
