"""What messages come wrapped in when one service delivers through another."""

from collections.abc import Mapping
from typing import Any

from function.errors import MalformedInput
from function.formats import strict_json

# Those of the services whose batches are served; SNS writes its own with a capital letter.
_SERVED = frozenset(("aws:sqs", "aws:sns", "aws:kinesis", "aws:s3"))


def is_enveloped(event: Mapping[str, Any]) -> bool:
    """Whether the event is AWS's and not a caller's own body, be it of a source that is served here or not."""
    return (
        isinstance(event.get("requestContext"), Mapping)
        or isinstance(event.get("Records"), list)
        or is_eventbridge(event)
        or event.get("Event") == "s3:TestEvent"
    )


def is_eventbridge(document: object) -> bool:
    """Whether the document is an EventBridge event."""
    return isinstance(document, Mapping) and "detail-type" in document and "detail" in document


def is_sns(document: object) -> bool:
    """Whether the document is what SNS delivers to a queue without raw delivery."""
    return isinstance(document, Mapping) and document.get("Type") == "Notification" and "TopicArn" in document


def unwrapped(body: bytes) -> Any:
    """The innermost document of a message's JSON body. Raises MalformedInput."""
    document = strict_json.loads(body)
    if is_sns(document):
        document = strict_json.loads(encoded(document.get("Message")))
    return inner(document)


def inner(document: Any) -> Any:
    """The detail of an EventBridge event, whose own shape matters only where S3 sent it; else the document."""
    return document["detail"] if is_eventbridge(document) and document.get("source") != "aws.s3" else document


def encoded(text: object) -> bytes:
    """The bytes of a text that an event holds. Raises MalformedInput."""
    if not isinstance(text, str):
        raise MalformedInput("The message holds no text.")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise MalformedInput("The text holds half of a surrogate pair: it is not valid Unicode.") from None


def records_from(event: object, source: str) -> bool:
    """Whether the event is a batch of records of that source; the first record that names one that is served tells."""
    records = member(event, "Records")
    return isinstance(records, list) and next(filter(None, map(_source_of, records)), None) == source


def _source_of(record: object) -> str | None:
    names = (member(record, "eventSource"), member(record, "EventSource"))
    return next((name for name in names if isinstance(name, str) and name in _SERVED), None)


def member(document: object, name: str) -> Any:
    """The member of that name; None where there is none, or the document is no object."""
    return document.get(name) if isinstance(document, Mapping) else None


def identifier(value: object) -> str | None:
    """The value where it may be an id; a source that is told of any other fails the whole batch."""
    return value if isinstance(value, str) and value else None
