"""What is particular to each source of events: paths, headers, caps, odd members of an envelope. Touches nothing."""

import base64
import copy
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from function.aws import Clients
from function.dispatch import SOURCES, create_handler, import_source
from function.errors import DeployerError, InputTooLarge, InternalError, InvalidInput, MalformedInput, UnknownEvent
from function.model import prediction
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.sources import alb
from tests.cloud.event_factories import http_event, load_balancer_event, rest_event
from tests.unit.small_models import regressor

type Event = dict[str, Any]
type Handler = Callable[[Any, object], Any]

RECORD = '{"AreaSqft":1500,"NumBedrooms":3}'


@pytest.fixture
def handler(houses: Model) -> Handler:
    return create_handler(Service(houses, Settings(model_path=""), Clients()))


http_api = partial(http_event, body=RECORD)
rest_api = partial(rest_event, body=RECORD)
load_balancer = partial(load_balancer_event, body=RECORD)
FRONT_DOORS: dict[str, Callable[..., Event]] = {
    "http_api": http_api,
    "rest_api": rest_api,
    "alb": load_balancer,
    "alb_multi": partial(load_balancer, many=True),
}


def headers_of(answer: Event) -> dict[str, str]:
    if "multiValueHeaders" in answer:
        return {name: value for name, (value,) in answer["multiValueHeaders"].items()}
    headers: dict[str, str] = answer["headers"]
    return headers


@pytest.mark.parametrize("front_door", FRONT_DOORS.values(), ids=FRONT_DOORS)
def test_every_front_door_gets_the_same_answer(front_door: Callable[..., Event], handler: Handler) -> None:
    expected = handler(http_api(), None)
    answer = handler(front_door(), None)
    assert json.loads(answer["body"])["prediction"] == 360000.0
    assert (answer["statusCode"], answer["body"]) == (expected["statusCode"], expected["body"])
    assert headers_of(answer) == expected["headers"]
    assert answer["isBase64Encoded"] is False
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("front_door", FRONT_DOORS.values(), ids=FRONT_DOORS)
@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/health", "GET", 200), ("/", "GET", 200), ("/x", "GET", 404), ("/health", "PUT", 405), ("/predict", "GET", 405)],
)
def test_path_and_method_are_the_events(
    front_door: Callable[..., Event], path: str, method: str, status: int, handler: Handler
) -> None:
    assert handler(front_door(path, method), None)["statusCode"] == status


@pytest.mark.parametrize("front_door", FRONT_DOORS.values(), ids=FRONT_DOORS)
def test_base64_is_obeyed_and_never_guessed(front_door: Callable[..., Event], handler: Handler) -> None:
    encoded = base64.b64encode(RECORD.encode()).decode()
    assert handler(front_door(body=encoded, isBase64Encoded=True), None)["statusCode"] == 200
    assert handler(front_door(body=encoded, isBase64Encoded=False), None)["statusCode"] == 400
    assert handler(front_door(body=RECORD, isBase64Encoded=True), None)["statusCode"] == 400
    for flag in (None, "true", "false", 1, 0, [True]):
        assert handler(front_door(isBase64Encoded=flag), None)["statusCode"] == 200
    without = front_door()
    del without["isBase64Encoded"]
    assert handler(without, None)["statusCode"] == 200


@pytest.mark.parametrize(
    ("raw_path", "stage", "status"),
    [
        ("/predict", "$default", 200),
        ("/prod/predict", "prod", 200),
        ("/predict", "prod", 200),
        ("/prod/prod/predict", "prod", 404),
        ("/production/predict", "prod", 404),
        ("/prodpredict", "prod", 404),
        ("/prod/predict", "$default", 404),
        ("/predict/predict", "predict", 200),
        ("/predict/", "$default", 200),
        ("/prod/predict/", "prod", 200),
        ("//predict", "$default", 200),  # what sam local generate-event makes
        ("/PREDICT", "$default", 404),
        ("/predict", "", 200),
    ],
)
def test_stage_of_an_http_api_is_no_part_of_the_path(raw_path: str, stage: str, status: int, handler: Handler) -> None:
    assert handler(http_api(raw_path, stage=stage), None)["statusCode"] == status


