"""AWS's events of sources that are not served are refused by name; a caller's own record is not. Touches files only."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import samcli.lib.generated_sample_events as samples
from hypothesis import given
from hypothesis import strategies as st

from function.aws import Clients
from function.dispatch import SOURCES, create_handler, import_source
from function.errors import UnknownEvent
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.sources.unserved import name_unserved_source
from tests.events import read_documented

type Event = dict[str, Any]

FOLDER = Path(samples.__file__).parent / "events"
RECORD = {"AreaSqft": 1500, "NumBedrooms": 3}
DATA = "eyJBcmVhU3FmdCI6MTUwMCwiTnVtQmVkcm9vbXMiOjN9"
# Those that `sam local generate-event` makes, by folder; the others are served, or are nobody's in particular.
SAMPLES = {
    "alexa-skills-kit": "Alexa",
    "alexa-smart-home": "Alexa Smart Home",
    "appsync": "AppSync",
    "cloudformation": "CloudFormation",
    "cloudfront": "CloudFront",
    "codecommit": "CodeCommit",
    "codepipeline": "CodePipeline",
    "cognito": "Amazon Cognito Sync",
    "config": "AWS Config",
    "connect": "Amazon Connect",
    "dynamodb": "DynamoDB Streams",
    "lex": "Amazon Lex",
    "lex-v2": "Amazon Lex",
    "sagemaker": "SageMaker Ground Truth",
    "ses": "Amazon SES",
    "workmail": "WorkMail",
}
FILES = {
    "apigateway/ApiGatewayAuthorizer.json": "an API Gateway authorizer",
    "apigateway/ApiGatewayRestRequestAuthorizer.json": "an API Gateway authorizer",
    "cloudwatch/CloudwatchLogs.json": "CloudWatch Logs",
    "kinesis/KinesisAnalytics.json": "Managed Service for Apache Flink",
    "kinesis/KinesisFirehose.json": "Amazon Data Firehose",
    "kinesis/KinesisFirehoseStreamsAsSource.json": "Amazon Data Firehose",
    "kinesis/KinesisFirehoseSyslog.json": "Amazon Data Firehose",
    "s3/S3BatchInvocation.json": "S3 Batch Operations",
}
ARN = "arn:aws:x:eu-west-1:123456789012:y"
KAFKA = {"topic": "t", "partition": 0, "offset": 1, "timestamp": 1, "timestampType": "CREATE_TIME", "value": DATA}
LATTICE = {"method": "POST", "body": json.dumps(RECORD)}
# Of AWS's documentation and of Powertools' models: what `sam` has no sample of.
OTHERS: list[tuple[str, Any]] = [
    ("Amazon MSK", {"eventSource": "aws:kafka", "eventSourceArn": ARN, "records": {"t-0": [KAFKA]}}),
    ("self-managed Apache Kafka", {"eventSource": "SelfManagedKafka", "bootstrapServers": "b", "records": {"t-0": []}}),
    ("ActiveMQ", {"eventSource": "aws:mq", "eventSourceArn": ARN, "messages": [{"messageID": "1", "data": DATA}]}),
    ("RabbitMQ", {"eventSource": "aws:rmq", "eventSourceArn": ARN, "rmqMessagesByQueue": {"q::/": [{"data": DATA}]}}),
    ("DocumentDB", {"eventSource": "aws:docdb", "eventSourceArn": ARN, "events": [{"event": {"_id": {}}}]}),
    ("event source mapping", {"eventSource": "aws:new", "eventSourceArn": ARN, "things": []}),
    ("DynamoDB", {"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {}}}], "window": {}, "state": {}}),
    ("VPC Lattice", {**LATTICE, "raw_path": "/predict", "headers": {}, "query_string_parameters": {}}),
    (
        "VPC Lattice",
        {**LATTICE, "version": "2.0", "path": "/predict", "headers": {}, "requestContext": {"serviceNetworkArn": ARN}},
    ),
    ("Data Firehose", {"invocationId": "1", "deliveryStreamArn": ARN, "records": [{"recordId": "1", "data": DATA}]}),
    ("S3 Batch", {"invocationSchemaVersion": "2.0", "invocationId": "1", "job": {"id": "1"}, "tasks": [{}]}),
    ("Object Lambda", {"xAmzRequestId": "1", "getObjectContext": {"inputS3Url": "https://x"}, "userRequest": {}}),
    (
        "Cognito",
        {"version": "1", "triggerSource": "PreSignUp_SignUp", "userPoolId": "p", "request": {}, "response": {}},
    ),
    (
        "Bedrock",
        {"messageVersion": "1.0", "agent": {"name": "a"}, "actionGroup": "g", "apiPath": "/", "httpMethod": "GET"},
    ),
    ("AppSync", {"identity": None, "info": {"channel": {}, "operation": "PUBLISH"}, "events": [{"payload": {}}]}),
    ("AppSync", {"authorizationToken": "t", "requestContext": {"apiId": "a", "queryString": "query"}}),
    ("AppSync", [{"arguments": {}, "info": {"fieldName": "f"}, "source": None}]),
    ("EventBridge Pipes", [{"messageId": "1", "body": json.dumps(RECORD), "eventSource": "aws:sqs"}]),
    ("CloudWatch alarm", {"source": "aws.cloudwatch", "alarmArn": ARN, "alarmData": {"alarmName": "a"}}),
    ("IoT Core", {"eventType": "THING_EVENT", "eventId": "1", "timestamp": 1, "operation": "CREATED"}),
    ("Secrets Manager", {"SecretId": ARN, "ClientRequestToken": "1", "Step": "createSecret"}),
    ("CodeDeploy", {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "x"}),
    ("Transfer Family", {"token": "t", "serviceMetadata": {"executionDetails": {}}, "fileLocation": {"key": "k"}}),
    ("Redshift", {"request_id": "1", "external_function": "f", "num_records": 1, "arguments": [[1500, 3]]}),
    (
        "WebSocket",
        {"requestContext": {"connectionId": "1", "eventType": "MESSAGE", "routeKey": "$default"}, "body": "x"},
    ),
    (
        "authorizer",
        {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": ARN,
            "requestContext": {"http": {"method": "GET", "path": "/"}},
        },
    ),
    ("destination", {"requestContext": {"condition": "Success"}, "requestPayload": {}, "responseContext": {}}),
]


def sample(path: Path) -> Any:
    """The sample with something in each of its gaps."""
    return json.loads(re.sub(r"\{\{\{.*?\}\}\}", "1", path.read_text()))


SAMPLED = [
    *((name, path) for folder, name in SAMPLES.items() for path in sorted((FOLDER / folder).glob("*.json"))),
    *((name, FOLDER / file) for file, name in FILES.items()),
]


def refuse_event(houses: Model, event: object) -> str:
    """The sentence by which the event is refused."""
    assert [name for name in SOURCES if import_source(name).matches(event)] == []
    with pytest.raises(UnknownEvent) as raised:
        create_handler(Service(houses, Settings(""), Clients()))(event, None)
    return str(raised.value)


@pytest.mark.parametrize(("name", "path"), SAMPLED, ids=lambda value: value.stem if isinstance(value, Path) else "")
def test_sample_is_refused_by_name(houses: Model, name: str, path: Path) -> None:
    assert f"comes from {name}" in refuse_event(houses, sample(path))


@pytest.mark.parametrize(("name", "event"), OTHERS, ids=lambda value: value if isinstance(value, str) else "")
def test_other_event_is_refused_by_name(houses: Model, name: str, event: Any) -> None:
    sentence = refuse_event(houses, event)
    assert "comes from" in sentence
    assert name in sentence
    assert ARN not in sentence


@pytest.mark.parametrize("row", read_documented(), ids=lambda row: row.file)
def test_event_that_is_served_has_no_such_name(row: Any) -> None:
    assert row.source in ("http_api", "rest_api", "alb") or name_unserved_source(row.event) is None


NAMES = sorted({key for _, event in OTHERS if isinstance(event, dict) for key in event} | {"Records", "Name", "info"})
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["a", "aws:kafka", "x"])
)


@given(st.dictionaries(st.sampled_from(NAMES), st.integers() | st.floats() | st.booleans() | st.none()))
def test_record_of_numbers_is_a_callers_own_whatever_its_names(record: Event) -> None:
    assert [name for name in SOURCES if import_source(name).matches(record)] == ["direct"]


@given(st.sampled_from(NAMES), VALUES, VALUES)
def test_record_with_a_name_of_awss_is_a_callers_own(name: str, value: object, other: object) -> None:
    assert import_source("direct").matches({**RECORD, name: value, "eventSource": other})
    assert import_source("direct").matches({"instances": [{**RECORD, name: value}]})
