"""Asynchronous invocation: the event is tried three times, then a record of its failure goes to the failure queue.

The waits between attempts (one minute, two minutes), the age limit and throttling are left out.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.cloud.event_factories import TIME
from tests.cloud.function import Verdict
from tests.cloud.services import ACCOUNT, REGION

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:BatchFunction"
ATTEMPTS = 3


class AsynchronousInvocation:
    """What invokes the function for SNS, EventBridge and S3."""

    def __init__(self, invoke: Callable[[object], Verdict], sqs: "SQSClient", failure_queue: str) -> None:
        self._invoke = invoke
        self._sqs = sqs
        self._failure_queue = failure_queue

    def deliver(self, event: object, between: Callable[[int], object] = lambda _: None) -> list[Verdict]:
        """What each attempt came to; `between` is called after each that failed, with the number of attempts."""
        verdicts: list[Verdict] = []
        while len(verdicts) < ATTEMPTS:
            verdicts.append(self._invoke(event))
            if verdicts[-1].error is None:
                return verdicts
            between(len(verdicts))
        self._sqs.send_message(QueueUrl=self._failure_queue, MessageBody=json.dumps(_record(event, verdicts)))
        return verdicts


def _record(event: object, verdicts: list[Verdict]) -> dict[str, Any]:
    last = verdicts[-1]
    return {
        "version": "1.0",
        "timestamp": TIME,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{FUNCTION_ARN}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": len(verdicts),
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": last.error, "errorMessage": last.message},
    }
