"""The handler behind any WSGI server: a request becomes a payload-2.0 event, as the HTTP API would send it."""

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
    """The part of Lambda's context that the function reads."""

    aws_request_id: str


def create_application(handler: Handler) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    """The WSGI application that answers each request through `handler`."""

    def serve(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        try:
            answer = handler(make_event(environ, request_id), WsgiContext(request_id))
        except MalformedInput as error:
            answer = make_envelope(make_problem_response(error, request_id, environ.get("PATH_INFO", "")))
        body = answer["body"].encode() if environ["REQUEST_METHOD"] != "HEAD" else b""
        status = HTTPStatus(answer["statusCode"])
        headers = list(answer["headers"].items())
        # That of a HEAD is GET's, which is not known (RFC 9110, 8.6).
        if environ["REQUEST_METHOD"] != "HEAD":
            headers.append(("content-length", str(len(body))))
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return serve


def make_event(environ: Environ, request_id: str) -> dict[str, Any]:
    """The event of a request. Raises MalformedInput where its body ends before its Content-Length, or stops to come.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    # One byte past the cap is enough for the routes to see that there is more.
    try:
        body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    except (BlockingIOError, TimeoutError):
        raise MalformedInput("The body did not come to its end in time: send it again.") from None
    if len(body) < min(int(environ.get("CONTENT_LENGTH") or 0), MAX_BODY_BYTES):
        raise MalformedInput("The body ends before its Content-Length: send it again.")
    headers = _read_headers(environ)
    # WSGI hands the path over as bytes in Latin-1's clothing (PEP 3333).
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
    named = {key[5:]: value for key, value in environ.items() if key.startswith("HTTP_")}
    named |= {key: environ[key] for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)}
    return {name.replace("_", "-").lower(): value for name, value in named.items()}
