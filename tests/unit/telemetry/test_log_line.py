"""One line of the log for each invocation, with its ids and metrics, and no value of anyone's. Touches nothing."""

import base64
import json
import logging
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from function import aws
from function.dispatch import create_handler
from function.errors import DeployerError, InvalidInput
from function.files.report import Tally
from function.service import Service
from function.settings import Settings
from function.sources import direct
from function.telemetry.counts import Counts
from function.telemetry.log_line import MAX_FEATURES, OTHER_FEATURES, Invocation, begin_invocation, make_lines
from tests.cloud.event_factories import http_event, sqs_event, stream_record, topic_event
from tests.lambda_context import LambdaContext
from tests.unit.small_models import failing, regressor
from tests.unit.small_queue import Clients, Queue

CANARY = "canary-7f3a91"
UUID = "0b8f6d2e-9a53-4a6e-8b0c-1d2e3f4a5b6c"
SETTINGS = Settings("", results_queue_url="https://queue", metrics_namespace="models")


def read_lines(event: Any, capsys: pytest.CaptureFixture[str], settings: Settings = SETTINGS) -> list[dict[str, Any]]:
    """The lines that one invocation writes."""
    clients: Any = Clients(Queue())
    handler = create_handler(Service(regressor(), settings, clients), logs_invocations=True)
    capsys.readouterr()
    with suppress(DeployerError):
        handler(event, LambdaContext())
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_request_is_told_with_its_ids_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = read_lines(http_event(body='{"instances":[{"size":2,"note":"a"},{"size":3,"note":"b"}]}'), capsys)
    expected = {
        "requestId": "request-1",
        "correlation_id": "gateway-1",
        "source": "http_api",
        "FunctionName": "predict",
        "Predictions": 1,
        "Rows": 2,
        "Rejections": 0,
        "OutOfRange": 0,
        "ColdStarts": 1,
    }
    assert {key: line[key] for key in expected} == expected
    assert 0 < line["Latency"] < 1000
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("models", [["FunctionName"]])
    assert all(metric["Name"] in line for metric in directive["Metrics"])


def test_first_invocation_alone_is_cold(capsys: pytest.CaptureFixture[str]) -> None:
    handler = create_handler(Service(regressor(), SETTINGS, aws.Clients()), logs_invocations=True)
    for _ in range(3):
        handler({"size": 2, "note": "a"}, LambdaContext())
    assert [json.loads(line)["ColdStarts"] for line in capsys.readouterr().out.splitlines()] == [1, 0, 0]


def test_nothing_is_written_unless_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    create_handler(Service(regressor(), SETTINGS, aws.Clients()))({"size": 2, "note": "a"}, LambdaContext())
    assert capsys.readouterr().out == ""


