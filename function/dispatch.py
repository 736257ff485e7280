"""Finds the one source that an event comes from."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from function.errors import DeployerError, UnknownEvent
from function.service import Service


class Source(Protocol):
    """A module of `sources`."""

    def matches(self, event: object) -> bool:
        """Whether the event is of this source; at most one source says so."""
        ...

    def handle(self, event: Any, context: object, service: Service) -> object:
        """The answer to the event."""
        ...


# Modules of function.sources. No two of them match one event, so that their order decides nothing but how many are
# imported until one matches: the start of a function that answers HTTP pays for the first alone.
SOURCES = ("http_api", "rest_api", "alb", "direct", "sqs", "sns", "eventbridge", "kinesis", "s3")

_UNKNOWN = (
    "The event is of no source that this function serves: send an HTTP request (API Gateway, function URL, load "
    "balancer), messages (SQS, SNS, EventBridge, Kinesis), S3's notifications, or the body itself: a record, or what "
    'has "instances".'
)


def create_handler(service: Service) -> Callable[[Any, object], object]:
    """The Lambda handler that answers from this service."""

    # In Lambda's init phase, when a function has a whole processor; nearly every function answers HTTP.
    source_named(SOURCES[0])

    def handler(event: Any, context: object) -> object:
        source = next((source for source in map(source_named, SOURCES) if source.matches(event)), None)
        if source is None:
            raise UnknownEvent(_UNKNOWN)
        try:
            return source.handle(event, context, service)
        except DeployerError:
            raise
        except Exception as error:  # noqa: BLE001
            from function.failures import report

            raise report(error, str(getattr(context, "aws_request_id", "-"))) from None

    return handler


@cache
def source_named(name: str) -> Source:
    """The module of that source."""
    source: Source = import_module(f"function.sources.{name}")
    return source
