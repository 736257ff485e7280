"""Errors as problem details: one status each, and lists that fit into an answer. Touches nothing."""

import json
from http import HTTPStatus

import pytest

from function import errors
from function.aws import Clients
from function.errors import DeployerError, InputTooLarge, InternalError, InvalidInput, MalformedInput, Problem
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.sources.http_api import make_envelope
from function.web.problems import (
    STATUS,
    MethodNotAllowed,
    NotAcceptable,
    RouteNotFound,
    UnsupportedMediaType,
    make_problem_response,
)
from function.web.request_response import Request
from function.web.routes import respond

SIX_MEGABYTES = 6 * 1024 * 1024
EXAMPLES: dict[DeployerError, tuple[int, str]] = {
    MalformedInput("It is broken."): (400, "malformed_body"),
    RouteNotFound("There is none."): (404, "not_found"),
    MethodNotAllowed("GET, HEAD"): (405, "method_not_allowed"),
    NotAcceptable("It is HTML."): (406, "not_acceptable"),
    InputTooLarge("It is too large."): (413, "too_large"),
    UnsupportedMediaType("It is XML."): (415, "unsupported_media_type"),
    InvalidInput([Problem("/a", "missing", "missing")]): (422, "invalid_input"),
    InternalError("It failed."): (500, "internal_error"),
}


@pytest.mark.parametrize(("error", "expected"), EXAMPLES.items(), ids=lambda value: type(value).__name__)
def test_error_has_its_status_code_and_title(error: DeployerError, expected: tuple[int, str]) -> None:
    response = make_problem_response(error, "request-1")
    document = json.loads(response.body)
    assert (response.status, document["code"]) == expected
    assert document["status"] == response.status
    assert document["title"] == HTTPStatus(response.status).phrase
    assert document["type"] == "about:blank"
    assert response.content_type == "application/problem+json"


def test_every_error_that_a_caller_can_cause_has_a_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RequestError)]
    assert set(kinds) - {errors.RequestError} <= set(STATUS)
    assert {type(error) for error in EXAMPLES} == set(STATUS)


def test_internal_error_tells_the_request_id_and_nothing_else() -> None:
    document = json.loads(make_problem_response(InternalError("secret"), "request-1").body)
    assert set(document) == {"type", "title", "status", "code", "request_id"}
    assert document["request_id"] == "request-1"


def test_other_errors_do_not_tell_the_request_id() -> None:
    assert "request-1" not in make_problem_response(MalformedInput("It is broken."), "request-1").body


def test_invalid_input_lists_every_problem() -> None:
    problems = [Problem(f"/{index}", "missing", "missing") for index in range(1000)]
    document = json.loads(make_problem_response(InvalidInput(problems), "").body)
    assert document["errors"] == [problem._asdict() for problem in problems]
    assert "errors_omitted" not in document
    assert document["detail"] == "/0: missing (and 999 more)"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=f"{name[0]!a}-{len(name)}", marks=[] if len(name) == 1 else [pytest.mark.slow])
        for name in ("x", "é" * 30, '"' * 30, "\\" * 30, "\0" * 30, "🏠" * 30, "k" * 100_000, "\n")
    ],
)
@pytest.mark.slow
def test_long_list_is_cut_and_fits_into_an_answer(name: str) -> None:
    problems = [
        Problem(f"/instances/{index}/{name}", "unknown_field", f"{name}?")
        for index in range(9_000_000 // (len(name) + 100))
    ]
    response = make_problem_response(InvalidInput(problems), "")
    document = json.loads(response.body)
    assert len(document["errors"]) + document["errors_omitted"] == len(problems)
    assert document["errors"] == [problem._asdict() for problem in problems[: len(document["errors"])]]
    assert len(json.dumps(make_envelope(response))) < SIX_MEGABYTES


@pytest.mark.parametrize(
    "name", ["k" * 5_900_000, "é" * 2_900_000, '"' * 2_900_000, "\\" * 2_900_000], ids=lambda n: n[0]
)
def test_field_as_long_as_the_body_fits_into_an_answer(name: str, houses: Model) -> None:
    body = json.dumps({name: 1}, ensure_ascii=False).encode()
    response = respond(Service(houses, Settings(""), Clients()), Request("POST", "/predict", {}, body, ""))
    assert response.status == 422
    assert len(json.dumps(make_envelope(response))) < SIX_MEGABYTES


@pytest.mark.slow
def test_body_full_of_unknown_fields_is_answered_with_those_that_fit(houses: Model) -> None:
    body = ("{" + ",".join(f'"{index}":0' for index in range(500_000)) + "}").encode()
    response = respond(Service(houses, Settings(""), Clients()), Request("POST", "/predict", {}, body, ""))
    document = json.loads(response.body)
    assert response.status == 422
    assert len(document["errors"]) + document["errors_omitted"] == 500_002
    assert len(json.dumps(make_envelope(response))) < SIX_MEGABYTES


def test_sentence_of_a_long_pointer_is_short() -> None:
    error = InvalidInput(
        [Problem("/" + "k" * 100_000, "unknown_field", "unknown"), Problem("/b", "missing", "missing")]
    )
    assert str(error).endswith("…: unknown (and 1 more)")
    assert len(str(error)) < 300


def test_problem_of_the_whole_body_is_of_the_body() -> None:
    assert str(InvalidInput([Problem("", "wrong_type", "expected an object")])) == "the body: expected an object"