def test_without_namespace_the_line_has_no_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = read_lines(http_event(body='{"size":"x","note":"a"}'), capsys, SETTINGS._replace(metrics_namespace=""))
    assert "_aws" not in line
    assert (line["Rejections"], line["rejections"]) == (1, {"invalid_input": 1})


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (http_event(body="{"), "malformed_body"),
        (http_event(body="%", isBase64Encoded=True), "malformed_body"),
        (http_event(body='{"size":null,"note":"a"}'), "invalid_input"),
        (http_event(body="", rawPath="/nowhere"), "not_found"),
        (http_event(body="{}", headers={"content-type": "image/png"}), "unsupported_media_type"),
        ({"size": "x", "note": "a"}, "invalid_input"),
        ({"Records": [{"eventSource": "aws:nothing"}]}, "unknown_event"),
        (topic_event("{", "m"), "malformed_body"),
        (sqs_event("{"), "malformed_body"),
    ],
    ids=str,
)
def test_rejection_is_counted_once_by_its_code(event: Any, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, by_code = read_lines(event, capsys)
    assert (first["Rejections"], first["rejections"], first["Rows"]) == (1, {code: 1}, 0)
    assert (by_code["Code"], by_code["Rejections"]) == (code, 1)
    assert by_code["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["FunctionName", "Code"]]


def test_each_message_counts(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = '{"size":2,"note":"a"}', '{"size":"x","note":"a"}'
    first, *others = read_lines(sqs_event(good, bad, bad, "{", good), capsys)
    assert (first["Predictions"], first["Rows"], first["Rejections"]) == (2, 2, 3)
    assert {line["Code"]: line["Rejections"] for line in others} == {"invalid_input": 2, "malformed_body": 1}


@pytest.mark.parametrize("strict", [False, True])
def test_values_that_training_never_saw_count_by_feature(strict: bool, capsys: pytest.CaptureFixture[str]) -> None:
    body = '{"instances":[{"size":1e6,"note":"a"},{"size":-1e6,"note":"a"},{"size":2,"note":"a"}]}'
    found = read_lines(http_event(body=body), capsys, SETTINGS._replace(strict_inputs=strict))
    assert found[0]["OutOfRange"] == 2
    assert {line["Feature"]: line["OutOfRange"] for line in found if "Feature" in line} == {"size": 2}


def test_predicted_records_are_counted_and_refused_ones_are_not() -> None:
    counts = Counts()
    handle = partial(
        direct.handle, context=None, service=Service(regressor(), Settings(""), aws.Clients()), counts=counts
    )
    handle({"instances": [{"size": 3, "note": "a"}, {"size": 30, "note": "zzz"}]})
    assert (counts.successes, counts.rows, counts.out_of_range) == (1, 2, {"size": 1, "note": 1})
    with pytest.raises(InvalidInput):
        handle({"instances": [{"size": 3, "note": "a"}, {"size": "x", "note": "a"}]})
    assert (counts.successes, counts.rows, counts.rejections) == (1, 2, {})


def test_file_counts_its_rows() -> None:
    tally = Tally()
    tally.read, tally.rejected = 10, 3
    tally.warnings.update({"size": 4})
    counts = Counts()
    counts.count_file(tally.read - tally.rejected, tally.rejected, tally.warnings)
    assert (counts.rows, counts.rejections, counts.out_of_range) == (7, {"invalid_input": 3}, {"size": 4})


def test_dimensions_are_bounded_and_of_cloudwatchs_form() -> None:
    counts = Counts()
    counts.out_of_range = {f"feature {i:04}": 1 for i in range(1000)} | {"": 1, "größe\n": 1, "x" * 2000: 1}
    invocation = Invocation("f", "r", "http_api", {"name": "m", "version": "v"}, 0.001, cold=False)
    found = {
        line["Feature"]: line["OutOfRange"] for line in make_lines("models", invocation, counts) if "Feature" in line
    }
    assert len(found) == MAX_FEATURES + 1
    assert found[OTHER_FEATURES] == 1003 - MAX_FEATURES
    assert all(isinstance(n, str) and n.isascii() and n.isprintable() and 0 < len(n.strip()) <= 250 for n in found)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (http_event(body="", headers={"X-Correlation-Id": UUID}), UUID),
        (http_event(body="", headers={"x-correlation-id": CANARY}), "gateway-1"),
        (sqs_event("{}"), "m0"),
        ({"Records": [{"Sns": {"MessageId": UUID}}]}, UUID),
        ({"Records": [{"eventID": "shardId-000:1"}]}, "shardId-000:1"),
        ({"Records": [{"responseElements": {"x-amz-request-id": "AB12"}}]}, "AB12"),
        ({"id": UUID, "detail-type": "Predict", "detail": {}}, UUID),
        ({"id": CANARY, "size": 1}, "-"),
        (http_event(body="", requestContext={"requestId": "a b\n"}), "-"),
        (http_event(body="", requestContext={"requestId": "a" * 500}), "-"),
        ("text", "-"),
        (None, "-"),
        ({"Records": [7]}, "-"),
    ],
    ids=str,
)
def test_correlation_id_is_awss_or_a_uuid(event: Any, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, *_ = read_lines(event, capsys)
    assert first["correlation_id"] == expected


def test_every_record_of_the_log_has_the_correlation_id(caplog: pytest.LogCaptureFixture) -> None:
    handler = create_handler(Service(failing(CANARY), SETTINGS, aws.Clients()))
    handler(http_event(body='{"size":2,"note":"a"}'), LambdaContext())
    (record,) = caplog.records
    assert vars(record)["correlation_id"] == "gateway-1"
    begin_invocation(None)


VALUE = json.dumps({"size": 2, "note": CANARY})
CHANNELS: dict[str, Any] = {
    "value": http_event(body=VALUE),
    "value of the wrong type": http_event(body=json.dumps({"size": CANARY, "note": "a"})),
    "name of a field": http_event(body=json.dumps({"size": 2, "note": "a", CANARY: 1})),
    "broken JSON": http_event(body='{"' + CANARY),
    "CSV": http_event(body=f"size,note\n2,{CANARY}\n", headers={"content-type": "text/csv"}),
    "cell of the wrong type": http_event(body=f"size,note\n{CANARY},a\n", headers={"content-type": "text/csv"}),
    "CSV header": http_event(body=f"size,note,{CANARY},{CANARY}\n", headers={"content-type": "text/csv"}),
    "base64": http_event(body=base64.b64encode(VALUE.encode()).decode(), isBase64Encoded=True),
    "media type": http_event(body=VALUE, headers={"content-type": CANARY}),
    "header": http_event(body=VALUE, headers={"x-correlation-id": CANARY, "authorization": CANARY}),
    "path": http_event(body=VALUE, rawPath=f"/{CANARY}"),
    "query": http_event(body=VALUE, rawQueryString=CANARY, queryStringParameters={"q": CANARY}),
    "direct": {"size": CANARY, "note": "a"},
    "direct name": {CANARY: 1},
    "direct CSV": f"size,note\n{CANARY},a\n",
    "SQS": sqs_event(VALUE, json.dumps({"size": CANARY}), CANARY),
    "SNS": topic_event(f'{{"size":"{CANARY}"}}', "m"),
    "EventBridge": {"id": UUID, "detail-type": CANARY, "source": CANARY, "detail": {"size": CANARY}},
    "Kinesis": {"Records": [stream_record(1, VALUE.encode())]},
    "unknown": {"Records": [{"eventSource": CANARY, "body": CANARY}]},
}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("event", CHANNELS.values(), ids=CHANNELS)
def test_no_value_gets_into_the_log(
    event: Any, fails: bool, strict: bool, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    clients: Any = Clients(Queue())
    model = failing(CANARY) if fails else regressor()
    handler = create_handler(Service(model, SETTINGS._replace(strict_inputs=strict), clients), logs_invocations=True)
    with suppress(DeployerError):
        handler(event, LambdaContext())
    written = capsys.readouterr()
    assert '"message": "invocation"' in written.out
    logged = " ".join(str(vars(record)) + record.getMessage() for record in caplog.records)
    assert CANARY not in written.out + written.err + logged
