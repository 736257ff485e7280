"""The objects that S3's notifications name, as S3 sends them and as EventBridge does."""

from collections.abc import Mapping
from typing import Any, NamedTuple

# `sam local generate-event s3 put` writes this one, whatever the object, and cannot be told another.
_SAMPLE_ETAG = "0123456789abcdef0123456789abcdef"


class SourceObject(NamedTuple):
    """One version of an object; `key` is decoded. `sequencer` orders the events of one key (hexadecimal)."""

    bucket: str
    key: str
    version_id: str | None
    etag: str | None
    size: int | None
    sequencer: str | None = None


def notified(document: object) -> list[SourceObject] | None:
    """The created objects that the document tells of; None where it is no notification of S3's.

    Deletions, and the event by which S3 tests a configuration, name none.
    """
    if not isinstance(document, Mapping):
        return None
    if document.get("Event") == "s3:TestEvent":
        return []
    if document.get("source") == "aws.s3" and isinstance(document.get("detail"), Mapping):
        created = document.get("detail-type") == "Object Created"
        return [_of(document["detail"], "version-id", "etag")] if created else []
    records = document.get("Records")
    if not isinstance(records, list) or not records or not all(map(_is_record, records)):
        return None
    return [_decoded(record["s3"]) for record in records if _created(record)]


def _is_record(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:s3"


def _created(record: Mapping[str, Any]) -> bool:
    return str(record.get("eventName")).removeprefix("s3:").startswith("ObjectCreated:")


def _decoded(part: Mapping[str, Any]) -> SourceObject:
    """The object of a notification, where alone the key is encoded: once, as in a form.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    from urllib.parse import unquote_plus

    found = _of(part, "versionId", "eTag")
    return found._replace(key=unquote_plus(found.key))


def _of(part: Mapping[str, Any], version_name: str, etag_name: str) -> SourceObject:
    item = part["object"]
    etag = str(item.get(etag_name) or "").strip('"')
    return SourceObject(
        bucket=str(part["bucket"]["name"]),
        key=str(item["key"]),
        version_id=item.get(version_name) or None,
        etag=None if etag in ("", _SAMPLE_ETAG) else etag,
        size=item.get("size"),
        sequencer=item.get("sequencer"),
    )
