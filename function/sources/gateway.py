"""What the HTTP sources share: a body out of an event, and an answer that fits into one."""

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

# The most that Lambda returns from one synchronous call (AWS, "Lambda quotas"), envelope and escapes included.
MAX_RESPONSE_BYTES = 6 * 1024 * 1024
# An ASCII body grows at most this much when it is written into the envelope; other characters become \uXXXX, twice.
_WORST_GROWTH = 12
_HEXADECIMAL = frozenset("0123456789abcdef")

# Under these a path has no base path before it.
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".aws")


class Exchange(NamedTuple):
    """What differs between the HTTP sources: method and path, the form of an answer and how large it may be."""

    method: str
    path: str
    envelope: Callable[[Response], dict[str, Any]]
    max_response_bytes: int = MAX_RESPONSE_BYTES


def handle_request(
    event: Event, context: object, service: Service, counts: Counts, exchange: Exchange
) -> dict[str, Any]:
    """The event's answer in its source's envelope; a 413 where it would be larger than the source takes.

    Both the prediction and its 413 are counted.
    """
    request_id = get_request_id(event, context)
    try:
        body = decode_body(event)
    except MalformedInput as error:
        return _refuse(error, counts, exchange, request_id)
    response = respond(service, Request(exchange.method, exchange.path, read_headers(event), body, request_id))
    counts.count_outcome(response.outcome)
    answer = exchange.envelope(response)
    limit = exchange.max_response_bytes
    if len(response.body) * _WORST_GROWTH > limit and len(strict_json.dumps(answer)) > limit:
        too_large = InputTooLarge(f"The answer would be larger than {limit:,} bytes: send fewer records at once.")
        return _refuse(too_large, counts, exchange, request_id)
    return answer


def _refuse(error: RequestError, counts: Counts, exchange: Exchange, request_id: str) -> dict[str, Any]:
    counts.count_refusal(error)
    response = make_problem_response(error, request_id, exchange.path)
    return exchange.envelope(response._replace(body="") if exchange.method == "HEAD" else response)


def decode_body(event: Event) -> bytes:
    """The body as it was sent; `isBase64Encoded` is obeyed, never guessed.

    Raises MalformedInput.
    """
    body = event.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedInput("The event's body is not a text.")
    try:
        return binascii.a2b_base64(body, strict_mode=True) if event.get("isBase64Encoded") is True else body.encode()
    except binascii.Error:
        raise MalformedInput("The event says that its body is base64, and it is not.") from None
    except UnicodeEncodeError:
        raise MalformedInput("The body holds half of a surrogate pair: it is not valid Unicode.") from None
    except ValueError:  # base64 text with characters that are not ASCII
        raise MalformedInput("The event says that its body is base64, and it is not.") from None


def read_headers(event: Event) -> dict[str, str]:
    """The headers by lower-case name; of a repeated one the last value."""
    headers = {**get_mapping(event.get("headers"))}
    for name, values in get_mapping(event.get("multiValueHeaders")).items():
        headers[name] = values[-1] if isinstance(values, list) and values else ""
    return {name.lower(): str(value) for name, value in headers.items()}


def get_mapping(value: object) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def get_request_context(event: Event) -> Mapping[str, Any]:
    """The event's requestContext; empty where it has none."""
    return get_mapping(event.get("requestContext"))


def remove_stage(event: Event, path: object) -> str:
    """The path of an HTTP API's event: a named stage's is part of it, the default one's is not."""
    path = str(path or "/")
    stage = get_request_context(event).get("stage")
    if stage and stage != "$default" and (path + "/").startswith(f"/{stage}/"):
        return path.removeprefix(f"/{stage}") or "/"
    return path


def find_path(event: Event, sent: str, matched: object) -> str:
    """The path below a custom domain's base path or a route's prefix.

    `sent` is the path that the event has, `matched` the front door's own route, such as `/{proxy+}`. Of what these say
    the first that is a route here; `sent` where none is.
    """
    below, greedy = str(matched or ""), ""
    for name, value in get_mapping(event.get("pathParameters")).items():
        if f"{{{name}+}}" in below:
            greedy = str(value)
        below = below.replace(f"{{{name}}}", str(value)).replace(f"{{{name}+}}", str(value))
    # `sam local generate-event … --path /predict` makes //predict of it.
    paths = ["/" + path.lstrip("/") for path in (below, greedy, sent, *_list_tails(event, sent)) if path]
    return next((path for path in paths if find_route(path)), "/" + sent.lstrip("/"))


def _list_tails(event: Event, sent: str) -> list[str]:
    """What may be below a custom domain's base path, where no route of the front door tells: /a/b/c, then /b/c, /c."""
    domain = str(get_request_context(event).get("domainName") or "")
    if not domain or domain.endswith(_AWS_DOMAINS):
        return []
    parts = sent.strip("/").split("/")
    return ["/".join(parts[start:]) for start in range(1, len(parts))]


def find_request_id(event: object) -> object:
    """The caller's own id in the header x-correlation-id, where it is a UUID; else the front door's request id."""
    return find_caller_id(event) or (
        get_request_context(event).get("requestId") if isinstance(event, Mapping) else None
    )


def find_caller_id(event: object) -> str | None:
    """The UUID in the event's header x-correlation-id, as it was sent; None where there is none."""
    headers = get_mapping(event.get("headers")) if isinstance(event, Mapping) else {}
    own = next((str(headers[name]) for name in headers if str(name).lower() == "x-correlation-id"), "")
    return own if _is_uuid(own.lower()) else None


def _is_uuid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and _HEXADECIMAL.issuperset("".join(parts))


def get_request_id(event: Event, context: object) -> str:
    """The id under which Lambda logs the request, else the front door's, else a dash."""
    return str(getattr(context, "aws_request_id", None) or get_request_context(event).get("requestId") or "-")
