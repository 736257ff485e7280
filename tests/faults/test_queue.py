"""SQS: a message is gone from its queue only once its result is accepted, whatever happens to the results queue."""

import json
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from function.model.runtime import Model
from tests.cloud import faults
from tests.cloud import function as functions
from tests.cloud.event_factories import messages, queue_event
from tests.cloud.function import Function, Verdict
from tests.cloud.proxy import Action, Proxy
from tests.cloud.queue_mapping import QueueMapping
from tests.cloud.services import Cloud, arn_of
from tests.faults.conftest import Results, Stage
from tests.faults.records import POISON, RECORD, body, expect_prediction

URL = "http://127.0.0.1/123456789012/input"


def list_failed(verdict: Verdict) -> list[str]:
    """The ids of the answer, which is always an object with a list."""
    assert verdict.error is None
    assert list(verdict.answer) == ["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in verdict.answer["batchItemFailures"]]


def bodies(count: int) -> list[str]:
    """Messages that can be predicted."""
    random = Random(count)
    return [body(random) for _ in range(count)]


def ids(batch: list[dict[str, Any]]) -> list[str]:
    """The messages' ids."""
    return [message["MessageId"] for message in batch]


def test_every_message_gets_the_direct_prediction_as_its_result(
    function: Function, proxy: Proxy, results: Results, houses: Model
) -> None:
    batch = messages(*bodies(25))
    assert list_failed(function.invoke(queue_event(batch, URL))) == []
    assert results() == [expect_prediction(houses, "sqs", message["MessageId"], message["Body"]) for message in batch]
    assert proxy.operations() == ["SendMessageBatch"] * 3


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
def test_poison_comes_back_alone(function: Function, results: Results, poison: str) -> None:
    before, after = messages(*bodies(2))
    (bad,) = messages(poison)
    assert list_failed(function.invoke(queue_event([before, bad, after], URL))) == ids([bad])
    assert [result["id"] for result in results()] == ids([before, after])


def test_batch_of_poison_comes_back_whole_and_leaves_nothing_behind(function: Function, results: Results) -> None:
    batch = messages(*POISON)
    assert list_failed(function.invoke(queue_event(batch, URL))) == ids(batch)
    (message,) = good = messages(*bodies(1))
    assert list_failed(function.invoke(queue_event(good, URL))) == []
    assert [result["id"] for result in results()] == [message["MessageId"]]


def test_message_that_stands_twice_in_a_batch_is_one(function: Function, results: Results) -> None:
    first, second = messages(*bodies(1), "not JSON")
    verdict = function.invoke(queue_event([first, second, first, second], URL))
    assert list_failed(verdict) == ids([second])
    assert [result["id"] for result in results()] == ids([first])


@pytest.mark.parametrize("fault", [faults.status(503), faults.status(500), faults.reset], ids=["503", "500", "reset"])
def test_send_that_fails_for_a_moment_is_repeated(
    function: Function, proxy: Proxy, results: Results, fault: Action
) -> None:
    proxy.on("SendMessageBatch", fault)
    batch = messages(*bodies(3))
    assert list_failed(function.invoke(queue_event(batch, URL))) == []
    assert [result["id"] for result in results()] == ids(batch)


@pytest.mark.parametrize("fault", [faults.status(403), faults.reset], ids=["403", "reset"])
def test_messages_come_back_while_the_results_queue_fails(
    function: Function, proxy: Proxy, results: Results, fault: Action
) -> None:
    proxy.on("SendMessageBatch", fault, times=None)
    batch = messages(*bodies(3))
    assert list_failed(function.invoke(queue_event(batch, URL))) == ids(batch)
    proxy.clear()
    assert results() == []
    assert list_failed(function.invoke(queue_event(batch, URL))) == []
    assert [result["id"] for result in results()] == ids(batch)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"[]", b"<html>", b'{"Successful": 1}', b'{"Successful": [1]}', b'{"Failed": []}']
)
def test_answer_that_names_nothing_as_successful_has_accepted_nothing(
    function: Function, proxy: Proxy, results: Results, body: bytes
) -> None:
    proxy.on("SendMessageBatch", faults.answer_with(body), times=None)
    batch = messages(*bodies(12))
    assert list_failed(function.invoke(queue_event(batch, URL))) == ids(batch)
    assert results() == []


