"""The serving protocols beside `POST /predict`: what they take, what they answer, where a fault is. Touches nothing."""

import json
from typing import Any

import pytest

from function.aws import Clients
from function.model.contract import NUMBER, Feature
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.web.openapi.examples import make_examples
from function.web.protocols.tensor_datatypes import DATATYPES
from function.web.request_response import Request, Response
from function.web.routes import respond
from tests.unit.small_models import classifier, regressor

JSON = "application/json"


def ask(model: Model, path: str, body: object, **headers: str) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(Service(model, Settings(""), Clients()), Request("POST", path, named, data, "request-1"))


def infer(model: Model, body: object, **headers: str) -> Response:
    return ask(model, f"/v2/models/{model.manifest.name}/infer", body, **headers)


def outputs(response: Response) -> dict[str, Any]:
    assert response.status == 200, response.body
    return {tensor["name"]: tensor for tensor in json.loads(response.body)["outputs"]}


def problems(response: Response) -> list[tuple[str, str]]:
    assert response.status == 422, response.body
    return [(problem["pointer"], problem["code"]) for problem in json.loads(response.body)["errors"]]


@pytest.fixture
def models(houses: Model, iris: Model, mixed: Model) -> dict[str, Model]:
    return {"houses": houses, "iris": iris, "mixed": mixed}


def golden(model: Model) -> tuple[list[dict[str, Any]], list[Any]]:
    rows = model.manifest.examples
    return [row.record for row in rows], [row.output[0] for row in rows]


def tensors(model: Model, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": feature.name,
            "shape": [len(records)],
            "datatype": DATATYPES[feature.type][0],
            "data": [record[feature.name] for record in records],
        }
        for feature in model.manifest.contract.features
    ]


@pytest.mark.parametrize("name", ["houses", "iris", "mixed"])
def test_four_protocols_give_one_and_the_same_answer_for_the_golden_rows(name: str, models: dict[str, Model]) -> None:
    model = models[name]
    records, _ = golden(model)
    names = model.manifest.contract.names
    rows = [[record[name] for name in names] for record in records]
    ours = json.loads(ask(model, "/predict", {"instances": records}).body)
    assert json.loads(ask(model, "/predict", records[0]).body)["prediction"] == ours["predictions"][0]
    bodies: list[object] = [
        {"dataframe_split": {"columns": list(names), "data": rows}},
        {"dataframe_split": {"index": [7] * len(rows), "columns": names[::-1], "data": [row[::-1] for row in rows]}},
        {"dataframe_records": records},
        {"instances": records},
        {"instances": rows, "params": {"a": 1}},
        {"inputs": {name: [record[name] for record in records] for name in names}},
        {"inputs": rows},
        rows,
    ]
    for body in bodies:
        assert json.loads(ask(model, "/invocations", body).body) == ours
    answered = outputs(infer(model, {"inputs": tensors(model, records)}))
    assert answered["prediction"]["data"] == ours["predictions"]
    if "probabilities" in ours:
        shares = [list(share.values()) for share in ours["probabilities"]]
        classes = list(ours["probabilities"][0])
        assert answered["probabilities"]["shape"] == [len(records), len(classes)]
        assert answered["probabilities"]["data"] == [share for row in shares for share in row]
        assert json.loads(answered["probabilities"]["parameters"]["classes"]) == classes
    lines = ask(model, "/invocations", {"dataframe_records": records}, accept="text/csv").body.splitlines()
    assert lines == [str(value) for value in ours["predictions"]]


def test_matrix_may_come_flat_or_in_rows(houses: Model) -> None:
    records, _ = golden(houses)
    rows = [list(record.values()) for record in records]
    expected = outputs(infer(houses, {"inputs": tensors(houses, records)}))
    matrix = {"name": "x", "datatype": "INT64", "shape": [len(rows), 2]}
    for data in (rows, [value for row in rows for value in row]):
        assert outputs(infer(houses, {"inputs": [{**matrix, "data": data}]})) == expected


def test_feature_may_be_a_column_of_shape_n_by_one(houses: Model) -> None:
    sent = tensors(houses, [{"AreaSqft": 1500, "NumBedrooms": 3}])
    flat = {**sent[0], "shape": [1, 1]}
    nested = {**sent[0], "shape": [1, 1], "data": [[1500]]}
    for first in (flat, nested):
        assert outputs(infer(houses, {"inputs": [sent[1], first]}))["prediction"]["data"] == [360000.0]


