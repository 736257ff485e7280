"""Each cap at each entrance: what it allows, to the last row and byte, is answered; no more is. Touches nothing."""

import json
from collections.abc import Callable

import pytest

from function.aws import Clients
from function.errors import InputTooLarge
from function.formats import csv_table
from function.model import prediction
from function.model.contract import NUMBER, Feature
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
