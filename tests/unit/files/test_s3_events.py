"""The objects that S3's notifications name. Touches nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import MalformedInput
from function.files.s3_events import SourceObject, make_notification, read_notification
from tests.cloud.event_factories import object_event


def make_record(name: str = "ObjectCreated:Put", **item: Any) -> dict[str, Any]:
    (made,) = object_event("b", "", {"ETag": "abc", "Size": 3, "VersionId": "v1"})["Records"]
    made["s3"]["object"] |= {"key": "in/a+b%2Bc%252F%C3%A9.csv", "sequencer": "0A", **item}
    return {**made, "eventName": name}


def test_key_of_a_notification_is_decoded_once() -> None:
    assert read_notification({"Records": [make_record()]}) == [
        SourceObject("b", "in/a b+c%2Fé.csv", "v1", "abc", 3, "0A")
    ]


def test_key_of_eventbridge_is_not_encoded() -> None:
    detail = {"bucket": {"name": "b"}, "object": {"key": "a+b%20.csv", "size": 3, "etag": "abc", "version-id": "v1"}}
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    assert read_notification(event) == [SourceObject("b", "a+b%20.csv", "v1", "abc", 3)]
    assert read_notification({**event, "detail-type": "Object Deleted"}) == []


def test_events_other_than_creation_are_left_out() -> None:
    records = [
        make_record("ObjectRemoved:Delete"),
        make_record("s3:ObjectCreated:Copy"),
        make_record("ObjectRestore:Completed"),
    ]
    assert len(read_notification({"Records": records}) or []) == 1
    assert read_notification({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}) == []


@pytest.mark.parametrize("item", [{"eTag": None}, {"eTag": "0123456789abcdef0123456789abcdef"}, {"eTag": ""}])
def test_etag_may_be_unknown(item: dict[str, Any]) -> None:
    (found,) = read_notification({"Records": [make_record(**item)]}) or []
    assert isinstance(found, SourceObject)
    assert found.etag is None


def make_part(bucket: object, item: object) -> dict[str, Any]:
    return {"s3": {"bucket": bucket, "object": item}}


def make_events(name: str, *values: object) -> list[dict[str, Any]]:
    return [make_part(BUCKET, {**KEY, name: value}) for value in values]


BUCKET, KEY = {"name": "b"}, {"key": "k"}
ODD: tuple[object, ...] = (None, "b", [], ["k"], {"name": None}, {"name": ""}, {"name": "\ud800"})
MALFORMED: list[dict[str, Any]] = [
    *({}, {"s3": None}, {"s3": {}}, {"s3": []}, {"s3": {"bucket": BUCKET}}, {"s3": {"object": KEY}}),
    *(make_part(bucket, KEY) for bucket in ODD),
    *(make_part(BUCKET, item) for item in ODD),
    *make_events("key", None, 5, "", "k\ud800"),
    *make_events("eTag", 5, True, [], {}, "é", "a\nb", "\0"),
    *make_events("versionId", 5, False, ["v"], "v\r\n"),
    *make_events("sequencer", 5, [], {}),
    *make_events("size", "3", -1, 2.5, True, []),
]


@pytest.mark.parametrize("malformed", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_record_becomes_an_error_beside_the_valid_objects(malformed: dict[str, Any]) -> None:
    odd = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", **malformed}
    first, second, third = read_notification({"Records": [make_record(), odd, make_record()]}) or []
    assert isinstance(first, SourceObject)
    assert isinstance(second, MalformedInput)
    assert third == first


@pytest.mark.parametrize("detail", [None, 5, "x", [], {}, {"bucket": {}}, {"bucket": {"name": "b"}, "object": {}}])
def test_eventbridge_event_with_an_odd_detail_names_no_object(detail: object) -> None:
    (found,) = read_notification({"source": "aws.s3", "detail-type": "Object Created", "detail": detail}) or []
    assert isinstance(found, MalformedInput)


@pytest.mark.parametrize(
    "document",
    [
        *(None, [], "x", {}, {"Records": []}, {"Records": "x"}, {"Records": [{"eventSource": "aws:sqs"}]}),
        *({"Records": [make_record(), 3]}, {"source": "aws.s3"}, {"detail-type": "Object Created", "detail": {}}),
    ],
)
def test_other_documents_are_not_notifications(document: object) -> None:
    assert read_notification(document) is None


OPTIONAL = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"'), min_size=1)


@given(
    st.builds(
        SourceObject,
        *(st.text(min_size=1), st.text(min_size=1), OPTIONAL, OPTIONAL, st.none() | st.integers(0), OPTIONAL),
    )
)
def test_notification_made_for_an_object_reads_as_the_same_object(item: SourceObject) -> None:
    assert read_notification(json.loads(json.dumps(make_notification(item)))) == [item]
