"""Which objects S3's notifications name. Touches nothing."""

from typing import Any

import pytest

from function.files import SourceObject, notified


def record(name: str = "ObjectCreated:Put", **item: Any) -> dict[str, Any]:
    found = {"key": "in/a+b%2Bc%252F%C3%A9.csv", "size": 3, "eTag": "abc", "versionId": "v1", "sequencer": "0A", **item}
    return {"eventSource": "aws:s3", "eventName": name, "s3": {"bucket": {"name": "b"}, "object": found}}


def test_key_of_a_notification_is_decoded_once() -> None:
    assert notified({"Records": [record()]}) == [SourceObject("b", "in/a b+c%2Fé.csv", "v1", "abc", 3, "0A")]


def test_key_of_eventbridge_is_not_encoded() -> None:
    detail = {"bucket": {"name": "b"}, "object": {"key": "a+b%20.csv", "size": 3, "etag": "abc", "version-id": "v1"}}
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    assert notified(event) == [SourceObject("b", "a+b%20.csv", "v1", "abc", 3)]
    assert notified({**event, "detail-type": "Object Deleted"}) == []


def test_what_is_no_created_object_is_left_out() -> None:
    records = [record("ObjectRemoved:Delete"), record("s3:ObjectCreated:Copy"), record("ObjectRestore:Completed")]
    assert len(notified({"Records": records}) or []) == 1
    assert notified({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}) == []


@pytest.mark.parametrize("item", [{"eTag": None}, {"eTag": "0123456789abcdef0123456789abcdef"}, {"eTag": ""}])
def test_etag_may_be_unknown(item: dict[str, Any]) -> None:
    assert (notified({"Records": [record(**item)]}) or [])[0].etag is None


@pytest.mark.parametrize(
    "document",
    [
        *(None, [], "x", {}, {"Records": []}, {"Records": "x"}, {"Records": [{"eventSource": "aws:sqs"}]}),
        *({"Records": [record(), 3]}, {"source": "aws.s3"}, {"detail-type": "Object Created", "detail": {}}),
    ],
)
def test_other_documents_are_none_of_s3s(document: object) -> None:
    assert notified(document) is None
