"""What nobody foresaw is a 500 that tells nothing; neither the log nor the answer holds a value. Touches nothing."""

import json
import logging
import traceback
from typing import Any

import pytest

from function.aws import Clients
from function.dispatch import create_handler
from function.errors import InternalError, InvalidInput
from function.model.contract import NUMBER, Feature
from function.model.runtime import Model
from function.runtimes.flat import runtime as flat
from function.service import Service
from function.settings import Settings
from function.telemetry.unexpected_errors import report_error
from function.web.request_response import Request
from function.web.routes import respond
from tests.cloud.event_factories import http_event
from tests.lambda_context import LambdaContext
from tests.unit import small_flat, small_models
from tests.unit.small_models import failing

CANARY = "canary-7f3a91"
RECORD = {"size": 3, "note": CANARY}


def read_log(caplog: pytest.LogCaptureFixture) -> str:
    """All that any log formatter could write of the records."""
    return " ".join(str(vars(record)) + record.getMessage() for record in caplog.records)


def post(body: object) -> Request:
    return Request("POST", "/predict", {}, json.dumps(body).encode(), "request-1")


def test_unforeseen_error_is_a_500_with_the_request_id_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    response = respond(Service(failing(f"could not convert {CANARY}"), Settings(""), Clients()), post(RECORD))
    assert response.status == 500
    assert response.content_type == "application/problem+json"
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal_error",
        "request_id": "request-1",
    }
    assert CANARY not in read_log(caplog)


def test_damaged_bundle_is_a_500_and_the_log_has_its_sentence(caplog: pytest.LogCaptureFixture) -> None:
    model = small_models.regressor((Feature("x0", NUMBER), Feature("x1", NUMBER)))
    damaged = small_flat.pack(small_flat.header(), small_flat.arrays_of([[(9, 0, 0.5, 0)] * (flat.FEW_ENTRIES + 1)]))
    service = Service(model._replace(runtime=small_flat.runtime(damaged)), Settings(""), Clients())
    response = respond(service, post({"x0": 1, "x1": 2}))
    assert (response.status, json.loads(response.body)["code"]) == (500, "internal_error")
    (record,) = caplog.records
    assert vars(record)["code"] == "artifact_unreadable"
    assert vars(record)["reason"].startswith("The bundle's file model.flat is no flat artifact: ")


def test_log_says_where_it_happened(caplog: pytest.LogCaptureFixture) -> None:
    respond(Service(failing(CANARY), Settings(""), Clients()), post(RECORD))
    (record,) = caplog.records
    fields: dict[str, Any] = vars(record)
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "unforeseen error")
    assert (fields["code"], fields["error_type"], fields["request_id"]) == (
        "internal_error",
        "RuntimeError",
        "request-1",
    )
    assert fields["frames"][-1].startswith("predict (small_models.py:")
    assert not [frame for frame in fields["frames"] if "/" in frame]
    assert record.exc_info is None


def test_frames_are_logged_though_tracebacks_are_cut(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.tracebacklimit", 0, raising=False)  # as app.py does in Lambda
    respond(Service(failing(CANARY), Settings(""), Clients()), post(RECORD))
    assert len(vars(caplog.records[0])["frames"]) > 3


def test_http_source_answers_with_the_id_of_the_invocation() -> None:
    handler = create_handler(Service(failing(CANARY), Settings(""), Clients()))
    event = http_event(body=json.dumps(RECORD))
    answer: Any = handler(event, LambdaContext(aws_request_id="lambda-1"))
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["request_id"] == "lambda-1"
    assert json.loads(handler(event, None)["body"])["request_id"] == "gateway-1"  # type: ignore[index]


def test_direct_invocation_raises_by_name_without_the_text(caplog: pytest.LogCaptureFixture) -> None:
    handler = create_handler(Service(failing(CANARY), Settings(""), Clients()))
    with pytest.raises(InternalError) as raised:
        handler(RECORD, LambdaContext(aws_request_id="lambda-1"))
    assert "lambda-1" in str(raised.value)
    assert CANARY not in "".join(traceback.format_exception(raised.value))
    assert CANARY not in read_log(caplog)


def test_report_takes_an_error_that_was_never_raised(caplog: pytest.LogCaptureFixture) -> None:
    assert str(report_error(ValueError(CANARY), "id-1")).endswith("under the id id-1.")
    assert CANARY not in read_log(caplog)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"AreaSqft": CANARY, "NumBedrooms": 3}),
        json.dumps({"AreaSqft": [CANARY], "NumBedrooms": {"a": CANARY}}),
        json.dumps({"instances": [CANARY]}),
        json.dumps({"instances": CANARY}),
        json.dumps(CANARY),
        json.dumps([CANARY]),
        CANARY,
        '{"AreaSqft": "' + CANARY,
        '{"AreaSqft": ' + CANARY + "}",
        '{"AreaSqft": "\\ud800' + CANARY + '"}',
    ],
)
def test_value_of_a_refused_request_is_in_no_answer_and_no_log(
    body: str, houses: Model, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = respond(
            Service(houses, Settings(""), Clients()), Request("POST", "/predict", {}, body.encode(), "id")
        )
    assert response.status in (400, 422)
    assert CANARY not in response.body
    assert CANARY not in read_log(caplog)


def test_value_that_the_estimator_refuses_is_in_no_answer_and_no_log(
    picky: Model, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(picky, Settings(""), Clients())
    with caplog.at_level(logging.DEBUG):
        response = respond(service, post({"size": 2, "colour": CANARY}))
        with pytest.raises(InvalidInput) as raised:
            create_handler(service)({"size": 2, "colour": CANARY}, None)
    assert response.status == 422
    assert CANARY not in response.body
    assert CANARY not in "".join(traceback.format_exception(raised.value))
    assert CANARY not in read_log(caplog)


def test_ordinary_request_logs_nothing(houses: Model, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        response = respond(Service(houses, Settings(""), Clients()), post({"AreaSqft": 9000, "NumBedrooms": 3}))
    assert response.status == 200
    assert caplog.records == []