def base_path(source: Callable[..., Event], sent: str, matched: str, names: Event | None, **others: Any) -> Event:
    """A request through a custom domain's base path; `matched` is the API's own route."""
    made = source(sent, pathParameters=names, resource=matched, routeKey=f"ANY {matched}", **others)
    made["requestContext"] |= {"domainName": "api.example.com", "resourcePath": matched, "path": sent}
    return made


@pytest.mark.parametrize(
    ("sent", "matched", "names"),
    [
        ("/v1/predict", "/{proxy+}", {"proxy": "predict"}),
        ("/v1/predict/", "/{proxy+}", {"proxy": "predict/"}),
        ("/a/b/predict", "/{proxy+}", {"proxy": "predict"}),
        ("/v1/predict", "/predict", None),
        ("/ml/predict", "/ml/{proxy+}", {"proxy": "predict"}),
        ("/v1/ml/predict", "/ml/{proxy+}", {"proxy": "predict"}),
        ("/v1/predict", "$default", None),
        ("/a/b/predict/", "$default", None),
        ("/docs/predict", "/{proxy+}", {"proxy": "predict"}),
        ("/predict/predict", "/predict", None),
        ("/predict", "/{proxy+}", {"proxy": "/path/to/resource"}),
    ],
)
def test_base_path_is_no_part_of_the_path(sent: str, matched: str, names: Event | None, handler: Handler) -> None:
    rest = base_path(rest_api, sent, matched, names)
    of_domain = {**rest["requestContext"], "stage": "$default"}
    for event in (
        rest,
        {**rest, "version": "1.0", "requestContext": of_domain},
        base_path(http_api, sent, matched, names),
    ):
        answer = handler(event, None)
        assert (answer["statusCode"], json.loads(answer["body"]).get("prediction")) == (200, 360000.0)


@pytest.mark.parametrize(
    ("sent", "matched", "names"),
    [
        ("/v1/v2/models/house-prices/ready", "/{proxy+}", {"proxy": "v2/models/house-prices/ready"}),
        ("/v1/v2/models/house-prices/ready", "/v2/{proxy+}", {"proxy": "models/house-prices/ready"}),
        ("/v1/v2/models/house-prices/ready", "/v2/models/{model}/ready", {"model": "house-prices"}),
        ("/v1/docs/start.js", "/docs/{file}", {"file": "start.js"}),
        ("/v1/", "/", None),
        ("/v1", "/", None),
        ("/v1/docs/", "$default", None),
    ],
)
def test_names_in_a_path_are_found_below_a_base_path(
    sent: str, matched: str, names: Event | None, handler: Handler
) -> None:
    for source in (rest_api, http_api):
        assert handler(base_path(source, sent, matched, names, method="GET"), None)["statusCode"] == 200


@pytest.mark.parametrize("sent", ["/v1", "/v1/", "/v1/nothing", "/nothing/predict/x"])
def test_path_below_a_base_path_that_is_no_route_is_not_found(sent: str, handler: Handler) -> None:
    names = {"proxy": sent.removeprefix("/v1").strip("/") or "v1"}
    for matched, given in (("$default", None), ("/{proxy+}", names)):
        assert handler(base_path(rest_api, sent, matched, given), None)["statusCode"] in (404, 405)


def test_path_of_a_domain_of_aws_is_taken_as_it_is(handler: Handler) -> None:
    for domain in ("a1.execute-api.eu-central-1.amazonaws.com", "a1.lambda-url.eu-central-1.on.aws"):
        event = base_path(http_api, "/v1/predict", "$default", None)
        event["requestContext"]["domainName"] = domain
        assert handler(event, None)["statusCode"] == 404


@pytest.mark.parametrize("front_door", FRONT_DOORS.values(), ids=FRONT_DOORS)
def test_answer_to_head_has_no_body(front_door: Callable[..., Event], handler: Handler) -> None:
    for path, others in (
        ("/health", {}),
        ("/x", {}),
        ("/predict", {}),
        ("/health", {"isBase64Encoded": True, "body": "é"}),
    ):
        answer = handler(front_door(path, "HEAD", **others), None)
        assert answer["body"] == ""


