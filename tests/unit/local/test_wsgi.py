"""A WSGI request becomes a payload-2.0 event and its answer a WSGI response. No sockets: the environ is made here."""

import base64
import io
import json
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from function.aws import Clients
from function.dispatch import create_handler
from function.local.wsgi import create_application, make_event
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.sources import http_api
from function.web.content_negotiation import MAX_BODY_BYTES

type Answer = tuple[str, dict[str, str], bytes]


def environ(method: str = "GET", path: str = "/", body: bytes = b"", **others: str) -> dict[str, Any]:
    """A request as a WSGI server passes it on; header names are given as HTTP_… variables."""
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **others,
    }
    setup_testing_defaults(made)
    return made


def serve_request(model: Model, request: dict[str, Any]) -> Answer:
    """The status, headers and body of the request's answer, after wsgiref's own checks of both sides."""
    started: list[tuple[str, dict[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: object = None) -> Any:
        assert error is None
        started.append((status, dict(headers)))
        return None

    request.setdefault("QUERY_STRING", "")
    checked: Any = validator(create_application(create_handler(Service(model, Settings(model_path=""), Clients()))))
    parts = checked(request, start_response)
    body = b"".join(parts)
    parts.close()
    ((status, headers),) = started
    is_head = request["REQUEST_METHOD"] == "HEAD"
    assert headers.get("content-length") == (None if is_head else str(len(body)))
    return status, headers, body


def test_prediction_is_served(houses: Model) -> None:
    body = b'{"AreaSqft":1500,"NumBedrooms":3}'
    status, headers, answer = serve_request(houses, environ("POST", "/predict", body, CONTENT_TYPE="application/json"))
    assert status == "200 OK"
    assert headers["content-type"] == "application/json"
    assert json.loads(answer)["prediction"] == 360000.0


def test_csv_is_served(houses: Model) -> None:
    body = b"AreaSqft,NumBedrooms\n1500,3\n"
    status, headers, answer = serve_request(houses, environ("POST", "/predict", body, CONTENT_TYPE="text/csv"))
    assert (status, headers["content-type"]) == ("200 OK", "text/csv; charset=utf-8")
    assert answer == b"AreaSqft,NumBedrooms,prediction,warnings\n1500,3,360000.0,\n"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", "200 OK"),
        ("GET", "/health", "200 OK"),
        ("GET", "/model", "200 OK"),
        ("GET", "/openapi.json", "200 OK"),
        ("HEAD", "/health", "200 OK"),
        ("GET", "/predict", "405 Method Not Allowed"),
        ("DELETE", "/health", "405 Method Not Allowed"),
        ("GET", "/nowhere", "404 Not Found"),
        ("GET", "/\xe9\xff", "404 Not Found"),
        ("POST", "/predict", "400 Bad Request"),
    ],
)
def test_route_has_its_status_line(houses: Model, method: str, path: str, status: str) -> None:
    assert serve_request(houses, environ(method, path))[0] == status


def test_answer_to_head_has_no_body(houses: Model) -> None:
    assert serve_request(houses, environ("HEAD", "/health"))[2] == b""


def test_allow_reaches_the_client(houses: Model) -> None:
    assert serve_request(houses, environ("PUT", "/predict"))[1]["allow"] == "POST"


def test_text_of_the_answer_is_utf_8(mixed: Model) -> None:
    csv = 'area/m²,year ~ built,balcony,"heating ""type""",🏠\n50,1990,true,é,flat\n'
    status, _, answer = serve_request(mixed, environ("POST", "/predict", csv.encode(), CONTENT_TYPE="text/csv"))
    assert status == "200 OK"
    assert "🏠" in answer.decode()


def test_body_past_the_cap_is_refused_and_not_read_to_its_end(houses: Model) -> None:
    request = environ("POST", "/predict", b" " * (MAX_BODY_BYTES + 1000), CONTENT_TYPE="application/json")
    stream = request["wsgi.input"]
    assert serve_request(houses, request)[0].startswith("413 ")
    assert stream.tell() == MAX_BODY_BYTES + 1


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
def test_body_that_ends_before_its_length_is_refused(method: str, houses: Model) -> None:
    request = environ(
        method, "/predict", b"AreaSqft,NumBedrooms\n1500,3\n", CONTENT_TYPE="text/csv", CONTENT_LENGTH="100"
    )
    status, headers, body = serve_request(houses, request)
    assert (status, headers["content-type"]) == ("400 Bad Request", "application/problem+json")
    assert body == b"" if method == "HEAD" else json.loads(body)["code"] == "malformed_body"


def test_event_is_what_the_http_api_sends() -> None:
    request = environ(
        "POST",
        "/predict",
        b"\xff\0",
        CONTENT_TYPE="text/csv",
        HTTP_X_FORWARDED_FOR="10.0.0.1",
        HTTP_USER_AGENT="curl/8",
        QUERY_STRING="a=1&b=%20",
        REMOTE_ADDR="127.0.0.9",
    )
    made = make_event(request, "the-id")
    assert http_api.matches(made)
    assert json.loads(json.dumps(made)) == made
    assert (made["version"], made["rawPath"], made["rawQueryString"]) == ("2.0", "/predict", "a=1&b=%20")
    assert base64.b64decode(made["body"]) == b"\xff\0"
    assert made["isBase64Encoded"] is True
    assert made["headers"]["content-type"] == "text/csv"
    assert made["headers"]["content-length"] == "2"
    assert made["headers"]["x-forwarded-for"] == "10.0.0.1"
    assert made["requestContext"]["http"]["method"] == "POST"
    assert made["requestContext"]["http"]["sourceIp"] == "127.0.0.9"
    assert made["requestContext"]["http"]["userAgent"] == "curl/8"
    assert made["requestContext"]["requestId"] == "the-id"


def test_path_is_never_empty() -> None:
    assert make_event(environ(path=""), "")["rawPath"] == "/"


def test_path_is_read_as_utf_8() -> None:
    assert make_event(environ(path="/é🏠".encode().decode("latin-1")), "")["rawPath"] == "/é🏠"
