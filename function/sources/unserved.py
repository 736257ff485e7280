"""Recognise the events of AWS sources that are not served here, so that the refusal names the source.

The values of a caller's own record are no objects, and it has none of these sets of names: it remains a direct
invocation.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

from collections.abc import Mapping
from typing import Any

from function.formats.strict_json import get_member

type Shape = Mapping[str, type | frozenset[str]]
"""The members of an event, each with its type or with the strings that are allowed."""

# The name of a source by the eventSource of the event, or of its records.
_BY_EVENT_SOURCE = {
    "aws:kafka": "Amazon MSK (Apache Kafka)",
    "SelfManagedKafka": "a self-managed Apache Kafka cluster",
    "aws:mq": "Amazon MQ (ActiveMQ)",
    "aws:amq": "Amazon MQ (ActiveMQ)",
    "aws:rmq": "Amazon MQ (RabbitMQ)",
    "aws:docdb": "Amazon DocumentDB",
    "aws:dynamodb": "DynamoDB Streams",
    "aws:codecommit": "CodeCommit",
    "aws:ses": "Amazon SES",
}
_IOT_EVENTS = frozenset(
    f"{thing}_EVENT"
    for thing in (
        *("THING", "THING_TYPE", "THING_TYPE_ASSOCIATION", "THING_GROUP", "THING_GROUP_MEMBERSHIP"),
        *("THING_GROUP_HIERARCHY", "THING_GROUP_CHANGE", "CERTIFICATE", "CA_CERTIFICATE", "JOB", "JOB_EXECUTION"),
    )
)
# The first shape that fits decides.
_SHAPES: tuple[tuple[str, Shape], ...] = (
    ("Managed Service for Apache Flink (Kinesis Data Analytics)", {"applicationArn": str, "records": list}),
    ("Amazon Data Firehose", {"invocationId": str, "records": list}),
    ("S3 Batch Operations", {"invocationSchemaVersion": str, "job": dict, "tasks": list}),
    ("S3 Object Lambda", {"getObjectContext": dict}),
    ("VPC Lattice", {"raw_path": str, "method": str, "headers": dict}),
    ("CloudWatch Logs", {"awslogs": dict}),
    ("a CloudWatch alarm", {"alarmArn": str, "alarmData": dict}),
    ("a CloudWatch dashboard", {"widgetContext": dict}),
    ("Amazon Cognito", {"triggerSource": str, "userPoolId": str, "request": dict}),
    ("Amazon Cognito Sync", {"identityPoolId": str, "datasetRecords": dict}),
    ("Amazon Lex", {"bot": dict, "currentIntent": dict}),
    ("Amazon Lex", {"bot": dict, "sessionState": dict}),
    ("Amazon Bedrock Agents", {"agent": dict, "actionGroup": str}),
    ("Amazon Connect", {"Name": frozenset({"ContactFlowEvent"}), "Details": dict}),
    ("Alexa", {"version": str, "context": dict, "request": dict}),
    ("Alexa Smart Home", {"directive": dict}),
    ("Alexa Smart Home", {"header": dict, "payload": dict}),
    ("CodePipeline", {"CodePipeline.job": dict}),
    ("CodeDeploy", {"DeploymentId": str, "LifecycleEventHookExecutionId": str}),
    ("CloudFormation", {"RequestType": str, "ResponseURL": str, "StackId": str}),
    ("AWS Config", {"invokingEvent": str, "resultToken": str, "configRuleName": str}),
    ("Secrets Manager", {"SecretId": str, "ClientRequestToken": str, "Step": str}),
    ("Transfer Family", {"serviceMetadata": dict, "fileLocation": dict}),
    ("Transfer Family", {"username": str, "serverId": str, "protocol": str, "sourceIp": str}),
    ("AppSync", {"info": dict, "arguments": dict}),
    ("AppSync", {"info": dict, "events": list}),
    ("AppSync", {"info": dict, "identity": object, "request": dict}),
    ("an API Gateway authorizer", {"methodArn": str, "type": frozenset({"TOKEN", "REQUEST"})}),
    ("an API Gateway authorizer", {"routeArn": str, "type": frozenset({"REQUEST"})}),
    ("AppSync", {"authorizationToken": str, "requestContext": dict}),
    ("IoT Core", {"eventType": _IOT_EVENTS, "eventId": str}),
    ("IoT 1-Click", {"deviceInfo": dict, "deviceEvent": dict}),
    ("an IoT button", {"serialNumber": str, "batteryVoltage": str, "clickType": str}),
    ("SageMaker Ground Truth", {"labelingJobArn": str, "dataObject": dict}),
    ("SageMaker Ground Truth", {"labelingJobArn": str, "payload": dict}),
    ("Amazon Redshift", {"external_function": str, "arguments": list}),
    ("Amazon Pinpoint", {"ApplicationId": str, "Endpoints": dict}),
    ("WorkMail", {"flowDirection": str, "envelope": dict}),
    ("another function's destination", {"requestContext": dict, "requestPayload": object, "responseContext": dict}),
)


def name_unserved_source(event: object) -> str | None:
    """Return the name of the unserved source of the event; None if the source is served or not known."""
    if isinstance(event, list):
        # EventBridge Pipes sends the unchanged records of its source, AppSync sends its contexts.
        first = event[0] if event else None
        return "EventBridge Pipes" if isinstance(get_member(first, "eventSource"), str) else _name_by_shape(first)
    if not isinstance(event, Mapping):
        return None
    if isinstance(records := event.get("Records"), list):
        return _name_by_records(records)
    return _name_by_event_source(event) or _name_by_context(event.get("requestContext")) or _name_by_shape(event)


def _name_by_records(records: list[Any]) -> str | None:
    if any(isinstance(get_member(record, "cf"), Mapping) for record in records):
        return "CloudFront"
    sources = (get_member(record, "eventSource") for record in records)
    return next((_BY_EVENT_SOURCE[s] for s in sources if isinstance(s, str) and s in _BY_EVENT_SOURCE), None)


def _name_by_event_source(event: Mapping[str, Any]) -> str | None:
    source, arn = event.get("eventSource"), event.get("eventSourceArn") or event.get("eventSourceARN")
    if not isinstance(source, str) or not any(isinstance(value, (dict, list)) for value in event.values()):
        return None
    is_mapping = source.startswith("aws:") and isinstance(arn, str) and arn.startswith("arn:")
    return _BY_EVENT_SOURCE.get(source) or ("an event source mapping" if is_mapping else None)


def _name_by_context(context: object) -> str | None:
    if get_member(context, "serviceNetworkArn") or get_member(context, "targetGroupArn"):
        return "VPC Lattice"
    return (
        "an API Gateway WebSocket" if get_member(context, "connectionId") and get_member(context, "eventType") else None
    )


def _name_by_shape(event: object) -> str | None:
    return next((name for name, shape in _SHAPES if _has_shape(event, shape)), None)


def _has_shape(event: object, shape: Shape) -> bool:
    if not isinstance(event, Mapping) or not shape.keys() <= event.keys():
        return False
    return all(_is_allowed(event[name], allowed) for name, allowed in shape.items())


def _is_allowed(value: object, allowed: type | frozenset[str]) -> bool:
    return isinstance(value, allowed) if isinstance(allowed, type) else isinstance(value, str) and value in allowed