@pytest.mark.parametrize("front_door", FRONT_DOORS.values(), ids=FRONT_DOORS)
def test_json_may_start_with_a_byte_order_mark(front_door: Callable[..., Event], handler: Handler) -> None:
    for body, is_base64 in (
        ("\ufeff" + RECORD, False),
        (base64.b64encode(b"\xef\xbb\xbf" + RECORD.encode()).decode(), True),
    ):
        answer = handler(front_door(body=body, isBase64Encoded=is_base64), None)
        assert json.loads(answer["body"])["prediction"] == 360000.0


@pytest.mark.parametrize("path", ["/prod", "/prod/"])
def test_stage_alone_is_the_page(path: str, handler: Handler) -> None:
    answer = handler(http_api(path, "GET", stage="prod"), None)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "text/html; charset=utf-8")


def test_stage_of_a_rest_api_is_not_in_its_path(handler: Handler) -> None:
    assert handler(rest_api("/health", "GET"), None)["statusCode"] == 200
    assert handler(rest_api("/prod/health", "GET"), None)["statusCode"] == 404


def test_function_url_is_an_http_api(handler: Handler) -> None:
    event = http_api()
    event["requestContext"] |= {"domainName": "x.lambda-url.eu-west-1.on.aws", "authorizer": {"iam": {}}}
    assert handler(event, None)["statusCode"] == 200


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "CONTENT-TYPE"])
def test_header_names_have_no_case(name: str, handler: Handler) -> None:
    for front_door in (http_api, rest_api, load_balancer):
        event = front_door(headers={name: "application/xml"}, body="<x/>")
        event.pop("multiValueHeaders", None)
        assert handler(event, None)["statusCode"] == 415


def test_of_a_repeated_header_the_last_value_counts(handler: Handler) -> None:
    for values, status in ((["text/xml", "application/json"], 200), (["application/json", "text/xml"], 415), ([], 200)):
        event = rest_api(headers=None, multiValueHeaders={"Content-Type": values})
        assert handler(event, None)["statusCode"] == status


def test_load_balancer_wants_a_status_description(handler: Handler) -> None:
    assert handler(load_balancer(), None)["statusDescription"] == "200 OK"
    assert handler(load_balancer(body="{"), None)["statusDescription"] == "400 Bad Request"
    assert handler(load_balancer("/x"), None)["statusDescription"] == "404 Not Found"


def test_load_balancer_gets_its_headers_in_the_form_that_it_sent(handler: Handler) -> None:
    one, many = handler(load_balancer(), None), handler(load_balancer(many=True), None)
    assert "multiValueHeaders" not in one
    assert one["headers"]["content-type"] == "application/json"
    assert "headers" not in many
    assert many["multiValueHeaders"]["content-type"] == ["application/json"]
    assert handler(load_balancer("/predict", "GET", many=True), None)["multiValueHeaders"]["allow"] == ["POST"]


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.slow
def test_load_balancer_gets_at_most_a_megabyte(many: bool, handler: Handler) -> None:
    body = json.dumps({"instances": [{"AreaSqft": 9000, "NumBedrooms": 30}] * 10_000})
    through_the_api = handler(http_api(body=body), None)
    assert through_the_api["statusCode"] == 200
    assert len(json.dumps(through_the_api)) > alb.MAX_RESPONSE_BYTES
    answer = handler(load_balancer(many=many, body=body), None)
    assert answer["statusCode"] == 413
    assert json.loads(answer["body"])["code"] == "too_large"
    assert "1,048,576" in json.loads(answer["body"])["detail"]
    assert answer["statusDescription"].startswith("413 ")


def test_load_balancer_gets_what_is_just_below_a_megabyte(handler: Handler) -> None:
    body = json.dumps({"instances": [{"AreaSqft": 1500, "NumBedrooms": 3}] * 10_000})
    answer = handler(load_balancer(body=body), None)
    assert answer["statusCode"] == 200
    assert len(json.dumps(answer)) < alb.MAX_RESPONSE_BYTES


