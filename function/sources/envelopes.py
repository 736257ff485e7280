"""What messages come wrapped in when one service delivers through another."""

from collections.abc import Mapping
from typing import Any

from function import strict_json
from function.errors import MalformedInput


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
    """Whether the event is a batch of records of that source."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records or not isinstance(records[0], dict):
        return False
    return source in (records[0].get("eventSource"), records[0].get("EventSource"))
