"""What messages come wrapped in when one service delivers through another."""

from collections.abc import Mapping
from typing import Any

from function.errors import MalformedInput
from function.files.s3_events import is_eventbridge
from function.formats import strict_json
from function.formats.strict_json import get_member

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


def is_sns(document: object) -> bool:
    """Whether the document is what SNS delivers to a queue without raw delivery."""
    return isinstance(document, Mapping) and document.get("Type") == "Notification" and "TopicArn" in document


def unwrap(body: bytes) -> Any:
    """The innermost document of a message's JSON body. Raises MalformedInput."""
    document = strict_json.loads(body)
    if is_sns(document):
        document = strict_json.loads(encode_text(document.get("Message")))
    return unwrap_eventbridge(document)


def unwrap_eventbridge(document: Any) -> Any:
    """The detail of an EventBridge event, whose own shape matters only where S3 sent it; else the document."""
    return document["detail"] if is_eventbridge(document) and document.get("source") != "aws.s3" else document


def encode_text(text: object) -> bytes:
    """The bytes of a text that an event holds. Raises MalformedInput."""
    if not isinstance(text, str):
        raise MalformedInput("The message holds no text.")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise MalformedInput("The text holds half of a surrogate pair: it is not valid Unicode.") from None


def has_records_from(event: object, source: str) -> bool:
    """Whether the event is a batch of records of that source; the first record that names one that is served tells."""
    records = get_member(event, "Records")
    return isinstance(records, list) and next(filter(None, map(_read_source, records)), None) == source


def get_first_record(event: object) -> Any:
    """The first of a batch's records; None where there is none."""
    records = get_member(event, "Records")
    return records[0] if isinstance(records, list) and records else None


def _read_source(record: object) -> str | None:
    names = (get_member(record, "eventSource"), get_member(record, "EventSource"))
    return next((name for name in names if isinstance(name, str) and name in _SERVED), None)


def read_identifier(value: object) -> str | None:
    """The value where it may be an id; a source that is told of any other fails the whole batch."""
    return value if isinstance(value, str) and value else None
