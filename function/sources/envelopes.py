"""Recognise the envelopes of AWS events, and unwrap a message that one service delivers through another."""

from collections.abc import Mapping
from typing import Any

from function.errors import MalformedInput
from function.files.s3_events import is_eventbridge
from function.formats import strict_json
from function.formats.strict_json import get_member

# The sources whose batches of records are served. SNS writes its member EventSource, the others eventSource.
_SERVED = frozenset(("aws:sqs", "aws:sns", "aws:kinesis", "aws:s3"))


def is_enveloped(event: Mapping[str, Any]) -> bool:
    """Tell whether the event has an envelope of AWS, of a served source or another; else it is a caller's own body."""
    return (
        isinstance(event.get("requestContext"), Mapping)
        or isinstance(event.get("Records"), list)
        or is_eventbridge(event)
        or event.get("Event") == "s3:TestEvent"
    )


def is_sns(document: object) -> bool:
    """Tell whether the document is a notification that SNS delivers to a queue (without raw message delivery)."""
    return isinstance(document, Mapping) and document.get("Type") == "Notification" and "TopicArn" in document


def unwrap(body: bytes) -> Any:
    """Return the innermost document of a message's JSON body. Raises MalformedInput."""
    document = strict_json.loads(body)
    if is_sns(document):
        document = strict_json.loads(encode_text(document.get("Message")))
    return unwrap_eventbridge(document)


def unwrap_eventbridge(document: Any) -> Any:
    """Return the detail of an EventBridge event; return other documents, and events that S3 sent, unchanged."""
    return document["detail"] if is_eventbridge(document) and document.get("source") != "aws.s3" else document


def encode_text(text: object) -> bytes:
    """Encode a string of an event as UTF-8. Raises MalformedInput."""
    if not isinstance(text, str):
        raise MalformedInput("The message has no text: send a JSON document as a string.")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise MalformedInput("The text holds half of a surrogate pair: it is not valid Unicode.") from None


def has_records_from(event: object, source: str) -> bool:
    """Tell whether the event is a batch of records of that source.

    The first record that names a served source decides.
    """
    records = get_member(event, "Records")
    return isinstance(records, list) and next(filter(None, map(_read_source, records)), None) == source


def get_first_record(event: object) -> Any:
    """Return the first record of a batch; None if there is none."""
    records = get_member(event, "Records")
    return records[0] if isinstance(records, list) and records else None


def _read_source(record: object) -> str | None:
    names = (get_member(record, "eventSource"), get_member(record, "EventSource"))
    return next((name for name in names if isinstance(name, str) and name in _SERVED), None)


def read_identifier(value: object) -> str | None:
    """Return the value if it can be an id, else None: a source that gets another value back fails the whole batch."""
    return value if isinstance(value, str) and value else None
