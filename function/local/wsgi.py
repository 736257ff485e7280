"""Run the handler behind any WSGI server: convert requests to events as an HTTP API sends them (payload 2.0)."""

import base64
import time
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

from function.errors import MalformedInput
from function.sources.http_api import make_envelope
from function.web.content_negotiation import MAX_BODY_BYTES
from function.web.problems import make_problem_response

type Handler = Callable[[Any, object], Any]
type Environ = dict[str, Any]
type StartResponse = Callable[[str, list[tuple[str, str]]], object]


class WsgiContext(NamedTuple):
    """The part of Lambda's context object that the function reads."""

    aws_request_id: str


def create_application(handler: Handler) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    """Return a WSGI application that calls `handler` for each request."""

    def serve(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        try:
            response = handler(make_event(environ, request_id), WsgiContext(request_id))
        except MalformedInput as error:
            response = make_envelope(make_problem_response(error, request_id, environ.get("PATH_INFO", "")))
        body = response["body"].encode() if environ["REQUEST_METHOD"] != "HEAD" else b""
        status = HTTPStatus(response["statusCode"])
        headers = list(response["headers"].items())
        # For HEAD it would be the length of GET's body, which is unknown here (RFC 9110, 8.6).
        if environ["REQUEST_METHOD"] != "HEAD":
            headers.append(("content-length", str(len(body))))
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return serve


def make_event(environ: Environ, request_id: str) -> dict[str, Any]:
    """Convert a request to an event. Raises MalformedInput if the body is incomplete or does not arrive in time.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    # One byte more than the limit is enough for the routes to notice that the body is too large.
    try:
        body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    except (BlockingIOError, TimeoutError):
        raise MalformedInput("The body did not arrive completely in time: send the request again.") from None
    if len(body) < min(int(environ.get("CONTENT_LENGTH") or 0), MAX_BODY_BYTES):
        raise MalformedInput("The body is shorter than its Content-Length: send the request again.")
    headers = _read_headers(environ)
    # WSGI passes the bytes of the path as a string decoded with Latin-1 (PEP 3333).
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace") or "/"
    query = environ.get("QUERY_STRING", "")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "http": {
                "method": environ["REQUEST_METHOD"],
                "path": path,
                "protocol": environ.get("SERVER_PROTOCOL", ""),
                "sourceIp": environ.get("REMOTE_ADDR", ""),
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _read_headers(environ: Environ) -> dict[str, str]:
    headers = {key[5:]: value for key, value in environ.items() if key.startswith("HTTP_")}
    headers |= {key: environ[key] for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)}
    return {name.replace("_", "-").lower(): value for name, value in headers.items()}
