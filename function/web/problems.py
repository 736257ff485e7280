"""Errors as RFC 9457 problem details, and the status of each."""

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
    """No route has the request's path."""

    code = NOT_FOUND


class MethodNotAllowed(DeployerError):
    """The route does not take the request's method; `allowed` are those that it takes."""

    code = METHOD_NOT_ALLOWED

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This route takes {allowed}.")
        self.allowed = allowed


class UnsupportedMediaType(DeployerError):
    """The body's media type, charset or encoding is none that the route reads."""

    code = UNSUPPORTED_MEDIA_TYPE


class NotAcceptable(DeployerError):
    """The route has no answer of a media type that the request accepts."""

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

# Lambda takes answers of up to 6 MB as one JSON string; quotes and backslashes are escaped once more in it.
MAX_LISTED_CHARACTERS = 2_500_000


def make_problem_response(error: DeployerError, request_id: str, path: str = "", status: int | None = None) -> Response:
    """The error as problem details: `code` is stable, `errors` lists every wrong value with its JSON pointer.

    Where the list alone would pass what Lambda can answer, it is cut and `errors_omitted` counts the rest.
    The status is the error's own unless it is given.
    """
    from http import HTTPStatus  # costs 2 ms, which an answer that is no problem does not pay

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
        # Where clients of the Open Inference Protocol look.
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
