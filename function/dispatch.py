"""Find the source that an event comes from, and let it handle the event."""

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any, Protocol

from function.errors import DeployerError, UnknownEvent
from function.service import Service
from function.telemetry.counts import Counts
from function.telemetry.log_line import Invocation, add_correlation_ids, begin_invocation, write_lines


class Source(Protocol):
    """The protocol of the modules in `function.sources`."""

    def matches(self, event: object) -> bool:
        """Tell whether the event comes from this source. At most one source returns True."""
        ...

    def get_correlation_id(self, event: object) -> object:
        """Return the id by which the sender knows the event, which may be of any source; None if it has no such id."""
        ...

    def handle(self, event: Any, context: object, service: Service, counts: Counts) -> object:
        """Handle the event and count its outcomes in `counts`, except the error that it raises."""
        ...


# The modules of function.sources. No event matches two of them. Their order decides only how many are imported until
# one matches: the cold start of a function that answers HTTP imports the first alone.
SOURCES = ("http_api", "rest_api", "alb", "direct", "sqs", "sns", "eventbridge", "kinesis", "s3")

_UNKNOWN_SOURCE = "no source that this function serves"
_HOW_TO_SEND = (
    "send an HTTP request (API Gateway, function URL, load balancer), messages (SQS, SNS, EventBridge, Kinesis), "
    'notifications of S3, or the body itself: a record, or an object with "instances".'
)


def create_handler(service: Service, *, logs_invocations: bool = False) -> Callable[[Any, object], object]:
    """Return the Lambda handler of this service.

    With `logs_invocations` it writes the log line of each invocation to standard output.
    """
    # Import the first source now, in Lambda's init phase, which has a whole processor. Most functions answer HTTP.
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
    """Return the correlation id that the event's source finds; if it has no source, the first that any source finds."""
    if name in SOURCES:
        return import_source(name).get_correlation_id(event)
    ids = (import_source(name).get_correlation_id(event) for name in SOURCES)
    return next((value for value in ids if value is not None), None)


def _handle(name: str, event: Any, context: object, service: Service, counts: Counts) -> object:
    if name not in SOURCES:
        from function.sources.unserved import name_unserved_source

        source = name_unserved_source(event)
        origin = f"{source}, a source that this function does not serve" if source else _UNKNOWN_SOURCE
        raise UnknownEvent(f"The event comes from {origin}: {_HOW_TO_SEND}")
    try:
        return import_source(name).handle(event, context, service, counts)
    except DeployerError:
        raise
    except Exception as error:  # noqa: BLE001
        from function.telemetry.unexpected_errors import report_error

        raise report_error(error, str(getattr(context, "aws_request_id", "-"))) from None


@cache
def import_source(name: str) -> Source:
    """Import the module of a source in SOURCES. Raises ValueError for another name."""
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
            raise ValueError(f"there is no source {name!r}")
