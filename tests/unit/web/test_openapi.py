"""The OpenAPI document is valid, and every kind of answer is what it says. Touches nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from function.aws import Clients
from function.formats.strict_json import loads
from function.model.contract import BOOLEAN, LONGEST_TEXT, NUMBER, STRING, TEXT, Feature
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.web.openapi.document import make_document
from function.web.openapi.schemas import describe_feature
from function.web.request_response import Request, Response
from function.web.routes import ROUTES, respond
from tests.unit.corpus import CASES
from tests.unit.corpus_case import JSON, Case
from tests.unit.small_models import classifier, failing, regressor
from tests.unit.small_targets import CASES as CASES_OF_TARGETS
from tests.unit.small_targets import make_model
from tests.unit.web.addresses import address, list_documented

type Schema = dict[str, Any]

# What a schema can say about a body; the rest is found by the model, or is no JSON at all.
OF_THE_SCHEMA = {"wrong_type", "missing", "null", "unknown_field"}


@pytest.fixture(scope="module")
def models(houses: Model, iris: Model, mixed: Model, picky: Model) -> dict[str, Model]:
    small = {"small": regressor(), "labels": classifier(["no", '"yes"/~1'])}
    several = {name: make_model(name) for name in CASES_OF_TARGETS}
    return {"houses": houses, "iris": iris, "mixed": mixed, "picky": picky, **small, **several}


NAMES = ("houses", "iris", "mixed", "picky", "small", "labels", *CASES_OF_TARGETS)


def validator(model: Model, schema: Schema) -> Draft202012Validator:
    """The validator of a part of the document, whose references lead into the whole."""
    return Draft202012Validator({**schema, "components": make_document(model.manifest)["components"]})


def schema_of(model: Model, path: str, response: Response) -> Schema:
    """What the document says of such an answer."""
    made = make_document(model.manifest)
    (operation,) = made["paths"][list_documented(path, model.manifest)].values()
    found = operation["responses"][str(response.status)]
    found = made["components"]["responses"][found["$ref"].rpartition("/")[2]] if "$ref" in found else found
    schema: Schema = found["content"][response.content_type]["schema"]
    return schema


def ask(model: Model, body: object, media_type: str = JSON, *, strict: bool = False) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    service = Service(model, Settings("", strict_inputs=strict), Clients())
    return respond(service, Request("POST", "/predict", {"content-type": media_type}, data, "request-1"))


def validate(model: Model, path: str, response: Response) -> None:
    is_json = response.content_type.endswith("json")
    validator(model, schema_of(model, path, response)).validate(json.loads(response.body) if is_json else response.body)


@pytest.mark.parametrize("name", NAMES)
def test_document_is_openapi_3_1(name: str, models: dict[str, Model]) -> None:
    made = make_document(models[name].manifest)
    assert made["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(made).validate()
    assert json.loads(json.dumps(made, allow_nan=False)) == made


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_a_json_schema(name: str, models: dict[str, Model]) -> None:
    for schema in make_document(models[name].manifest)["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_document_that_is_wrong_is_refused(houses: Model) -> None:
    made = make_document(houses.manifest)
    del made["paths"]["/predict"]["post"]["responses"]
    made["info"].pop("title")
    assert list(OpenAPIV31SpecValidator(made).iter_errors())


def test_every_route_is_in_the_document(houses: Model) -> None:
    paths = make_document(houses.manifest)["paths"]
    assert {path: [*operations] for path, operations in paths.items()} == {
        list_documented(path, houses.manifest): [method.lower()] for path, (method, _) in ROUTES.items()
    }
    operations = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(set(operations)) == len(operations)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", [path for path, (method, _) in ROUTES.items() if method == "GET"])
def test_answer_of_a_get_is_what_the_document_says(name: str, path: str, models: dict[str, Model]) -> None:
    response = respond(
        Service(models[name], Settings(""), Clients()),
        Request("GET", address(path, models[name].manifest), {}, b"", ""),
    )
    assert response.status == 200
    validate(models[name], path, response)


@pytest.mark.parametrize("name", NAMES)
def test_prediction_is_what_the_document_says(name: str, models: dict[str, Model]) -> None:
    model = models[name]
    records = [example.record for example in model.manifest.examples]
    bodies: tuple[object, ...] = (records[0], {"instances": []}, {"instances": records[:1]}, {"instances": records})
    for body in bodies:
        response = ask(model, body)
        assert response.status == 200
        validate(model, "/predict", response)


def test_prediction_with_warnings_is_what_the_document_says(houses: Model, mixed: Model) -> None:
    far = {"AreaSqft": 9e9, "NumBedrooms": -1}
    for body in (far, {"instances": [far, far]}):
        response = ask(houses, body)
        assert "out_of_range" in response.body
        validate(houses, "/predict", response)
    other = mixed.manifest.examples[0].record | {"🏠": "boat"}
    validate(mixed, "/predict", ask(mixed, other))


@pytest.mark.parametrize("name", NAMES)
def test_csv_is_what_the_document_says(name: str, models: dict[str, Model]) -> None:
    content = make_document(models[name].manifest)["paths"]["/predict"]["post"]["requestBody"]["content"]
    validator(models[name], content["text/csv"]["schema"]).validate(content["text/csv"]["example"])
    response = ask(models[name], content["text/csv"]["example"].encode(), "text/csv")
    assert response.status == 200
    validate(models[name], "/predict", response)


@pytest.mark.parametrize("name", NAMES)
def test_examples_of_the_document_can_be_sent(name: str, models: dict[str, Model]) -> None:
    content = make_document(models[name].manifest)["paths"]["/predict"]["post"]["requestBody"]["content"][JSON]
    takes = validator(models[name], content["schema"])
    for example in content["examples"].values():
        takes.validate(example["value"])
        assert ask(models[name], example["value"]).status == 200


def problems(model: Model) -> Iterator[tuple[int, Response]]:
    yield 400, ask(model, b"{")
    yield 413, ask(model, b" " * (6 * 1024 * 1024 + 1))
    yield 413, ask(model, {"instances": [{}] * 10_001})
    yield 415, ask(model, b"<x/>", "application/xml")
    yield 422, ask(model, [])
    yield 422, ask(model, {"instances": [{}, 5]})
    yield 422, ask(model, {"k" * 3_000_000: 1})
    yield 422, ask(model, b"x\n1\n", "text/csv")


@pytest.mark.parametrize("name", NAMES)
def test_problem_is_what_the_document_says(name: str, models: dict[str, Model]) -> None:
    for status, response in problems(models[name]):
        assert response.status == status
        validate(models[name], "/predict", response)


def test_refusal_by_the_model_or_by_strict_inputs_is_what_the_document_says(picky: Model) -> None:
    for record, strict in (({"size": 2, "colour": "green"}, False), ({"size": 9, "colour": "red"}, True)):
        response = ask(picky, record, strict=strict)
        assert response.status == 422
        validate(picky, "/predict", response)


@pytest.mark.slow
def test_list_that_was_cut_is_what_the_document_says(houses: Model) -> None:
    response = ask(houses, {str(index): 0 for index in range(60_000)})
    assert "errors_omitted" in json.loads(response.body)
    validate(houses, "/predict", response)


def test_internal_error_is_what_the_document_says() -> None:
    model = failing("unforeseen")
    response = ask(model, {"size": 1, "note": "a"})
    assert response.status == 500
    validate(model, "/predict", response)


def test_schemas_refuse_other_answers(houses: Model) -> None:
    model = houses.manifest.identity
    response = ask(houses, {"AreaSqft": 1500, "NumBedrooms": 3})
    takes = validator(houses, schema_of(houses, "/predict", response))
    good = json.loads(response.body)
    assert takes.is_valid(good)
    for wrong in (
        {},
        {**good, "more": 1},
        {**good, "prediction": "360000"},
        {**good, "prediction": None},
        {**good, "warnings": [{}]},
        {"prediction": 1.0, "predictions": [1.0], "warnings": [], "model": model},
        {key: value for key, value in good.items() if key != "model"},
    ):
        assert not takes.is_valid(wrong)


def bodies() -> Iterator[Case]:
    """The bodies of the corpus about which a schema can say something."""
    for case in CASES:
        status, _ = case.expected
        codes = {code for _, code in case.errors or ()}
        if case.content_type != JSON or case.headers or len(case.body) > 10_000:
            continue
        if status == 200 or (status == 422 and codes and codes <= OF_THE_SCHEMA):
            yield case


def test_requests_that_are_answered_and_refused_are_those_of_the_schema(models: dict[str, Model]) -> None:
    takes = {
        name: validator(
            model, make_document(model.manifest)["paths"]["/predict"]["post"]["requestBody"]["content"][JSON]["schema"]
        )
        for name, model in models.items()
    }
    chosen = list(bodies())
    wrong = [case.name for case in chosen if takes[case.model].is_valid(loads(case.body)) != (case.expected[0] == 200)]
    assert wrong == []
    assert {case.expected[0] for case in chosen} == {200, 422}
    assert len(chosen) > 300


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (Feature("a", NUMBER, False, 1, 2.5), "in training from 1 to 2.5"),
        (Feature("a", NUMBER), "any number"),
        (Feature("a", BOOLEAN), "true or false"),
        (Feature("a", STRING), "any text"),
        (Feature("a", STRING, categories=("x", "y")), "in training one of: x, y"),
    ],
)
def test_feature_is_described_by_what_training_saw(feature: Feature, words: str) -> None:
    assert describe_feature(feature) == words


def test_longest_text_is_in_the_document_and_a_longer_one_is_refused() -> None:
    model = regressor([Feature("x", NUMBER), Feature("text", TEXT)])
    record = make_document(model.manifest)["components"]["schemas"]["Record"]
    assert record["properties"]["text"]["maxLength"] == LONGEST_TEXT
    assert ask(model, {"x": 1, "text": "a" * LONGEST_TEXT}).status == 200
    assert ask(model, {"x": 1, "text": "a" * (LONGEST_TEXT + 1)}).status == 413