def test_health_check_of_a_load_balancer_has_no_headers_or_body(handler: Handler) -> None:
    event = {
        "requestContext": {"elb": {}},
        "httpMethod": "GET",
        "path": "/health",
        "body": "",
        "isBase64Encoded": False,
    }
    assert handler(event, None)["statusCode"] == 200


ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    5,
    1.5,
    "",
    "x",
    "é\ud800",
    [],
    [None],
    ["x"],
    {},
    {"x": None},
    {"content-type": 5},
)


def spoilt(event: Event) -> Iterator[Event]:
    """The event with each of its members, at any depth, missing or odd."""
    paths: list[tuple[str, ...]] = []

    def walk(node: Any, path: tuple[str, ...]) -> None:
        for key in node if isinstance(node, dict) else ():
            paths.append((*path, key))
            walk(node[key], (*path, key))

    walk(event, ())
    for path in paths:
        for odd in (*ODD, ...):
            changed = copy.deepcopy(event)
            parent = changed
            for key in path[:-1]:
                parent = parent[key]
            if odd is ...:
                del parent[path[-1]]
            else:
                parent[path[-1]] = odd
            yield changed


@pytest.mark.parametrize("front_door", FRONT_DOORS.values(), ids=FRONT_DOORS)
def test_odd_envelope_is_answered_or_refused_by_name(
    front_door: Callable[..., Event], handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    count = 0
    for event in spoilt(front_door()):
        count += 1
        assert len([name for name in SOURCES if import_source(name).matches(event)]) <= 1
        try:
            answer = handler(event, None)
        except (UnknownEvent, InvalidInput):
            continue  # without what marks its source, it is a record, or of no source
        assert answer["statusCode"] in (200, 400, 404, 405, 413, 415, 422)
        json.dumps(answer)
    assert count > 100
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(None, 400), ("", 400), (5, 400), ([], 400), ({"AreaSqft": 1}, 400), ("\ud800", 400), ('{"\ud800":1}', 400)],
)
def test_body_that_is_no_text_is_malformed(body: object, status: int, handler: Handler) -> None:
    for front_door in FRONT_DOORS.values():
        answer = handler(front_door(body=body), None)
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, "malformed_body")


@pytest.mark.parametrize("content_type", ["application/json", "text/csv"])
def test_get_heeds_no_body(content_type: str, handler: Handler) -> None:
    event = http_api("/health", "GET", headers={"content-type": content_type}, body="garbage")
    assert handler(event, None)["statusCode"] == 200


def test_direct_invocation_takes_a_record_instances_and_a_csv(handler: Handler, houses: Model) -> None:
    record = json.loads(RECORD)
    model = houses.manifest.identity
    assert handler(record, None) == {"prediction": 360000.0, "warnings": [], "model": model}
    assert handler({"instances": [record]}, None) == {"predictions": [360000.0], "warnings": [[]], "model": model}
    assert handler("AreaSqft,NumBedrooms\n1500,3\n", None) == (
        "AreaSqft,NumBedrooms,prediction,warnings\n1500,3,360000.0,\n"
    )


