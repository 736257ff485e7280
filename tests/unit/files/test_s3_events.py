"""Which objects S3's notifications name. Touches nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import MalformedInput
from function.files.s3_events import SourceObject, make_notification, read_notification
from tests.cloud.event_factories import object_event


def record(name: str = "ObjectCreated:Put", **item: Any) -> dict[str, Any]:
    (made,) = object_event("b", "", {"ETag": "abc", "Size": 3, "VersionId": "v1"})["Records"]
    made["s3"]["object"] |= {"key": "in/a+b%2Bc%252F%C3%A9.csv", "sequencer": "0A", **item}
    return {**made, "eventName": name}


def test_key_of_a_notification_is_decoded_once() -> None:
    assert read_notification({"Records": [record()]}) == [SourceObject("b", "in/a b+c%2Fé.csv", "v1", "abc", 3, "0A")]


def test_key_of_eventbridge_is_not_encoded() -> None:
    detail = {"bucket": {"name": "b"}, "object": {"key": "a+b%20.csv", "size": 3, "etag": "abc", "version-id": "v1"}}
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    assert read_notification(event) == [SourceObject("b", "a+b%20.csv", "v1", "abc", 3)]
    assert read_notification({**event, "detail-type": "Object Deleted"}) == []


def test_what_is_no_created_object_is_left_out() -> None:
    records = [record("ObjectRemoved:Delete"), record("s3:ObjectCreated:Copy"), record("ObjectRestore:Completed")]
    assert len(read_notification({"Records": records}) or []) == 1
    assert read_notification({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}) == []


@pytest.mark.parametrize("item", [{"eTag": None}, {"eTag": "0123456789abcdef0123456789abcdef"}, {"eTag": ""}])
def test_etag_may_be_unknown(item: dict[str, Any]) -> None:
    (found,) = read_notification({"Records": [record(**item)]}) or []
    assert isinstance(found, SourceObject)
    assert found.etag is None


def part(bucket: object, item: object) -> dict[str, Any]:
    return {"s3": {"bucket": bucket, "object": item}}


def items(name: str, *values: object) -> list[dict[str, Any]]:
    return [part(BUCKET, {**KEY, name: value}) for value in values]


BUCKET, KEY = {"name": "b"}, {"key": "k"}
ODD: tuple[object, ...] = (None, "b", [], ["k"], {"name": None}, {"name": ""}, {"name": "\ud800"})
MALFORMED: list[dict[str, Any]] = [
    *({}, {"s3": None}, {"s3": {}}, {"s3": []}, {"s3": {"bucket": BUCKET}}, {"s3": {"object": KEY}}),
    *(part(bucket, KEY) for bucket in ODD),
    *(part(BUCKET, item) for item in ODD),
    *items("key", None, 5, "", "k\ud800"),
    *items("eTag", 5, True, [], {}, "é", "a\nb", "\0"),
    *items("versionId", 5, False, ["v"], "v\r\n"),
    *items("sequencer", 5, [], {}),
    *items("size", "3", -1, 2.5, True, []),
]


@pytest.mark.parametrize("malformed", MALFORMED, ids=range(len(MALFORMED)))
def test_imitation_is_told_beside_the_objects_of_others(malformed: dict[str, Any]) -> None:
    odd = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", **malformed}
    first, second, third = read_notification({"Records": [record(), odd, record()]}) or []
    assert isinstance(first, SourceObject)
    assert isinstance(second, MalformedInput)
    assert third == first


@pytest.mark.parametrize("detail", [None, 5, "x", [], {}, {"bucket": {}}, {"bucket": {"name": "b"}, "object": {}}])
def test_event_of_s3s_with_an_odd_detail_names_no_object(detail: object) -> None:
    (found,) = read_notification({"source": "aws.s3", "detail-type": "Object Created", "detail": detail}) or []
    assert isinstance(found, MalformedInput)


@pytest.mark.parametrize(
    "document",
    [
        *(None, [], "x", {}, {"Records": []}, {"Records": "x"}, {"Records": [{"eventSource": "aws:sqs"}]}),
        *({"Records": [record(), 3]}, {"source": "aws.s3"}, {"detail-type": "Object Created", "detail": {}}),
    ],
)
def test_other_documents_are_none_of_s3s(document: object) -> None:
    assert read_notification(document) is None


OPTIONAL = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"'), min_size=1)


@given(
    st.builds(
        SourceObject,
        *(st.text(min_size=1), st.text(min_size=1), OPTIONAL, OPTIONAL, st.none() | st.integers(0), OPTIONAL),
    )
)
def test_object_that_is_notified_anew_is_the_same(item: SourceObject) -> None:
    assert read_notification(json.loads(json.dumps(make_notification(item)))) == [item]
