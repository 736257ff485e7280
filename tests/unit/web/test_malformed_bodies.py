"""Every raw body of the corpus gets its status and code, through the routes and through events. Touches no sockets."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from function.aws import Clients
from function.dispatch import create_handler
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.web.problems import STATUS
from function.web.request_response import Request
from function.web.routes import respond
from tests.cloud.event_factories import http_event
from tests.lambda_context import LambdaContext
from tests.unit.corpus import CASES
from tests.unit.corpus_case import CSV, JSON, OK, TOO_LARGE, Case

REPOSITORY = str(Path(__file__).parents[3])
REQUEST_ID = "5f0b2f5a-request"
# What a larger answer turns into: Lambda returns at most 6 MB.
MAX_ANSWER_BYTES = 6 * 1024 * 1024
# Reading one takes up to two seconds.
LONG_BODY = 50_000


@pytest.fixture(scope="module")
def services(houses: Model, iris: Model, mixed: Model, picky: Model) -> dict[str, Service]:
    models = {"houses": houses, "iris": iris, "mixed": mixed, "picky": picky}
    return {name: Service(model, Settings(model_path=""), Clients()) for name, model in models.items()}


@pytest.fixture(scope="module")
def handlers(services: dict[str, Service]) -> dict[str, Callable[[Any, object], Any]]:
    return {name: create_handler(service) for name, service in services.items()}


def headers_of(case: Case) -> dict[str, str]:
    return {**case.headers, **({} if case.content_type is None else {"content-type": case.content_type})}


def event_of(case: Case, *, is_base64: bool) -> dict[str, Any]:
    """The payload-2.0 event in which API Gateway sends the body."""
    body = base64.b64encode(case.body).decode() if is_base64 else case.body.decode()
    return http_event(body=body, headers=headers_of(case), isBase64Encoded=is_base64)


def refuse(constant: str) -> NoReturn:
    raise AssertionError(f"the answer holds {constant}, which is not JSON")


def check(case: Case, status: int, content_type: str, body: str) -> None:
    """Holds one answer against the case; the values go through names, since pytest would print 6 MB of them."""
    outcome = (status, None if status == 200 else json.loads(body)["code"])
    assert outcome == case.expected
    assert "Traceback" not in body
    assert 'File "' not in body
    assert REPOSITORY not in body
    assert "site-packages" not in body
    if status == 200 and content_type.startswith(CSV):
        return
    document = json.loads(body, parse_constant=refuse)
    if status == 200:
        assert content_type == JSON
        assert set(document) <= {"prediction", "predictions", "probabilities", "warnings", "model"}
        return
    assert content_type == "application/problem+json"
    check_problem(case, status, document)


def check_problem(case: Case, status: int, document: dict[str, Any]) -> None:
    assert set(document) - {"errors", "errors_omitted"} == {"type", "title", "status", "code", "detail"}
    assert document["type"] == "about:blank"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert ("errors" in document) == (status == 422)
    for error in document.get("errors", []):
        assert set(error) == {"pointer", "code", "detail"}
    if case.errors is not None:
        assert [(error["pointer"], error["code"]) for error in document["errors"]] == list(case.errors)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] if len(case.body) > LONG_BODY else [])
        for case in CASES
    ],
)
def test_body_gets_its_status_and_code(
    case: Case, services: dict[str, Service], handlers: dict[str, Callable[[Any, object], Any]]
) -> None:
    request = Request("POST", "/predict", headers_of(case), case.body, REQUEST_ID)
    response = respond(services[case.model], request)
    check(case, response.status, response.content_type, response.body)
    for is_base64 in (True, False):
        try:
            event = event_of(case, is_base64=is_base64)
        except UnicodeDecodeError:
            continue  # such a body comes as base64 alone
        answer = handlers[case.model](event, LambdaContext(aws_request_id=REQUEST_ID))
        size = len(json.dumps(answer))
        assert size <= MAX_ANSWER_BYTES
        same = answer["body"] == response.body
        assert same
        assert answer["statusCode"] == response.status
        assert answer["headers"] == response.list_headers()


def test_corpus_holds_several_hundred_bodies_of_every_status() -> None:
    assert len(CASES) > 1000
    assert {case.expected[0] for case in CASES} == {200, *STATUS.values()} - {404, 405, 406, 500}
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("body", ["=", "abc", "a===", "ab\n=", "é", "eyJ9*", "____", "\ud800", "YQ==YQ=="])
def test_body_that_is_called_base64_and_is_not_is_malformed(
    body: str, handlers: dict[str, Callable[[Any, object], Any]]
) -> None:
    event = event_of(Case("", b"", OK), is_base64=True) | {"body": body}
    answer = handlers["houses"](event, LambdaContext(aws_request_id=REQUEST_ID))
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["code"] == "malformed_body"


def test_answer_past_six_megabytes_is_too_large(handlers: dict[str, Callable[[Any, object], Any]]) -> None:
    # Two bytes in, six characters out: the answer is ASCII inside of JSON.
    rows = "\n".join([f"{'é' * 100_000},1500,3"] * 12)
    case = Case("", f"id,AreaSqft,NumBedrooms\n{rows}\n".encode(), TOO_LARGE, content_type=CSV)
    answer = handlers["houses"](event_of(case, is_base64=False), LambdaContext(aws_request_id=REQUEST_ID))
    check(case, answer["statusCode"], answer["headers"]["content-type"], answer["body"])
