"""Choose the media types of a request's body and of its response from the request's headers."""

from function.errors import InputTooLarge, MalformedInput
from function.web.problems import NotAcceptable, UnsupportedMediaType
from function.web.request_response import CSV, JSON, Request

# Lambda's limit for the payload of a synchronous call (AWS, "Lambda quotas").
MAX_BODY_BYTES = 6 * 1024 * 1024
# curl -d sends the form type by default, although the body is meant to be JSON.
_READ_AS_JSON = ("", JSON, "application/x-www-form-urlencoded", "text/plain")


def choose_request_type(request: Request, empty_message: str) -> str:
    """Return the media type to read the body as: JSON or CSV.

    Raises UnsupportedMediaType, InputTooLarge, and MalformedInput with `empty_message` if there is no body.
    """
    media_type = request.headers.get("content-type", "").lower().partition(";")[0].strip()
    if _read_parameter(request, "charset") not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("The body's charset is not UTF-8: send the body in UTF-8.")
    if request.headers.get("content-encoding", "").lower() not in ("", "identity"):
        raise UnsupportedMediaType("The body is compressed, which is not supported: send it without Content-Encoding.")
    if media_type != CSV and media_type not in _READ_AS_JSON and not media_type.endswith("+json"):
        raise UnsupportedMediaType(f"The body's Content-Type is not supported: send {JSON} or {CSV}.")
    if len(request.body) > MAX_BODY_BYTES:
        raise InputTooLarge("The body is larger than 6 MB: split it into several requests.")
    if not request.body:
        raise MalformedInput(empty_message)
    return CSV if media_type == CSV else JSON


def _read_parameter(request: Request, name: str) -> str:
    """Return a parameter of the Content-Type in lower case, or an empty string if it is absent."""
    for parameter in request.headers.get("content-type", "").lower().split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip() == name:
            return value.strip(' \t"')
    return ""


def read_header_parameter(request: Request) -> bool | None:
    """Return True for `text/csv; header=present`, False for `absent` (RFC 4180), and None if it is not given.

    Raises UnsupportedMediaType for any other value.
    """
    value = _read_parameter(request, "header")
    if value not in ("", "present", "absent"):
        raise UnsupportedMediaType(
            "The Content-Type's parameter header has an unknown value: send header=present or header=absent."
        )
    return {"present": True, "absent": False}.get(value)


def choose_response_type(request: Request) -> str:
    """Return the media type that `Accept` prefers, JSON or CSV; JSON if it has no preference (RFC 9110, 12.5.1).

    Raises NotAcceptable if it accepts neither.
    """
    qualities: dict[str, float] = {}
    for entry in request.headers.get("accept", "").lower().split(",") if request.headers.get("accept") else ["*/*"]:
        media_range, *parameters = [part.strip() for part in entry.split(";")]
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            qualities[media_range] = float(quality)
        except ValueError:
            qualities[media_range] = 0.0
    best_quality, best_type = 0.0, ""
    for media_type, ranges in ((JSON, (JSON, "application/*", "*/*")), (CSV, (CSV, "text/*", "*/*"))):
        type_quality = next((qualities[name] for name in ranges if name in qualities), 0.0)
        if type_quality > best_quality:
            best_quality, best_type = type_quality, media_type
    if not best_type:
        raise NotAcceptable(f"The Accept header allows neither {JSON} nor {CSV}: accept one of them.")
    return best_type
