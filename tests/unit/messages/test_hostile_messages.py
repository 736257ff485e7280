"""No message fails its neighbours: hostile documents within the batches of each source. Touches nothing."""

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from function.dispatch import create_handler
from function.errors import DeployerError, InternalError
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from tests.cloud.event_factories import messages, object_event, queue_event, rule_event, stream_record, topic_event
from tests.unit.small_models import ByRecords
from tests.unit.small_queue import Clients, Queue

GOOD = {"AreaSqft": 1500, "NumBedrooms": 3}
URL = "http://127.0.0.1/123456789012/input"
S3 = object_event("inputs", "houses.csv", {"ETag": '"abc"', "VersionId": "v1", "Size": 3})
S3_EVENT = {
    "version": "0",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "detail": {"bucket": {"name": "inputs"}, "object": {"key": "houses.csv", "size": 3, "etag": "abc"}},
}
SNS = {"Type": "Notification", "TopicArn": "arn:aws:sns:x:1:t", "Message": json.dumps(GOOD)}
# What a hostile document starts from: AWS's own, a record, and instances.
SHAPES = [S3, S3_EVENT, SNS, rule_event(GOOD, "1"), GOOD, {"instances": [GOOD]}, {**SNS, "Message": json.dumps(S3)}]

NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**400, float("nan"), float("inf")]))
TEXTS = st.one_of(st.text(st.characters(), max_size=8), st.sampled_from(["", "\0", "\ud800", "aws:s3", "instances"]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
KEYS = st.one_of(TEXTS, st.sampled_from(["Records", "detail", "detail-type", "source", "Event", "s3", "AreaSqft"]))
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the document has a value, at any depth."""
    if path:
        yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(child, (*path, key))


@st.composite
def imitations(draw: st.DrawFn) -> Any:
    """A document of AWS's, or a record, of which a few members are missing or something else."""
    document = copy.deepcopy(draw(st.sampled_from(SHAPES)))
    for _ in range(draw(st.integers(1, 3))):
        if not (found := list(places(document))):
            break
        *way, last = draw(st.sampled_from(found))
        parent: Any = document
        for key in way:
            parent = parent[key]
        if draw(st.booleans()):
            parent[last] = draw(ANYTHING)
        else:
            del parent[last]
    return document


DOCUMENTS = st.one_of(imitations(), ANYTHING)
# The text of a message: a document, or no JSON at all.
BODIES = st.one_of(DOCUMENTS.map(json.dumps), TEXTS, st.sampled_from(["[" * 6000, '{"a":' * 6000, "1" * 5000]))
HOSTILE = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
POISON = [
    *("", "x", "null", "[]", "[" * 6000, '{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}]}'),
    json.dumps({**S3_EVENT, "detail": {}}),
    json.dumps({**S3_EVENT, "detail": None}),
    json.dumps({**S3_EVENT, "detail": {"bucket": {"name": 5}, "object": {"key": []}}}),
    json.dumps(rule_event({}, "1")),
    json.dumps(rule_event(None, "1")),
    json.dumps({**SNS, "Message": 5}),
    json.dumps({**SNS, "Message": "["}),
]


def handle_event(houses: Model, event: object) -> tuple[Any, list[dict[str, Any]]]:
    """The answer, or the error that was raised, and the results that were sent; there is no S3."""
    queue = Queue()
    clients: Any = Clients(queue)
    try:
        answer = create_handler(Service(houses, Settings("", results_queue_url="https://queue"), clients))(event, None)
    except DeployerError as error:
        return error, queue.results
    return json.loads(json.dumps(answer)), queue.results


def list_failed(answer: Any) -> list[str]:
    """The ids that were handed back."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def batch(*bodies: str) -> tuple[dict[str, Any], list[str]]:
    """SQS's event of these messages, and their ids."""
    sent = messages(*bodies)
    return queue_event(sent, URL), [message["MessageId"] for message in sent]


@pytest.mark.slow
@given(st.lists(BODIES, min_size=1, max_size=3))
@HOSTILE
def test_queue_answers_the_good_and_hands_back_the_bad(houses: Model, hostile: list[str]) -> None:
    good = json.dumps(GOOD)
    event, ids = batch(good, *[text for body in hostile for text in (body, good)])
    answer, results = handle_event(houses, event)
    bad = {
        ids[1 + 2 * place] for place, body in enumerate(hostile) if list_failed(handle_event(houses, batch(body)[0])[0])
    }
    assert set(list_failed(answer)) == bad
    assert [result["prediction"] for result in results if result["id"] in ids[::2]] == [360000.0] * len(ids[::2])
    assert not {result["id"] for result in results} & bad


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
def test_poison_is_handed_back_alone(houses: Model, poison: str) -> None:
    good = json.dumps(GOOD)
    event, (first, bad, last) = batch(good, poison, good)
    answer, results = handle_event(houses, event)
    assert list_failed(answer) == [bad]
    assert [result["id"] for result in results] == [first, last]


@given(DOCUMENTS, st.integers(0, 2))
@example({"messageId": "bad"}, 0)
@example({"messageId": "bad", "body": None, "eventSource": "aws:foo", "attributes": 5}, 0)
@example({"messageId": ["bad"], "body": json.dumps(GOOD)}, 1)
@example({"messageId": "", "body": json.dumps(GOOD)}, 2)
@HOSTILE
def test_record_that_is_no_message_costs_its_batch_nothing(houses: Model, odd: Any, place: int) -> None:
    event, ids = batch(json.dumps(GOOD), json.dumps(GOOD))
    event["Records"].insert(place, odd)
    answer, results = handle_event(houses, event)
    assert [result["id"] for result in results] == ids
    # Lambda takes an id that it does not know for a failure of the whole batch.
    named = isinstance(odd, dict) and isinstance(odd.get("messageId"), str) and odd["messageId"] != ""
    assert list_failed(answer) == ([odd["messageId"]] if named else [])


@pytest.mark.slow
@given(BODIES)
@HOSTILE
def test_topic_answers_the_good_and_says_what_is_wrong_with_the_bad(houses: Model, hostile: str) -> None:
    events = [topic_event(body, str(place)) for place, body in enumerate([json.dumps(GOOD), hostile, json.dumps(GOOD)])]
    answer, results = handle_event(houses, {"Records": [record for event in events for record in event["Records"]]})
    assert {result["id"]: result.get("prediction") for result in results}.items() >= {
        "0": 360000.0,
        "2": 360000.0,
    }.items()
    assert not isinstance(answer, InternalError) or "aws:s3" in hostile or "aws.s3" in hostile  # there is no S3 here


@pytest.mark.slow
@given(DOCUMENTS, st.integers(0, 1))
@HOSTILE
def test_record_that_is_no_notification_costs_its_batch_nothing(houses: Model, odd: Any, place: int) -> None:
    event = topic_event(json.dumps(GOOD), "good")
    event["Records"].insert(place, odd)
    answer, results = handle_event(houses, event)
    assert answer == {"done": 2}
    assert [result["prediction"] for result in results if result["id"] == "good"] == [360000.0]
    assert [result["code"] for result in results if result["id"] is None] == ["malformed_body"]


@pytest.mark.slow
@given(DOCUMENTS, st.booleans())
@example({}, True)
@example(None, True)
@example({"detail-type": "x"}, False)
@HOSTILE
def test_rule_answers_the_good_and_says_what_is_wrong_with_the_bad(houses: Model, odd: Any, detail: bool) -> None:
    events = [rule_event(GOOD, "0"), rule_event(odd, "1") if detail else odd, rule_event(GOOD, "2")]
    _, results = handle_event(houses, events)
    assert {result["id"]: result.get("prediction") for result in results}.items() >= {
        "0": 360000.0,
        "2": 360000.0,
    }.items()
    if not detail and not isinstance(odd, dict):
        assert [result["code"] for result in results if result["id"] is None] == ["malformed_body"]


@pytest.mark.slow
@given(st.one_of(BODIES.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=20)))
@HOSTILE
def test_stream_answers_what_comes_before_the_bad_and_names_it(houses: Model, hostile: bytes) -> None:
    good = json.dumps(GOOD).encode()
    records = [stream_record(place, data) for place, data in enumerate([good, hostile, good])]
    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    bad = list_failed(handle_event(houses, {"Records": [records[1]]})[0])
    answer, results = handle_event(houses, {"Records": records})
    assert list_failed(answer) == bad
    answered = {result["id"] for result in results}
    assert numbers[0] in answered
    assert (numbers[2] in answered) == (not bad)


@pytest.mark.slow
@given(DOCUMENTS, st.integers(0, 2))
@example({"kinesis": {"sequenceNumber": "9" * 5000, "data": ""}}, 1)
@example({"kinesis": {"sequenceNumber": "x", "data": ""}}, 1)
@HOSTILE
def test_record_without_a_place_in_the_shard_costs_its_batch_nothing(houses: Model, odd: Any, place: int) -> None:
    records = [stream_record(number, json.dumps(GOOD).encode()) for number in range(2)]
    records.insert(place, odd)
    answer, results = handle_event(houses, {"Records": records})
    assert list_failed(answer) == []
    assert [result["prediction"] for result in results] == [360000.0, 360000.0]


def test_fault_of_the_runtime_is_that_of_the_message_that_has_it(houses: Model) -> None:
    class Odd(ByRecords):
        def predict(self, columns: Any) -> Any:
            if 1313 in columns[0]:
                raise KeyError("1313")
            return houses.runtime.predict(columns)

    bodies = [json.dumps({**GOOD, "AreaSqft": area}) for area in (1500, 1313, 1500, 1500, 1313)]
    event, ids = batch(*bodies)
    answer, results = handle_event(houses._replace(runtime=Odd()), event)
    assert list_failed(answer) == [ids[1], ids[4]]
    assert [result["id"] for result in results] == [ids[0], ids[2], ids[3]]


def test_data_that_is_no_base64_is_its_own_records_fault(houses: Model) -> None:
    good = base64.b64encode(json.dumps(GOOD).encode()).decode()
    records = [stream_record(place, data) for place, data in enumerate([good, "!", good])]
    answer, results = handle_event(houses, {"Records": records})
    assert list_failed(answer) == [records[1]["kinesis"]["sequenceNumber"]]
    assert [result["id"] for result in results] == [records[0]["kinesis"]["sequenceNumber"]]
