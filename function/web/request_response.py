"""A request and a response, whatever carried them."""

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
    """A request; header names are in lower case, the path has no stage before it, the body is decoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    route: str = ""
    """The route's path as function.web.routes has it, once it is found."""
    names: Mapping[str, str] = {}
    """What stands in the path for the route's names in braces, decoded."""

    @property
    def above(self) -> str:
        """What leads from here to the route's own place, for addresses relative to it: `/docs/` is one step below."""
        return "../" * (len(self.path) - len(self.path.rstrip("/"))) if self.path.strip("/") else ""


class Response(NamedTuple):
    """A response; its body is text."""

    status: int
    content_type: str
    body: str
    headers: Mapping[str, str] = {}
    outcome: Sequence[Prediction] | DeployerError | None = None
    """The predictions in it, or the error that it tells; None where it is about something else."""

    def list_headers(self) -> dict[str, str]:
        """The headers that go out: the content type, what every answer carries, and the response's own."""
        return {
            "content-type": f"{self.content_type}; charset=utf-8"
            if self.content_type.startswith("text/")
            else self.content_type,
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            **self.headers,
        }


def make_json_response(document: object, predictions: Sequence[Prediction] | None = None) -> Response:
    """The document, and the predictions in it, as strict JSON."""
    return Response(200, JSON, strict_json.dumps(document), outcome=predictions)
