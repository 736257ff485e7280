"""Finds the one source that an event comes from."""

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any, Protocol

from function.errors import DeployerError, UnknownEvent
from function.service import Service
from function.telemetry.counts import Counts
from function.telemetry.log_line import Invocation, add_correlation_ids, begin_invocation, write_lines


class Source(Protocol):
    """A module of `sources`."""

    def matches(self, event: object) -> bool:
        """Whether the event is of this source; at most one source says so."""
        ...

    def get_correlation_id(self, event: object) -> object:
        """The id that whoever sent the event knows it by; None where an event of any source has none of this kind."""
        ...

    def handle(self, event: Any, context: object, service: Service, counts: Counts) -> object:
        """Answer the event and count what came of it in `counts`, but for what is raised."""
        ...


# Modules of function.sources. No two of them match one event, so that their order decides nothing but how many are
# imported until one matches: the start of a function that answers HTTP pays for the first alone.
SOURCES = ("http_api", "rest_api", "alb", "direct", "sqs", "sns", "eventbridge", "kinesis", "s3")

_OF_NO_SOURCE = "is of no source that this function serves"
_SERVED = (
    "send an HTTP request (API Gateway, function URL, load balancer), messages (SQS, SNS, EventBridge, Kinesis), S3's "
    'notifications, or the body itself: a record, or what has "instances".'
)


def create_handler(service: Service, *, logs_invocations: bool = False) -> Callable[[Any, object], object]:
    """Return the Lambda handler of this service.

    With `logs_invocations` it writes the log line of each invocation to standard output.
    """
    # In Lambda's init phase, when a function has a whole processor; nearly every function answers HTTP.
    import_source(SOURCES[0])
    add_correlation_ids()
    cold = True

    def handler(event: Any, context: object) -> object:
        nonlocal cold
        started = perf_counter()
        first, cold = cold, False
        counts = Counts()
        name = next((name for name in SOURCES if import_source(name).matches(event)), "unknown")
        begin_invocation(_find_correlation_id(name, event))
        try:
            return _handle(name, event, context, service, counts)
        except DeployerError as error:
            counts.count_refusal(error)
            raise
        finally:
            if logs_invocations:
                function, request = (str(getattr(context, key, "-")) for key in ("function_name", "aws_request_id"))
                identity, seconds = service.model.manifest.identity, perf_counter() - started
                namespace = service.settings.metrics_namespace
                write_lines(namespace, Invocation(function, request, name, identity, seconds, first), counts)

    return handler


def _find_correlation_id(name: str, event: object) -> object:
    """The event's id as its source knows it; of an event of no source the first that any source finds in it."""
    if name in SOURCES:
        return import_source(name).get_correlation_id(event)
    found = (import_source(name).get_correlation_id(event) for name in SOURCES)
    return next((value for value in found if value is not None), None)


def _handle(name: str, event: Any, context: object, service: Service, counts: Counts) -> object:
    if name not in SOURCES:
        from function.sources.unserved import name_unserved_source

        source = name_unserved_source(event)
        what = f"comes from {source}, a source that this function does not serve" if source else _OF_NO_SOURCE
        raise UnknownEvent(f"The event {what}: {_SERVED}")
    try:
        return import_source(name).handle(event, context, service, counts)
    except DeployerError:
        raise
    except Exception as error:  # noqa: BLE001
        from function.telemetry.unexpected_errors import report_error

        raise report_error(error, str(getattr(context, "aws_request_id", "-"))) from None


@cache
def import_source(name: str) -> Source:
    """Import the module of that source. Raises ValueError for a name that is not in SOURCES."""
    match name:
        case "http_api":
            from function.sources import http_api

            return http_api
        case "rest_api":
            from function.sources import rest_api

            return rest_api
        case "alb":
            from function.sources import alb

            return alb
        case "direct":
            from function.sources import direct

            return direct
        case "sqs":
            from function.sources import sqs

            return sqs
        case "sns":
            from function.sources import sns

            return sns
        case "eventbridge":
            from function.sources import eventbridge

            return eventbridge
        case "kinesis":
            from function.sources import kinesis

            return kinesis
        case "s3":
            from function.sources import s3

            return s3
        case _:
            raise ValueError(f"no source is called {name!r}")
