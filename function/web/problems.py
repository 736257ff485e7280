"""Convert errors to RFC 9457 problem details, each with its HTTP status."""

from function.errors import (
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    UNSUPPORTED_MEDIA_TYPE,
    DeployerError,
    InputTooLarge,
    InternalError,
    InvalidInput,
    MalformedInput,
)
from function.formats import strict_json
from function.web.request_response import PROBLEM, Response


class RouteNotFound(DeployerError):
    """No route matches the request's path."""

    code = NOT_FOUND


class MethodNotAllowed(DeployerError):
    """The route does not support the request's method; `allowed` lists the supported methods."""

    code = METHOD_NOT_ALLOWED

    def __init__(self, allowed: str) -> None:
        super().__init__(f"The route does not support this method: use {allowed}.")
        self.allowed = allowed


class UnsupportedMediaType(DeployerError):
    """The route does not support the body's media type, charset or encoding."""

    code = UNSUPPORTED_MEDIA_TYPE


class NotAcceptable(DeployerError):
    """The route cannot respond in a media type that the request accepts."""

    code = NOT_ACCEPTABLE


STATUS: dict[type[DeployerError], int] = {
    MalformedInput: 400,
    RouteNotFound: 404,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    InputTooLarge: 413,
    UnsupportedMediaType: 415,
    InvalidInput: 422,
    InternalError: 500,
}

# Lambda's response is limited to 6 MB and holds the body as a JSON string, which escapes its quotes and backslashes.
MAX_LISTED_CHARACTERS = 2_500_000


def make_problem_response(error: DeployerError, request_id: str, path: str = "", status: int | None = None) -> Response:
    """Return the error as problem details: `code` is stable, `errors` lists every wrong value with its JSON pointer.

    A list that would exceed Lambda's response limit is cut off, and `errors_omitted` counts the rest.
    `status` overrides the error's own status.
    """
    from http import HTTPStatus  # imported here because it takes 2 ms, and only problems need it

    status = status or STATUS[type(error)]
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
    }
    if isinstance(error, InternalError):
        document["request_id"] = request_id
    else:
        document["detail"] = str(error)
    if isinstance(error, InvalidInput):
        document |= _list_problems(error)
    if path.startswith("/v2"):
        # Clients of the Open Inference Protocol read this field.
        document["error"] = document.get("detail", f"{document['title']} (request {request_id})")
    headers = {"allow": error.allowed} if isinstance(error, MethodNotAllowed) else {}
    return Response(status, PROBLEM, strict_json.dumps(document), headers, error)


def _list_problems(error: InvalidInput) -> dict[str, object]:
    listed: list[dict[str, str]] = []
    characters = 0
    for problem in error.problems:
        characters += len(strict_json.dumps(problem)) + 40  # the keys and punctuation
        if characters > MAX_LISTED_CHARACTERS:
            return {"errors": listed, "errors_omitted": len(error.problems) - len(listed)}
        listed.append(problem._asdict())
    return {"errors": listed}
