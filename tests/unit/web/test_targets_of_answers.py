"""Answers of models of each task, by every protocol. Touches nothing."""

import json
from typing import Any

import pytest

from function.model.runtime import Model
from function.model.target import describe_prediction, describe_scores, format_label, get_predictions
from tests.unit.small_targets import CASES, answer, make_model
from tests.unit.web.test_protocols import ask, infer, outputs, problems, tensors

NUMBERS = [0.0, 1.0, 2.0, 3.0, 99.0]
RECORDS = [{"size": number, "note": "a"} for number in NUMBERS]


@pytest.fixture(params=CASES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def get(response: Any) -> Any:
    assert response.status == 200, response.body
    return json.loads(response.body)


def test_one_record_and_many_are_answered_alike(name: str) -> None:
    model, targets = make_model(name), CASES[name][1]
    expected = [answer(targets, number) for number in NUMBERS]
    many = get(ask(model, "/predict", {"instances": RECORDS}))
    assert many["predictions"] == [describe_prediction(targets, each) for each in expected]
    scores = model.manifest.scores
    assert set(many) == {"predictions", "warnings", "model", *([scores] if scores else [])}
    if scores:
        assert many[scores] == [describe_scores(targets, each) for each in expected]
    for place, record in enumerate(RECORDS):
        one = get(ask(model, "/predict", record))
        assert one["prediction"] == many["predictions"][place]
        assert not scores or one[scores] == many[scores][place]
    assert set(get(ask(model, "/predict", {"instances": []}))) == {"predictions", "warnings", "model"}


def test_invocations_are_answered_as_predictions_are(name: str) -> None:
    model, targets = make_model(name), CASES[name][1]
    ours = get(ask(model, "/predict", {"instances": RECORDS}))
    assert get(ask(model, "/invocations", {"dataframe_records": RECORDS})) == ours
    lines = ask(model, "/invocations", {"dataframe_records": RECORDS}, accept="text/csv").body.splitlines()
    rows = [get_predictions(targets, answer(targets, number)) for number in NUMBERS]
    assert [line.replace("'=", "=") for line in lines] == [",".join(map(format_label, row)) for row in rows]


def test_tensors_hold_each_prediction_and_its_scores(name: str) -> None:
    model, targets = make_model(name), CASES[name][1]
    expected = [answer(targets, number) for number in NUMBERS]
    found = outputs(infer(model, {"inputs": tensors(model, RECORDS)}))
    at = 0
    for target in targets:
        end = f"_{target.name}" if len(targets) > 1 else ""
        labels = found.pop(f"prediction{end}")
        assert labels["shape"] == [len(NUMBERS)]
        assert labels["data"] == [row[at] for row in expected]
        if target.scores:
            scores = found.pop(f"{target.scores}{end}")
            assert scores["data"] == [number for row in expected for number in row[at + 1 : at + target.width]]
            assert scores["datatype"] == "FP64"
            keys = list(target.keys)
            assert scores["shape"] == ([len(NUMBERS), len(keys)] if keys else [len(NUMBERS)])
            assert json.loads(scores.get("parameters", {}).get("classes", "[]")) == keys
        at += target.width
    assert list(found) == ["warnings"]


def test_metadata_name_the_outputs_that_come(name: str) -> None:
    model = make_model(name)
    found = outputs(infer(model, {"inputs": tensors(model, RECORDS)}))
    described = get(ask_metadata(model))["outputs"]
    assert [tensor["name"] for tensor in described] == list(found)
    for tensor in described:
        assert tensor["datatype"] == found[tensor["name"]]["datatype"]
        assert len(tensor["shape"]) == len(found[tensor["name"]]["shape"])


def ask_metadata(model: Model) -> Any:
    from function.aws import Clients
    from function.service import Service
    from function.settings import Settings
    from function.web.request_response import Request
    from function.web.routes import respond

    return respond(Service(model, Settings(""), Clients()), Request("GET", "/v2/models/small", {}, b"", "request-1"))


def test_classes_of_each_target_are_ranked() -> None:
    model = make_model("two classes")
    asked = {"name": "probabilities_grade", "parameters": {"classification": 2}}
    found = outputs(infer(model, {"inputs": tensors(model, RECORDS[:1]), "outputs": [asked]}))
    assert list(found) == ["probabilities_grade"]
    assert found["probabilities_grade"]["data"] == ["0.2:2:8", "0.1:1:5"]
    for name, case in (("prediction_kind", "two classes"), ("score", "outliers"), ("distances", "clusters")):
        model = make_model(case)
        wrong = {"name": name, "parameters": {"classification": 2}}
        assert problems(infer(model, {"inputs": tensors(model, RECORDS[:1]), "outputs": [wrong]})) == [
            ("/outputs/0/parameters/classification", "unsupported")
        ]
