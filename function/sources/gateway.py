"""What the HTTP sources share: read a request from an event, and return a response that fits in the envelope."""

import binascii
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from function.errors import InputTooLarge, MalformedInput, RequestError
from function.formats import strict_json
from function.service import Service
from function.telemetry.counts import Counts
from function.web.problems import make_problem_response
from function.web.request_response import Request, Response
from function.web.routes import find_route, respond

type Event = Mapping[str, Any]

# The largest response of a synchronous invocation (AWS, "Lambda quotas"), with envelope and JSON escapes.
MAX_RESPONSE_BYTES = 6 * 1024 * 1024
# The JSON of the envelope has at most this many bytes per character of the body: a surrogate pair is two \uXXXX.
_WORST_GROWTH = 12
_HEXADECIMAL = frozenset("0123456789abcdef")

# The domains of AWS itself. A path under them has no base path in front.
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".aws")


class Exchange(NamedTuple):
    """What differs between the HTTP sources: method, path, the function that makes the envelope, and its limit."""

    method: str
    path: str
    envelope: Callable[[Response], dict[str, Any]]
    max_response_bytes: int = MAX_RESPONSE_BYTES


def handle_request(
    event: Event, context: object, service: Service, counts: Counts, exchange: Exchange
) -> dict[str, Any]:
    """Handle the request in the event; return the response in the envelope of its source.

    Return a 413 response if the envelope would exceed the limit; the prediction and the refusal are both counted then.
    """
    request_id = get_request_id(event, context)
    try:
        body = decode_body(event)
    except MalformedInput as error:
        return _refuse(error, counts, exchange, request_id)
    response = respond(service, Request(exchange.method, exchange.path, read_headers(event), body, request_id))
    counts.count_outcome(response.outcome)
    envelope = exchange.envelope(response)
    limit = exchange.max_response_bytes
    if len(response.body) * _WORST_GROWTH > limit and len(strict_json.dumps(envelope)) > limit:
        too_large = InputTooLarge(f"The response would be larger than {limit:,} bytes: send fewer records at once.")
        return _refuse(too_large, counts, exchange, request_id)
    return envelope


def _refuse(error: RequestError, counts: Counts, exchange: Exchange, request_id: str) -> dict[str, Any]:
    counts.count_refusal(error)
    response = make_problem_response(error, request_id, exchange.path)
    return exchange.envelope(response._replace(body="") if exchange.method == "HEAD" else response)


def decode_body(event: Event) -> bytes:
    """Decode the request body, from base64 only if `isBase64Encoded` is true. Raises MalformedInput."""
    body = event.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedInput(
            "The event's body is not a string: send the body as a string, with isBase64Encoded if it is base64."
        )
    try:
        return binascii.a2b_base64(body, strict_mode=True) if event.get("isBase64Encoded") is True else body.encode()
    except UnicodeEncodeError:
        raise MalformedInput("The body holds half of a surrogate pair: it is not valid Unicode.") from None
    except ValueError:  # binascii.Error, or a character outside of ASCII in the base64
        raise MalformedInput(
            "The event has isBase64Encoded, but its body is not base64: send it as base64, or without isBase64Encoded."
        ) from None


def read_headers(event: Event) -> dict[str, str]:
    """Return the headers by lower-case name. If a header is repeated, its last value counts."""
    headers = {**get_mapping(event.get("headers"))}
    for name, values in get_mapping(event.get("multiValueHeaders")).items():
        headers[name] = values[-1] if isinstance(values, list) and values else ""
    return {name.lower(): str(value) for name, value in headers.items()}


def get_mapping(value: object) -> Mapping[str, Any]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def get_request_context(event: Event) -> Mapping[str, Any]:
    """Return the event's requestContext; an empty mapping if it has none."""
    return get_mapping(event.get("requestContext"))


def remove_stage(event: Event, path: object) -> str:
    """Return the path of an HTTP API's event without the stage. A named stage begins the path, `$default` does not."""
    path = str(path or "/")
    stage = get_request_context(event).get("stage")
    if stage and stage != "$default" and (path + "/").startswith(f"/{stage}/"):
        return path.removeprefix(f"/{stage}") or "/"
    return path


def find_path(event: Event, event_path: str, route_path: object) -> str:
    """Return the path without a custom domain's base path or a route's prefix.

    `event_path` is the path in the event, `route_path` that of API Gateway's route, such as `/{proxy+}`. Return the
    first path derived from them that is a route of this function; `event_path` if none is.
    """
    below, greedy = str(route_path or ""), ""
    for name, value in get_mapping(event.get("pathParameters")).items():
        if f"{{{name}+}}" in below:
            greedy = str(value)
        below = below.replace(f"{{{name}}}", str(value)).replace(f"{{{name}+}}", str(value))
    # Events of `sam local generate-event … --path /predict` have the path //predict.
    candidates = (below, greedy, event_path, *_list_tails(event, event_path))
    paths = ["/" + path.lstrip("/") for path in candidates if path]
    return next((path for path in paths if find_route(path)), "/" + event_path.lstrip("/"))


def _list_tails(event: Event, path: str) -> list[str]:
    """List the paths that may follow a custom domain's base path: for /a/b/c these are b/c and c."""
    domain = str(get_request_context(event).get("domainName") or "")
    if not domain or domain.endswith(_AWS_DOMAINS):
        return []
    parts = path.strip("/").split("/")
    return ["/".join(parts[start:]) for start in range(1, len(parts))]


def find_request_id(event: object) -> object:
    """Return the caller's own id (a UUID in the header x-correlation-id); else the request id in the event."""
    return find_caller_id(event) or (
        get_request_context(event).get("requestId") if isinstance(event, Mapping) else None
    )


def find_caller_id(event: object) -> str | None:
    """Return the UUID in the event's header x-correlation-id, unchanged; None if there is none."""
    headers = get_mapping(event.get("headers")) if isinstance(event, Mapping) else {}
    value = next((str(headers[name]) for name in headers if str(name).lower() == "x-correlation-id"), "")
    return value if _is_uuid(value.lower()) else None


def _is_uuid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and _HEXADECIMAL.issuperset("".join(parts))


def get_request_id(event: Event, context: object) -> str:
    """Return the request id of Lambda's log; else the one in the event; else a dash."""
    return str(getattr(context, "aws_request_id", None) or get_request_context(event).get("requestId") or "-")
