"""A request's body and the answer's media type, as its headers have them."""

from function.errors import InputTooLarge, MalformedInput
from function.web.problems import NotAcceptable, UnsupportedMediaType
from function.web.request_response import CSV, JSON, Request

# What Lambda itself takes in one synchronous call (AWS, "Lambda quotas").
MAX_BODY_BYTES = 6 * 1024 * 1024
# curl -d sends the form type without being told; people mean JSON by it.
_READ_AS_JSON = ("", JSON, "application/x-www-form-urlencoded", "text/plain")


def choose_request_type(request: Request, empty: str) -> str:
    """The media type to read the body as: JSON or CSV.

    Raises UnsupportedMediaType, InputTooLarge, and MalformedInput with the sentence `empty` where there is no body.
    """
    media_type = request.headers.get("content-type", "").lower().partition(";")[0].strip()
    if _read_parameter(request, "charset") not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("The body's charset must be UTF-8.")
    if request.headers.get("content-encoding", "").lower() not in ("", "identity"):
        raise UnsupportedMediaType("The body must not be compressed: send it without Content-Encoding.")
    if media_type != CSV and media_type not in _READ_AS_JSON and not media_type.endswith("+json"):
        raise UnsupportedMediaType(f"Send {JSON} or {CSV}.")
    if len(request.body) > MAX_BODY_BYTES:
        raise InputTooLarge("The body is larger than 6 MB: send it in several calls.")
    if not request.body:
        raise MalformedInput(empty)
    return CSV if media_type == CSV else JSON


def _read_parameter(request: Request, name: str) -> str:
    """A parameter of the body's media type, in lower case; an empty text where it has none of that name."""
    for parameter in request.headers.get("content-type", "").lower().split(";")[1:]:
        found, _, value = parameter.partition("=")
        if found.strip() == name:
            return value.strip(' \t"')
    return ""


def read_header_parameter(request: Request) -> bool | None:
    """What `text/csv; header=present` or `absent` says (RFC 4180), else None. Raises UnsupportedMediaType."""
    value = _read_parameter(request, "header")
    if value not in ("", "present", "absent"):
        raise UnsupportedMediaType("The media type's header is present or absent, and nothing else.")
    return {"present": True, "absent": False}.get(value)


def choose_response_type(request: Request) -> str:
    """JSON or CSV, whichever `Accept` prefers; JSON where it leaves the choice (RFC 9110, 12.5.1).

    Raises NotAcceptable.
    """
    wanted: dict[str, float] = {}
    for entry in request.headers.get("accept", "").lower().split(",") if request.headers.get("accept") else ["*/*"]:
        media_range, *parameters = [part.strip() for part in entry.split(";")]
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            wanted[media_range] = float(quality)
        except ValueError:
            wanted[media_range] = 0.0
    best, answer = 0.0, ""
    for media_type, ranges in ((JSON, (JSON, "application/*", "*/*")), (CSV, (CSV, "text/*", "*/*"))):
        quality_of_it = next((wanted[name] for name in ranges if name in wanted), 0.0)
        if quality_of_it > best:
            best, answer = quality_of_it, media_type
    if not answer:
        raise NotAcceptable(f"The answer can be {JSON} or {CSV}: accept one of them.")
    return answer