def test_answer_names_model_version_and_the_id_that_was_sent(houses: Model) -> None:
    sent = {"id": "my-id", "inputs": tensors(houses, [{"AreaSqft": 9000, "NumBedrooms": 3}])}
    answer = json.loads(infer(houses, sent | {"outputs": [{"name": "warnings"}]}).body)
    warning = {"name": "warnings", "datatype": "BYTES", "shape": [1]}
    assert answer == {
        "model_name": "house-prices",
        "model_version": houses.manifest.version,
        "id": "my-id",
        "outputs": [{**warning, "data": ["AreaSqft: above 2000, the largest value in training"]}],
    }


def test_null_is_taken_where_training_saw_one(mixed: Model) -> None:
    record = mixed.manifest.examples[0].record | {"year ~ built": None}
    assert outputs(infer(mixed, {"inputs": tensors(mixed, [record])}))["prediction"]["shape"] == [1]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"datatype": "BYTES"}, ("/inputs/0/datatype", "wrong_type")),
        ({"datatype": "FP8"}, ("/inputs/0/datatype", "wrong_type")),
        ({"shape": [2]}, ("/inputs/0/data", "shape_mismatch")),
        ({"shape": [1, 2]}, ("/inputs/0/data", "shape_mismatch")),
        ({"shape": [1, 1, 1]}, ("/inputs/0/shape", "wrong_type")),
        ({"shape": [True]}, ("/inputs/0/shape", "wrong_type")),
        ({"data": 5}, ("/inputs/0/data", "wrong_type")),
        ({"data": ["big"]}, ("/inputs/0/data/0", "wrong_type")),
        ({"data": [None]}, ("/inputs/0/data/0", "null")),
        ({"data": [[1]], "shape": [1]}, ("/inputs/0/data/0", "wrong_type")),
        ({"data": [[1, 2]], "shape": [1, 1]}, ("/inputs/0/data", "row_length")),
        ({"name": "other"}, ("/inputs/0/name", "unknown_field")),
        ({"name": "NumBedrooms"}, ("/inputs/1/name", "repeated")),
        ({"name": 5}, ("/inputs/0/name", "wrong_type")),
        ({"more": 5}, ("/inputs/0/more", "unknown_field")),
        ({"parameters": 5}, ("/inputs/0/parameters", "wrong_type")),
        ({"shape": [2], "data": [1, 2]}, ("/inputs/1/data", "column_length")),
    ],
)
def test_fault_of_a_tensor_is_named_at_its_place(
    change: dict[str, Any], expected: tuple[str, str], houses: Model
) -> None:
    sent = tensors(houses, [{"AreaSqft": 1500, "NumBedrooms": 3}])
    assert problems(infer(houses, {"inputs": [{**sent[0], **change}, sent[1]]}))[0] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], ("", "wrong_type")),
        ({}, ("/inputs", "wrong_type")),
        ({"inputs": []}, ("/inputs", "missing")),
        ({"inputs": [5]}, ("/inputs/0", "wrong_type")),
        ({"inputs": [], "more": 1}, ("/more", "unknown_field")),
        ({"inputs": [], "id": 1}, ("/id", "wrong_type")),
        ({"inputs": [], "id": {}}, ("/id", "wrong_type")),
        ({"inputs": [], "id": 0}, ("/id", "wrong_type")),
        ({"inputs": [], "parameters": 1}, ("/parameters", "wrong_type")),
    ],
)
def test_fault_of_an_inference_request_is_named(body: object, expected: tuple[str, str], houses: Model) -> None:
    assert problems(infer(houses, body))[0] == expected


def test_value_in_a_matrix_is_pointed_at(houses: Model) -> None:
    matrix = {"name": "x", "datatype": "FP64", "shape": [2, 2]}
    assert problems(infer(houses, {"inputs": [{**matrix, "data": [1500, 3, 1500, None]}]})) == [
        ("/inputs/0/data/3", "null")
    ]
    assert problems(infer(houses, {"inputs": [{**matrix, "data": [[1500, 3], [None, 3]]}]})) == [
        ("/inputs/0/data/1/0", "null")
    ]


def test_output_that_there_is_none_of_is_refused(houses: Model) -> None:
    sent = {"inputs": tensors(houses, golden(houses)[0]), "outputs": [{"name": "other"}]}
    assert problems(infer(houses, sent)) == [("/outputs/0", "unknown_field")]


def test_error_is_told_where_clients_of_the_inference_protocol_look(houses: Model) -> None:
    answer = json.loads(infer(houses, {}).body)
    assert answer["error"] == answer["detail"] == "/inputs: expected an array of tensors"
    assert "error" not in json.loads(ask(houses, "/invocations", {}).body)


def test_binary_extension_is_refused(houses: Model) -> None:
    assert infer(houses, b"{}", inference_header_content_length="2").status == 415
    assert infer(houses, b"a\n1\n", content_type="text/csv").status == 415


