"""Finds the one source that an event comes from."""

from collections.abc import Callable
from typing import Any, Protocol

from function.errors import DeployerError, UnknownEvent
from function.failures import report
from function.service import Service
from function.sources import alb, direct, eventbridge, http_api, kinesis, rest_api, s3, sns, sqs


class Source(Protocol):
    """A module of `sources`."""

    def matches(self, event: object) -> bool:
        """Whether the event is of this source; at most one source says so."""
        ...

    def handle(self, event: Any, context: object, service: Service) -> object:
        """The answer to the event."""
        ...


SOURCES: tuple[Source, ...] = (http_api, rest_api, alb, direct, sqs, sns, eventbridge, kinesis, s3)


_UNKNOWN = (
    "The event is of no source that this function serves: send an HTTP request (API Gateway, function URL, load "
    "balancer), messages (SQS, SNS, EventBridge, Kinesis), S3's notifications, or the body itself: a record, or what "
    'has "instances".'
)


def create_handler(service: Service) -> Callable[[Any, object], object]:
    """The Lambda handler that answers from this service."""

    def handler(event: Any, context: object) -> object:
        source = next((source for source in SOURCES if source.matches(event)), None)
        if source is None:
            raise UnknownEvent(_UNKNOWN)
        try:
            return source.handle(event, context, service)
        except DeployerError:
            raise
        except Exception as error:  # noqa: BLE001
            raise report(error, str(getattr(context, "aws_request_id", "-"))) from None

    return handler