def test_direct_invocation_takes_rows_of_cells(handler: Handler, houses: Model) -> None:
    rows = [{"\ufeffAreaSqft": ".5", "NumBedrooms": "3"}, {"AreaSqft": "01500", "NumBedrooms": " 3 ", "id": "x"}]
    sent = {"instances": [{"AreaSqft": 0.5, "NumBedrooms": 3}, {"AreaSqft": 1500, "NumBedrooms": 3}]}
    assert handler({"cells": rows}, None) == prediction.predict_document(houses, sent)
    assert handler({"cells": []}, None)["predictions"] == []


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"AreaSqft": 1500, "NumBedrooms": "3"}], "/cells/0/AreaSqft: expected a cell of a CSV, as a string"),
        ([{"AreaSqft": "1500"}], "/cells/0/NumBedrooms: missing: expected a number"),
        (["1500,3"], "/cells/0: expected an object of features, got a text"),
        ([{"AreaSqft\tNumBedrooms": "1500\t3"}], "The rows have only one column, whose name contains tabs"),
    ],
)
def test_rows_that_are_no_cells_are_refused(rows: list[object], sentence: str, handler: Handler) -> None:
    with pytest.raises((InvalidInput, MalformedInput), match=f"^{sentence}"):
        handler({"cells": rows}, None)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, InvalidInput),
        ({"AreaSqft": "x", "NumBedrooms": 3}, InvalidInput),
        ({"AreaSqft": float("nan"), "NumBedrooms": 3}, InvalidInput),
        ({"AreaSqft": float("inf"), "NumBedrooms": 3}, InvalidInput),
        ({"AreaSqft": 10**400, "NumBedrooms": 3}, InvalidInput),
        ({"AreaSqft": 1500, "NumBedrooms": 3, "\ud800": 1}, InvalidInput),
        ({"instances": 5}, InvalidInput),
        ({"instances": [[]]}, InvalidInput),
        ({"instances": [{}] * 10_001}, InputTooLarge),
        ({"Records": 5}, InvalidInput),
        ({"requestContext": None}, InvalidInput),
        ("", MalformedInput),
        ('"', MalformedInput),
        ("x\ud800", MalformedInput),
        ("a,b\n1,2\n", InvalidInput),
        ("AreaSqft,NumBedrooms\n" + "1,1\n" * 10_001, InputTooLarge),
        ({"Records": []}, UnknownEvent),
        ({"Records": [{"eventSource": "aws:codecommit"}]}, UnknownEvent),
        ([], UnknownEvent),
        ([json.loads(RECORD)], UnknownEvent),
        (None, UnknownEvent),
        (5, UnknownEvent),
        (True, UnknownEvent),
    ],
    ids=lambda value: None if isinstance(value, type) else ascii(value)[:40],
)
def test_direct_invocation_raises_by_name(event: object, error: type[DeployerError], handler: Handler) -> None:
    with pytest.raises(DeployerError) as raised:
        handler(event, None)
    assert type(raised.value) is error
    assert len(str(raised.value)) < 1000
    assert not isinstance(raised.value, InternalError)


def test_direct_invocation_with_a_long_name_raises_a_short_sentence(handler: Handler) -> None:
    with pytest.raises(InvalidInput) as raised:
        handler({"k" * 2_000_000: 1, "AreaSqft": 1500, "NumBedrooms": 3}, None)
    assert len(str(raised.value)) < 1000


def test_direct_answer_past_six_megabytes_is_too_large(handler: Handler) -> None:
    rows = "\n".join([f"{'é' * 100_000},1500,3"] * 12)
    with pytest.raises(InputTooLarge):
        handler(f"id,AreaSqft,NumBedrooms\n{rows}\n", None)


@pytest.mark.parametrize("front_door", FRONT_DOORS.values(), ids=FRONT_DOORS)
def test_strict_inputs_hold_for_every_source(front_door: Callable[..., Event]) -> None:
    lenient, strict = (
        create_handler(Service(regressor(), Settings("", strict_inputs=flag), Clients())) for flag in (False, True)
    )
    far: Event = {"size": 99, "note": "a"}
    assert lenient(far, None)["warnings"]  # type: ignore[index]
    with pytest.raises(InvalidInput, match="/size: above 10"):
        strict(far, None)
    csv = {"content-type": "text/csv"}
    bodies = [({}, json.dumps(far)), ({}, json.dumps({"instances": [far]})), (csv, "size,note\n99,a\n")]
    for headers, body in bodies:
        event = front_door(headers=headers, body=body)
        if "multiValueHeaders" in event:
            event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
        assert lenient(event, None)["statusCode"] == 200  # type: ignore[index]
        answer: Any = strict(event, None)
        assert answer["statusCode"] == 422
        assert [error["code"] for error in json.loads(answer["body"])["errors"]] == ["out_of_range"]