def test_lost_answer_sends_results_again_but_loses_none(function: Function, proxy: Proxy, results: Results) -> None:
    proxy.on("SendMessageBatch", faults.lost)
    batch = messages(*bodies(3))
    assert list_failed(function.invoke(queue_event(batch, URL))) == []
    found = results()
    assert {result["id"] for result in found} == set(ids(batch))
    assert all(result in found[:3] for result in found[3:])


@pytest.mark.parametrize("delivered", [False, True])
def test_messages_whose_results_are_refused_come_back_alone(
    function: Function, proxy: Proxy, results: Results, *, delivered: bool
) -> None:
    batch = messages(*bodies(10))
    refused = set(ids(batch)[2:9:3])
    proxy.on("SendMessageBatch", faults.partly(lambda result: result["id"] in refused, delivered=delivered), times=None)
    assert list_failed(function.invoke(queue_event(batch, URL))) == [one for one in ids(batch) if one in refused]
    assert len(results()) == (10 if delivered else 7)


def test_result_that_is_never_accepted_takes_no_other_message_with_it(
    function: Function, proxy: Proxy, results: Results
) -> None:
    batch = messages(*bodies(25))
    refused = ids(batch)[3]
    proxy.on("SendMessageBatch", faults.partly(lambda result: result["id"] == refused), times=None)
    assert list_failed(function.invoke(queue_event(batch, URL))) == [refused]
    assert len(results()) == 24


def test_result_that_is_too_large_takes_no_other_message_with_it(function: Function, results: Results) -> None:
    # Two warnings for each of ten thousand records make more than SQS takes.
    huge = json.dumps({"instances": [{"AreaSqft": 9, "NumBedrooms": 9}] * 10_000})
    first, large, last = batch = messages(*bodies(1), huge, *bodies(1))
    assert list_failed(function.invoke(queue_event(batch, URL))) == ids([large])
    assert [result["id"] for result in results()] == ids([first, last])


def test_poison_ends_in_the_dead_letter_queue_and_the_others_in_results(
    function: Function, cloud: Cloud, results: Results, houses: Model
) -> None:
    dead_letters = cloud.queue(str(uuid4()))
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead_letters), "maxReceiveCount": 3})
    queue = cloud.queue(str(uuid4()), RedrivePolicy=policy)
    sent = [*bodies(20), POISON[0], POISON[4]]
    numbers = dict(zip(cloud.send(queue, sent), sent, strict=True))
    mapping = QueueMapping(cloud.sqs, queue, function.invoke)
    mapping.drain()
    assert all(list(verdict.answer) == ["batchItemFailures"] for verdict in mapping.verdicts)
    assert [message["Body"] for message in cloud.take_all(dead_letters)] == [POISON[0], POISON[4]]
    found = results()
    assert len(found) == 20
    assert all(result == expect_prediction(houses, "sqs", result["id"], numbers[result["id"]]) for result in found)


def test_missing_queue_is_named_at_the_first_message(
    stage: Stage, shared_proxy: Proxy, houses_bundle: Path, tmp_path: Path
) -> None:
    environment = stage.environment(shared_proxy.url, houses_bundle) | {"RESULTS_QUEUE_URL": ""}
    with functions.running(tmp_path, environment) as function:
        assert function.invoke(RECORD).answer["prediction"] == 360000.0
        verdict = function.invoke(queue_event(messages(*bodies(1)), URL))
    assert verdict.error == "SettingError"
    assert "RESULTS_QUEUE_URL" in verdict.message


def test_queue_that_does_not_exist_hands_messages_back(
    stage: Stage, shared_proxy: Proxy, houses_bundle: Path, tmp_path: Path
) -> None:
    wrong = {"RESULTS_QUEUE_URL": f"{stage.results_queue}-gone"}
    with functions.running(tmp_path, stage.environment(shared_proxy.url, houses_bundle) | wrong) as function:
        batch = messages(*bodies(2))
        assert list_failed(function.invoke(queue_event(batch, URL))) == ids(batch)


def test_missing_credentials_hand_messages_back(
    stage: Stage, shared_proxy: Proxy, houses_bundle: Path, tmp_path: Path
) -> None:
    environment = stage.environment(shared_proxy.url, houses_bundle)
    environment = {name: value for name, value in environment.items() if not name.startswith("AWS_ACCESS_KEY")}
    with functions.running(tmp_path, environment) as function:
        batch = messages(*bodies(2))
        assert list_failed(function.invoke(queue_event(batch, URL))) == ids(batch)
