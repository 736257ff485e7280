"""Each cap at each entrance: what it allows, to the last row and byte, is answered; no more is. Touches nothing."""

import json
from collections.abc import Callable

import pytest

from function.aws import Clients
from function.dispatch import create_handler
from function.errors import InputTooLarge
from function.formats import csv_table
from function.messages.record_prediction import predict_bodies
from function.model import prediction
from function.model.contract import LONGEST_TEXT, NUMBER, TEXT, Feature
from function.model.prediction import Prediction, predict_each
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.web.content_negotiation import MAX_BODY_BYTES
from function.web.request_response import Request, Response
from function.web.routes import respond
from tests.unit.small_models import regressor

FEATURES = (Feature("size", NUMBER, False, 0, 10), Feature("rooms", NUMBER, False, 0, 10))
RECORD = {"size": 3, "rooms": 1}


@pytest.fixture
def model() -> Model:
    return regressor(FEATURES)


def post(model: Model, path: str, body: object, content_type: str = "application/json") -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": content_type}
    return respond(Service(model, Settings(""), Clients()), Request("POST", path, headers, data, "request-1"))


def tensor(name: str, rows: int) -> dict[str, object]:
    return {"name": name, "shape": [rows], "datatype": "FP64", "data": [1.0] * rows}


BODIES: dict[str, tuple[str, Callable[[int], object]]] = {
    "instances": ("/predict", lambda rows: {"instances": [RECORD] * rows}),
    "records": ("/invocations", lambda rows: {"dataframe_records": [RECORD] * rows}),
    "split": (
        "/invocations",
        lambda rows: {"dataframe_split": {"columns": [*RECORD], "data": [[3, 1]] * rows}},
    ),
    "columns": ("/invocations", lambda rows: {"inputs": {"size": [3] * rows, "rooms": [1] * rows}}),
    "rows": ("/invocations", lambda rows: {"instances": [[3, 1]] * rows}),
    "tensors": ("/v2/models/small/infer", lambda rows: {"inputs": [tensor("size", rows), tensor("rooms", rows)]}),
}


@pytest.mark.parametrize("form", BODIES)
def test_ten_thousand_records_are_answered_and_one_more_is_too_large(model: Model, form: str) -> None:
    path, body = BODIES[form]
    assert prediction.MAX_RECORDS == 10_000
    assert post(model, path, body(10_000)).status == 200
    response = post(model, path, body(10_001))
    assert (response.status, json.loads(response.body)["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_ten_thousand_rows_of_a_csv_are_answered_and_one_more_is_too_large(model: Model, path: str) -> None:
    header, row = b"size,rooms\n", b"3,1\n"
    assert post(model, path, header + row * 10_000, "text/csv").status == 200
    assert post(model, path, header + row * 10_001, "text/csv").status == 413


def test_csv_of_the_command_line_has_the_same_cap(model: Model) -> None:
    assert csv_table.predict_csv_document(model, b"size,rooms\n" + b"3,1\n" * 10_000).count("\n") == 10_001
    with pytest.raises(InputTooLarge):
        csv_table.predict_csv_document(model, b"size,rooms\n" + b"3,1\n" * 10_001)


def test_body_of_six_megabytes_is_answered_and_one_byte_more_is_too_large(model: Model) -> None:
    whole = json.dumps(RECORD).encode()
    assert MAX_BODY_BYTES == 6 * 1024 * 1024
    assert post(model, "/predict", whole.ljust(MAX_BODY_BYTES)).status == 200
    assert post(model, "/predict", whole.ljust(MAX_BODY_BYTES + 1)).status == 413


TEXTS: dict[str, tuple[str, str, Callable[[str], object]]] = {
    "record": ("/predict", "/note", lambda text: {"note": text, "size": 1}),
    "instances": ("/predict", "/instances/0/note", lambda text: {"instances": [{"note": text, "size": 1}]}),
    "csv": ("/predict", "/0/note", lambda text: f"note,size\n{text},1\n".encode()),
    "split": (
        "/invocations",
        "/dataframe_split/data/0/1",
        lambda text: {"dataframe_split": {"columns": ["size", "note"], "data": [[1, text]]}},
    ),
    "tensors": (
        "/v2/models/small/infer",
        "/inputs/1/data/0",
        lambda text: {
            "inputs": [tensor("size", 1), {"name": "note", "shape": [1], "datatype": "BYTES", "data": [text]}]
        },
    ),
}


@pytest.mark.parametrize("form", TEXTS)
def test_longest_text_is_answered_and_one_character_more_is_too_large(form: str) -> None:
    model = regressor((Feature("size", NUMBER), Feature("note", TEXT)))
    path, pointer, body = TEXTS[form]
    kind = "text/csv" if form == "csv" else "application/json"
    assert post(model, path, body("é" * LONGEST_TEXT), kind).status == 200
    response = post(model, path, body("é" * (LONGEST_TEXT + 1)), kind)
    document = json.loads(response.body)
    assert (response.status, document["code"]) == (413, "too_large")
    assert document["detail"] == f"{pointer}: 100,001 characters: a text may have at most 100,000"
    assert "errors" not in document


@pytest.mark.parametrize("many", ["instances", "cells"])
def test_longer_text_is_too_large_for_a_direct_call_too(many: str) -> None:
    service = Service(regressor((Feature("size", NUMBER), Feature("note", TEXT))), Settings(""), Clients())
    event = {many: [{"note": "a", "size": "1" if many == "cells" else 1} for _ in range(2)]}
    event[many][1]["note"] = "a" * (LONGEST_TEXT + 1)
    with pytest.raises(InputTooLarge, match=f"/{many}/1/note: 100,001 characters"):
        create_handler(service)(event, None)


def test_longer_text_fails_its_own_message_and_row_alone() -> None:
    service = Service(regressor((Feature("size", NUMBER), Feature("note", TEXT))), Settings(""), Clients())
    bodies = [{"note": text, "size": 1} for text in ("a", "a" * (LONGEST_TEXT + 1), "b")]
    first, long, last = predict_bodies(service, bodies)
    assert isinstance(long, InputTooLarge)
    assert not isinstance(first, Exception)
    assert not isinstance(last, Exception)
    outcomes = predict_each(service.model, bodies)
    assert [isinstance(outcome, Prediction) for outcome in outcomes] == [True, False, True]
