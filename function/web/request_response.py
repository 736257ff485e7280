"""HTTP requests and responses, independent of the event source that carried them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from function.errors import DeployerError
from function.formats import strict_json
from function.model.prediction import Prediction

JSON = "application/json"
CSV = "text/csv"
HTML = "text/html"
TEXT = "text/plain"
PROBLEM = "application/problem+json"


class Request(NamedTuple):
    """An HTTP request: header names in lower case, the path without a stage prefix, the body decoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    route: str = ""
    """The matched key of function.web.routes.ROUTES; empty before routing."""
    path_parameters: Mapping[str, str] = {}
    """The decoded parts of the path that match the route's names in braces."""

    @property
    def root(self) -> str:
        """The prefix for relative links that makes up for trailing slashes: "../" for `/docs/`, "" for `/docs`."""
        return "../" * (len(self.path) - len(self.path.rstrip("/"))) if self.path.strip("/") else ""


class Response(NamedTuple):
    """An HTTP response with a text body."""

    status: int
    content_type: str
    body: str
    headers: Mapping[str, str] = {}
    outcome: Sequence[Prediction] | DeployerError | None = None
    """The predictions or the error that the response contains; None for any other response."""

    def list_headers(self) -> dict[str, str]:
        """Return the headers to send: the content type, those of every response, and the response's own."""
        return {
            "content-type": f"{self.content_type}; charset=utf-8"
            if self.content_type.startswith("text/")
            else self.content_type,
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            **self.headers,
        }


def make_json_response(document: object, predictions: Sequence[Prediction] | None = None) -> Response:
    """Return a response with the document as strict JSON; `predictions` are those in the document."""
    return Response(200, JSON, strict_json.dumps(document), outcome=predictions)
