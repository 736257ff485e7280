"""Read the objects that S3's notifications name, sent by S3 itself or through EventBridge.

Anybody may imitate a notification: an entry that names no object becomes a MalformedInput beside the valid ones.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from function.errors import MalformedInput
from function.formats.strict_json import get_member
from function.model.contract import is_unicode

# `sam local generate-event s3 put` writes this ETag for every object.
_SAMPLE_ETAG = "0123456789abcdef0123456789abcdef"


class SourceObject(NamedTuple):
    """One version of an object; `key` is decoded. `sequencer` orders the events of one key (hexadecimal)."""

    bucket: str
    key: str
    version_id: str | None
    etag: str | None
    size: int | None
    sequencer: str | None = None


type NotifiedObject = SourceObject | MalformedInput
"""An object, or the error of an entry that names none."""


def read_notification(document: object) -> list[NotifiedObject] | None:
    """Return the created objects that the document names, or None if it is not a notification of S3.

    A deletion, and the event with which S3 tests a configuration, name no created object.
    """
    if not isinstance(document, Mapping):
        return None
    if document.get("Event") == "s3:TestEvent":
        return []
    if document.get("source") == "aws.s3" and is_eventbridge(document):
        created = document["detail-type"] == "Object Created"
        return [_read_object(document["detail"], "version-id", "etag")] if created else []
    records = document.get("Records")
    if not isinstance(records, list) or not records or not all(map(_is_record, records)):
        return None
    return list_created_objects(records)


def is_eventbridge(document: object) -> bool:
    """Tell whether the document is an EventBridge event, of S3 or of any other source."""
    return isinstance(document, Mapping) and "detail-type" in document and "detail" in document


def list_created_objects(records: list[object]) -> list[NotifiedObject]:
    """Return the created objects of a notification's records."""
    return [_decode_object(record) for record in records if not _is_record(record) or _is_creation(record)]


def make_notification(item: SourceObject) -> dict[str, object]:
    """Make the notification that S3 would send for this object alone."""
    from urllib.parse import quote_plus

    described = {"key": quote_plus(item.key, safe="/"), "size": item.size, "eTag": item.etag}
    described |= {"versionId": item.version_id, "sequencer": item.sequencer}
    known = {name: value for name, value in described.items() if value is not None}
    part = {"bucket": {"name": item.bucket}, "object": known}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": part}]}


def _is_record(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:s3"


def _is_creation(record: Any) -> bool:
    return str(record.get("eventName")).removeprefix("s3:").startswith("ObjectCreated:")


def _decode_object(record: object) -> NotifiedObject:
    """Return the object of a record. Only its key is encoded: once, as in an HTML form.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    from urllib.parse import unquote_plus

    found = _read_object(get_member(record, "s3"), "versionId", "eTag")
    return found._replace(key=unquote_plus(found.key)) if isinstance(found, SourceObject) else found


def _read_object(part: object, version_name: str, etag_name: str) -> NotifiedObject:
    item = get_member(part, "object")
    bucket, key, size = (
        get_member(get_member(part, "bucket"), "name"),
        get_member(item, "key"),
        get_member(item, "size"),
    )
    if not _is_name(bucket) or not _is_name(key):
        return MalformedInput("The S3 notification has no bucket name or no object key.")
    version_id, etag, sequencer = (get_member(item, name) for name in (version_name, etag_name, "sequencer"))
    if not all(map(_is_token, (version_id, etag, sequencer))) or not _is_size(size):
        return MalformedInput("The S3 notification has a version ID, an ETag, a sequencer or a size of the wrong type.")
    etag = (etag or "").strip('"')
    return SourceObject(
        bucket, key, version_id or None, None if etag in ("", _SAMPLE_ETAG) else etag, size, sequencer or None
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != "" and is_unicode(value)


def _is_token(value: object) -> bool:
    """Tell whether the value is missing, or may be sent in a request's header."""
    return value is None or (isinstance(value, str) and value.isascii() and (value == "" or value.isprintable()))


def _is_size(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)
