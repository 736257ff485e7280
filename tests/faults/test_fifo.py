"""FIFO queues: within a group, no message is dealt with before one that came earlier."""

import json
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from tests.cloud import faults
from tests.cloud.event_factories import messages, queue_event
from tests.cloud.function import Function
from tests.cloud.proxy import Proxy
from tests.cloud.queue_mapping import QueueMapping
from tests.cloud.services import Cloud, arn_of
from tests.faults.conftest import Results
from tests.faults.records import record

URL = "http://127.0.0.1/123456789012/input.fifo"


def good(count: int) -> list[str]:
    """Messages that can be predicted."""
    random = Random(count)
    return [json.dumps(record(random)) for _ in range(count)]


def list_failed(function: Function, batch: list[dict[str, Any]]) -> list[str]:
    """The ids that came back, in their order."""
    answer = function.invoke(queue_event(batch, URL)).answer
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def ids(*batch: dict[str, Any]) -> list[str]:
    """The messages' ids."""
    return [message["MessageId"] for message in batch]


def test_first_failure_of_a_group_hands_back_its_rest_and_no_other_group(function: Function, results: Results) -> None:
    a1, a2, a3, a4 = messages(*good(1), "not JSON", *good(2), group="a")
    b1, b2 = messages(*good(2), group="b")
    c1, c2 = messages("not JSON", *good(1), group="c")
    assert list_failed(function, [a1, b1, a2, c1, a3, b2, c2, a4]) == ids(a2, c1, a3, c2, a4)
    assert [result["id"] for result in results()] == ids(a1, b1, b2)


@pytest.mark.parametrize("refused", [0, 4, 9])
def test_refused_result_hands_back_the_rest_of_its_group(
    function: Function, proxy: Proxy, results: Results, refused: int
) -> None:
    batch = messages(*good(10), group="a")
    number = ids(*batch)[refused]
    proxy.on("SendMessageBatch", faults.partly(lambda result: result["id"] == number), times=None)
    assert list_failed(function, batch) == ids(*batch)[refused:]
    results()


def test_failed_send_hands_back_every_group_in_order(function: Function, proxy: Proxy, results: Results) -> None:
    proxy.on("SendMessageBatch", faults.status(403), times=None)
    batch = [*messages(*good(3), group="a"), *messages(*good(3), group="b")]
    assert list_failed(function, batch) == ids(*batch)
    assert results() == []


def test_order_of_each_group_outlives_failures_and_kills(
    function: Function, proxy: Proxy, cloud: Cloud, results: Results
) -> None:
    random = Random(7)
    dead_letters = cloud.queue(f"{uuid4()}.fifo", FifoQueue="true")
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead_letters), "maxReceiveCount": 4})
    queue = cloud.queue(f"{uuid4()}.fifo", FifoQueue="true", RedrivePolicy=policy, VisibilityTimeout="360")
    sent = {group: good(12) for group in "abc"}
    sent["b"][5] = "not JSON"
    order = {group: cloud.send(queue, bodies, group=group) for group, bodies in sent.items()}
    proxy.on("SendMessageBatch", faults.status(403), skip=1)
    proxy.on("SendMessageBatch", faults.act_after(function.kill), skip=2)
    proxy.on("SendMessageBatch", faults.partly(lambda result: result["id"] == random.choice(order["a"])), times=3)
    QueueMapping(cloud.sqs, queue, function.invoke).drain()
    found = [result["id"] for result in results()]
    dead = [message["MessageId"] for message in cloud.take_all(dead_letters)]
    assert set(found) | set(dead) == {number for numbers in order.values() for number in numbers}
    assert order["b"][5] in dead
    for numbers in order.values():
        of_group = [number for number in found if number in numbers]
        # A result may come again, but the last of each, as the first of each, are in order.
        last = list(dict.fromkeys(reversed(of_group)))[::-1]
        assert last == [number for number in numbers if number in found]