@pytest.mark.parametrize(
    ("labels", "datatype", "sent"),
    [(["no", "yes"], "BYTES", ["yes"])],
)
def test_labels_are_tensors_of_their_type(labels: list[str], datatype: str, sent: list[Any]) -> None:
    model = classifier(labels)
    answered = outputs(infer(model, {"inputs": tensors(model, [{"size": 1, "note": "a"}])}))
    assert (answered["prediction"]["datatype"], answered["prediction"]["data"]) == (datatype, sent)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"dataframe_split": 5}, ("/dataframe_split/columns", "missing")),
        ({"dataframe_split": {"columns": ["AreaSqft"], "data": []}}, ("/dataframe_split/columns", "missing")),
        (
            {"dataframe_split": {"columns": ["x", "AreaSqft", None], "data": []}},
            ("/dataframe_split/columns", "missing"),
        ),
        (
            {"dataframe_split": {"columns": ["x", "AreaSqft", "AreaSqft"], "data": []}},
            ("/dataframe_split/columns/2", "repeated"),
        ),
        (
            {"dataframe_split": {"columns": ["x", "NumBedrooms", "AreaSqft"], "data": [[1, 3, "big"]]}},
            ("/dataframe_split/data/0/2", "wrong_type"),
        ),
        (
            {"dataframe_split": {"columns": ["NumBedrooms", "AreaSqft"], "data": [[3, 1500], [3, "big"]]}},
            ("/dataframe_split/data/1/1", "wrong_type"),
        ),
        (
            {"dataframe_split": {"columns": ["NumBedrooms", "AreaSqft"], "data": [[3]]}},
            ("/dataframe_split/data/0", "row_length"),
        ),
        (
            {"dataframe_split": {"columns": ["NumBedrooms", "AreaSqft"], "data": [], "x": 1}},
            ("/dataframe_split/x", "unknown_field"),
        ),
        ({"dataframe_records": [{"AreaSqft": 1500}]}, ("/dataframe_records/0/NumBedrooms", "missing")),
        ({"dataframe_records": {"a": 1}}, ("/dataframe_records", "wrong_type")),
        ({"instances": [[1500, 3], [1500, None]]}, ("/instances/1/1", "null")),
        ({"instances": [1500]}, ("/instances/0", "row_length")),
        ({"inputs": {"AreaSqft": [1500], "NumBedrooms": []}}, ("/inputs/NumBedrooms", "column_length")),
        ({"inputs": {"AreaSqft": [1500], "NumBedrooms": 3}}, ("/inputs/NumBedrooms", "wrong_type")),
        ({"inputs": {"AreaSqft": [1500], "NumBedrooms": ["x"]}}, ("/inputs/NumBedrooms/0", "wrong_type")),
        ({"inputs": {"AreaSqft": [1500]}}, ("/inputs", "missing")),
        ({"inputs": {"AreaSqft": [1500], "a/b": []}}, ("/inputs", "missing")),
        ({"instances": [], "x": 1}, ("/x", "unknown_field")),
        ([[1500, "3"]], ("/0/1", "wrong_type")),
    ],
)
def test_fault_of_an_invocation_is_named_at_its_place(body: object, expected: tuple[str, str], houses: Model) -> None:
    assert problems(ask(houses, "/invocations", body))[0] == expected


@pytest.mark.parametrize("accept", [JSON, "text/csv"])
@pytest.mark.parametrize(
    ("body", "ignored"),
    [
        ({"dataframe_split": {"columns": ["a", "AreaSqft", "b", "NumBedrooms"], "data": [[None, 1500, {}, 3]]}}, 2),
        *[
            ({"dataframe_split": {"columns": [name, "AreaSqft", "NumBedrooms"], "data": [[1, 1500, 3]]}}, 1)
            for name in (None, 1.5, True, [], ["a", "b"], {}, {"AreaSqft": 1}, "")
        ],
        ({"dataframe_split": {"columns": [7, "AreaSqft", "NumBedrooms"], "data": [[None, 1500, 3]]}}, 1),
        ({"dataframe_records": [{"AreaSqft": 1500, "NumBedrooms": 3, "a": 1}]}, 1),
        ({"instances": [{"AreaSqft": 1500, "a": 1, "NumBedrooms": 3, "prediction": []}]}, 2),
        ({"inputs": [{"AreaSqft": 1500, "NumBedrooms": 3, "a": 1}]}, 1),
        ({"inputs": {"AreaSqft": [1500], "a/b": 5, "NumBedrooms": [3]}}, 1),
        ([{"AreaSqft": 1500, "NumBedrooms": 3, "a": 1}], 1),
        (b"a,AreaSqft,b,NumBedrooms\n,1500,,3\n", 2),
        ({"instances": [[1500, 3]]}, 0),
        (b"1500,3\n", 0),
    ],
)
def test_columns_that_are_no_features_are_left_out_and_counted(
    body: object, ignored: int, accept: str, houses: Model
) -> None:
    content_type = "text/csv" if isinstance(body, bytes) else JSON
    response = ask(houses, "/invocations", body, content_type=content_type, accept=accept)
    assert response.status == 200
    assert response.headers == ({"ignored-columns": str(ignored)} if ignored else {})
    assert response.body == "360000.0\n" if accept == "text/csv" else "[360000.0]" in response.body


