"""The models of what invokes the function do as AWS documents; above all, they lose what a careless answer loses."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.cloud import function as functions
from tests.cloud.asynchronous import AsynchronousInvocation
from tests.cloud.batch_response import list_failed_items
from tests.cloud.event_factories import stream_record
from tests.cloud.function import Verdict
from tests.cloud.queue_mapping import QueueMapping
from tests.cloud.services import Cloud, arn_of
from tests.cloud.stream_mapping import StreamMapping, number_of
from tests.faults.conftest import Results, Stage

IDS = ["a", "b", "c"]


def failing(*identifiers: object) -> Verdict:
    """The answer that names these as failed."""
    return Verdict({"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]})


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"failures": [{"itemIdentifier": "a"}]}],
)
def test_answer_without_failures_is_full_success(answer: Any) -> None:
    assert list_failed_items(Verdict(answer), IDS) == set()


@pytest.mark.parametrize(
    "verdict",
    [
        failing("a", ""),
        failing(None),
        failing("a", "unknown"),
        Verdict({"batchItemFailures": [{"messageId": "a"}]}),
        Verdict({"batchItemFailures": ["a"]}),
        Verdict("done"),
        Verdict(None, "InternalError"),
        Verdict(None, "Timeout"),
        Verdict(None, "Runtime.ExitError"),
    ],
)
def test_error_or_wrong_identifier_is_full_failure(verdict: Verdict) -> None:
    assert list_failed_items(verdict, IDS) == {"a", "b", "c"}


def test_named_items_fail_alone() -> None:
    assert list_failed_items(failing("c", "a", "a"), IDS) == {"a", "c"}


@pytest.mark.parametrize(
    ("handler", "lost"),
    [("returns_none", True), ("returns_empty_object", True), ("returns_other_key", True), ("returns_all", False)],
)
def test_careless_answers_lose_messages_for_good(cloud: Cloud, tmp_path: Path, handler: str, *, lost: bool) -> None:
    dead_letters = cloud.queue(f"dead-{handler}")
    policy = f'{{"deadLetterTargetArn": "{arn_of(dead_letters)}", "maxReceiveCount": 2}}'
    queue = cloud.queue(f"in-{handler}", RedrivePolicy=policy)
    ids = cloud.send(queue, [str(index) for index in range(12)])
    with functions.running(tmp_path, {}, handler=f"tests.faults.handlers.{handler}") as function:
        mapping = QueueMapping(cloud.sqs, queue, function.invoke)
        mapping.drain()
    assert len(mapping.verdicts) == (2 if lost else 4)
    found = {message["MessageId"] for message in cloud.take_all(dead_letters)}
    assert found == (set() if lost else set(ids))


def test_timeout_is_told_from_an_answer(tmp_path: Path) -> None:
    with functions.running(tmp_path, {}, handler="tests.faults.handlers.sleeps", timeout=1) as function:
        assert function.invoke({}).error == "Timeout"


def test_queue_hands_a_message_out_in_its_group_s_order(cloud: Cloud) -> None:
    queue = cloud.queue(f"{uuid4()}.fifo", FifoQueue="true", VisibilityTimeout="360")
    ids = cloud.send(queue, ["1", "2", "3"], group="a")
    seen: list[list[str]] = []

    def invoke(event: Any) -> Verdict:
        batch = [record["messageId"] for record in event["Records"]]
        seen.append(batch)
        return failing(*batch[1:])

    QueueMapping(cloud.sqs, queue, invoke).drain()
    assert seen == [ids, ids[1:], ids[2:]]


def test_third_failed_attempt_leaves_a_record(cloud: Cloud, stage: Stage, failures: Results) -> None:
    answers = iter([Verdict(None, "RetryLater"), Verdict("done"), *[Verdict(None, "Timeout")] * 3])
    invocation = AsynchronousInvocation(lambda _: next(answers), cloud.sqs, stage.failure_queue)
    assert [verdict.error for verdict in invocation.deliver({"n": 1})] == ["RetryLater", None]
    assert len(invocation.deliver({"n": 2})) == 3
    (record,) = failures()
    assert record["requestPayload"] == {"n": 2}
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "Timeout"


def poison_at(*places: int) -> tuple[list[dict[str, Any]], set[str]]:
    """Ten records, and the numbers of those that cannot be dealt with."""
    records = [stream_record(index, b"{}") for index in range(10)]
    return records, {number_of(records[place]) for place in places}


def test_stream_goes_on_from_the_lowest_failed_number(cloud: Cloud, stage: Stage, failures: Results) -> None:
    records, poison = poison_at(3, 7)
    sizes: list[int] = []

    def invoke(event: Any) -> Verdict:
        sizes.append(len(event["Records"]))
        return failing(*sorted(poison & {number_of(record) for record in event["Records"]}, reverse=True))

    StreamMapping(invoke, cloud.sqs, stage.failure_queue).process(records)
    assert sizes == [10, 7, 7, 7]
    (record,) = failures()
    assert record["KinesisBatchInfo"]["startSequenceNumber"] == number_of(records[3])
    assert record["KinesisBatchInfo"]["batchSize"] == 7


def test_stream_with_bisection_narrows_an_error_down(cloud: Cloud, stage: Stage, failures: Results) -> None:
    records, poison = poison_at(3)

    def invoke(event: Any) -> Verdict:
        hit = poison & {number_of(record) for record in event["Records"]}
        return Verdict(None, "InternalError") if hit else Verdict({"batchItemFailures": []})

    StreamMapping(invoke, cloud.sqs, stage.failure_queue, bisect=True).process(records)
    (record,) = failures()
    assert (record["KinesisBatchInfo"]["startSequenceNumber"], record["KinesisBatchInfo"]["batchSize"]) == (
        number_of(records[3]),
        1,
    )
