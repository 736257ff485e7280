"""Events as AWS sends them, of which a test says only what varies.

The shapes are those of the pages "Using AWS Lambda with …" and of `sam local generate-event`.
"""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from tests.cloud.services import ACCOUNT, REGION, arn_of

HEADERS = {"Content-Type": "application/json", "Host": "x"}
TIME = "2026-01-02T03:04:05.000Z"
STREAM_ARN = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/input"


def queue_event(messages: Sequence[Mapping[str, Any]], queue_url: str) -> dict[str, Any]:
    """The event of messages that were received from the queue."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": dict(message.get("Attributes", {})),
                "messageAttributes": {},
                "md5OfBody": message.get("MD5OfBody", ""),
                "eventSource": "aws:sqs",
                "eventSourceARN": arn_of(queue_url),
                "awsRegion": REGION,
            }
            for message in messages
        ]
    }


def messages(*bodies: str, group: str | None = None) -> list[dict[str, Any]]:
    """Messages as if they had been received; of a FIFO queue, in one group."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1767322800000"}
    if group is not None:
        attributes |= {"MessageGroupId": group}
    return [
        {"MessageId": str(uuid.uuid4()), "ReceiptHandle": "handle", "Body": body, "Attributes": attributes}
        for body in bodies
    ]


def sqs_event(*bodies: Any, group: str | None = None) -> dict[str, Any]:
    """The event of messages with the ids m0, m1, …; of a FIFO queue where there is a group.

    A body that is no text is sent as JSON.
    """
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    received = [{**message, "MessageId": f"m{index}"} for index, message in enumerate(messages(*texts, group=group))]
    return queue_event(received, f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/input" + (".fifo" if group else ""))


def topic_event(message: str, message_id: str) -> dict[str, Any]:
    """The event of a message of an SNS topic."""
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:input"
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{topic}:{uuid.UUID(int=1)}",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": message_id,
                    "TopicArn": topic,
                    "Subject": None,
                    "Message": message,
                    "Timestamp": TIME,
                    "SignatureVersion": "1",
                    "Signature": "EXAMPLE",
                    "SigningCertUrl": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService.pem",
                    "UnsubscribeUrl": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
                    "MessageAttributes": {},
                },
            }
        ]
    }


def rule_event(detail: object, event_id: str) -> dict[str, Any]:
    """The event of an EventBridge rule."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "PredictionRequested",
        "source": "shop.houses",
        "account": ACCOUNT,
        "time": "2026-01-02T03:04:05Z",
        "region": REGION,
        "resources": [],
        "detail": detail,
    }


def stream_record(sequence_number: int, data: bytes | str) -> dict[str, Any]:
    """A record of a Kinesis stream; a text stands in the place of the base64 as it is."""
    number = str(49590338271490256608559692538361571095921575989136588898 + sequence_number)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "1",
            "sequenceNumber": number,
            "data": data if isinstance(data, str) else base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1767322800.0 + sequence_number,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000006:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/function",
        "awsRegion": REGION,
        "eventSourceARN": STREAM_ARN,
    }


def http_event(
    path: str = "/predict", method: str = "POST", *, body: str = "", stage: str = "$default", **members: Any
) -> dict[str, Any]:
    """The event of an HTTP API, payload version 2.0; `members` take the place of its own."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in HEADERS.items()},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "10.0.0.1"},
            "stage": stage,
            "requestId": "gateway-1",
        },
        "body": body,
        "isBase64Encoded": False,
    } | members


def rest_event(path: str = "/predict", method: str = "POST", *, body: str = "", **members: Any) -> dict[str, Any]:
    """The event of a REST API, payload version 1.0."""
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": HEADERS,
        "multiValueHeaders": {name: [value] for name, value in HEADERS.items()},
        "requestContext": {"path": f"/prod{path}", "stage": "prod", "requestId": "gateway-1", "identity": {}},
        "body": body,
        "isBase64Encoded": False,
    } | members


def load_balancer_event(
    path: str = "/predict", method: str = "POST", *, body: str = "", many: bool = False, **members: Any
) -> dict[str, Any]:
    """The event of a load balancer; `many` is its setting of several values for each header."""
    one = {name.lower(): value for name, value in HEADERS.items()}
    headers = {"multiValueHeaders": {name: [value] for name, value in one.items()}} if many else {"headers": one}
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        **headers,
        "body": body,
        "isBase64Encoded": False,
    } | members


def object_event(bucket: str, key: str, stored: Mapping[str, Any], sequencer: int = 0) -> dict[str, Any]:
    """The event of an object; `stored` is what PutObject answered. Later events of a key have a higher sequencer."""
    described = {
        "key": quote_plus(key, safe="/"),
        "size": stored.get("Size", 1),
        "eTag": str(stored["ETag"]).strip('"'),
        "sequencer": f"0055AED6DCD902{sequencer:04X}",
    }
    if version := stored.get("VersionId"):
        described["versionId"] = version
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": TIME,
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "EXAMPLE"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "input",
                    "bucket": {
                        "name": bucket,
                        "ownerIdentity": {"principalId": "EXAMPLE"},
                        "arn": f"arn:aws:s3:::{bucket}",
                    },
                    "object": described,
                },
            }
        ]
    }