def test_columns_that_pandas_numbers_are_the_features_of_those_names() -> None:
    model = regressor((Feature("0", NUMBER), Feature("1", NUMBER)))
    frame = {"columns": [1, 0, 2], "index": [0], "data": [[5, 6, 7]]}
    assert json.loads(ask(model, "/invocations", {"dataframe_split": frame}).body)["predictions"] == [6.0]


@pytest.mark.parametrize("body", [{}, 5, {"instances": [], "inputs": []}, {"AreaSqft": 1500, "NumBedrooms": 3}])
def test_invocation_of_no_known_form_is_malformed(body: object, houses: Model) -> None:
    response = ask(houses, "/invocations", body)
    assert response.status == 400
    assert "dataframe_split, dataframe_records, instances, inputs" in json.loads(response.body)["detail"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"AreaSqft,NumBedrooms\n1500,3\n", "text/csv"),
        (b"Price,NumBedrooms,AreaSqft\n1,3,1500\n", "text/csv"),
        (b"1500,3\n", "text/csv"),
        (b"1500,3\n", "text/csv; header=absent"),
        (b"AreaSqft,NumBedrooms\n1500,3\n", "text/csv; charset=utf-8; header=present"),
    ],
)
@pytest.mark.parametrize("accept", ["text/csv", JSON, "*/*"])
def test_csv_with_a_header_or_without_is_answered_as_accept_asks(
    body: bytes, content_type: str, accept: str, houses: Model
) -> None:
    response = ask(houses, "/invocations", body, content_type=content_type, accept=accept)
    assert response.status == 200
    if accept == "text/csv":
        assert response.body == "360000.0\n"
    else:
        assert json.loads(response.body)["predictions"] == [360000.0]


def test_header_that_is_said_to_be_absent_is_a_row(houses: Model) -> None:
    response = ask(houses, "/invocations", b"AreaSqft,NumBedrooms\n", content_type="text/csv; header=absent")
    assert problems(response) == [("/0/AreaSqft", "wrong_type"), ("/0/NumBedrooms", "wrong_type")]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("text/html, */*;q=0.1", JSON),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("application/json;q=0, text/*", "text/csv"),
        ("application/*", JSON),
        ("text/html", None),
        ("*/*;q=0", None),
        ("text/csv;q=often", None),
    ],
)
def test_accept_chooses_the_answer(accept: str, expected: str | None, houses: Model) -> None:
    response = ask(houses, "/invocations", {"instances": [[1500, 3]]}, accept=accept)
    assert (response.status, response.content_type) == (
        (200, expected) if expected else (406, "application/problem+json")
    )


def test_protocols_hold_the_cap_on_records(houses: Model) -> None:
    rows = [[1500, 3]] * 10_001
    for body in ({"instances": rows}, {"inputs": {"AreaSqft": [1] * 10_001, "NumBedrooms": [1] * 10_001}}, rows):
        assert ask(houses, "/invocations", body).status == 413
    matrix = {"name": "x", "datatype": "FP64", "shape": [10_001, 2], "data": rows}
    assert infer(houses, {"inputs": [matrix]}).status == 413


def test_no_record_is_answered_with_none() -> None:
    model = regressor()
    assert json.loads(ask(model, "/invocations", {"instances": []}).body)["predictions"] == []
    assert outputs(infer(model, {"inputs": tensors(model, [])}))["prediction"]["data"] == []


@pytest.mark.parametrize("name", ["houses", "iris", "mixed"])
def test_every_example_of_the_document_is_answered(name: str, models: dict[str, Model]) -> None:
    model = models[name]
    for form, body in make_examples(model.manifest).items():
        is_ours, is_tensors = form in ("record", "instances"), form in ("tensors", "matrix")
        response = ask(model, "/predict", body) if is_ours else infer(model, body) if is_tensors else None
        assert (response or ask(model, "/invocations", body)).status == 200, form
