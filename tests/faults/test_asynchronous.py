"""SNS and EventBridge: an event ends as a result, with its prediction or its problems, or in the failure queue."""

import json
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from function.model.runtime import Model
from tests.cloud import faults
from tests.cloud.asynchronous import AsynchronousInvocation
from tests.cloud.event_factories import rule_event, topic_event
from tests.cloud.function import Function
from tests.cloud.proxy import Proxy
from tests.cloud.services import Cloud
from tests.faults.conftest import Results, Stage
from tests.faults.records import POISON, RECORD, body, expect_prediction

ONE = json.dumps(RECORD)


@pytest.fixture
def invocation(function: Function, cloud: Cloud, stage: Stage) -> AsynchronousInvocation:
    """What invokes the function."""
    return AsynchronousInvocation(function.invoke, cloud.sqs, stage.failure_queue)


def event_of(source: str, message: str, message_id: str) -> dict[str, Any]:
    """The source's event of a message."""
    return topic_event(message, message_id) if source == "sns" else rule_event(json.loads(message), message_id)


@pytest.mark.parametrize("source", ["sns", "eventbridge"])
def test_result_is_the_direct_prediction(
    invocation: AsynchronousInvocation, results: Results, houses: Model, source: str
) -> None:
    random = Random(3)
    sent = {str(uuid4()): body(random) for _ in range(8)}
    for number, message in sent.items():
        (verdict,) = invocation.deliver(event_of(source, message, number))
        assert verdict.error is None
    assert results() == [expect_prediction(houses, source, number, message) for number, message in sent.items()]


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
def test_poison_of_a_topic_gets_a_result_with_its_problems(
    invocation: AsynchronousInvocation, results: Results, poison: str
) -> None:
    number = str(uuid4())
    (verdict,) = invocation.deliver(topic_event(poison, number))
    assert verdict.error is None
    (result,) = results()
    assert (result["source"], result["id"]) == ("sns", number)
    assert isinstance(result["problems"], list)
    assert result["detail"]
    assert "prediction" not in result


@pytest.mark.parametrize("detail", [{}, {"AreaSqft": "1500", "NumBedrooms": 3}, None, [], "text", {"instances": {}}])
def test_poison_of_a_rule_gets_a_result_with_its_problems(
    invocation: AsynchronousInvocation, results: Results, detail: object
) -> None:
    (verdict,) = invocation.deliver(rule_event(detail, "1"))
    assert verdict.error is None
    (result,) = results()
    assert result["problems"]
    assert (result["source"], result["id"], result["code"]) == ("eventbridge", "1", "invalid_input")


def test_list_of_events_gets_a_result_for_each(invocation: AsynchronousInvocation, results: Results) -> None:
    events = [rule_event(RECORD, "1"), rule_event({}, "2"), rule_event({"instances": [RECORD]}, "3")]
    (verdict,) = invocation.deliver(events)
    assert verdict.error is None
    found = {result["id"]: result for result in results()}
    assert found["1"]["prediction"] == 360000.0
    assert "problems" in found["2"]
    assert found["3"]["predictions"] == [360000.0]


@pytest.mark.parametrize("source", ["sns", "eventbridge"])
@pytest.mark.parametrize("failed_attempts", [1, 2])
def test_results_queue_that_recovers_costs_an_attempt_and_no_event(
    invocation: AsynchronousInvocation,
    proxy: Proxy,
    results: Results,
    failures: Results,
    *,
    source: str,
    failed_attempts: int,
) -> None:
    proxy.on("SendMessageBatch", faults.status(403), times=failed_attempts)
    *failed, last = invocation.deliver(event_of(source, ONE, "1"))
    assert [verdict.error for verdict in failed] == ["RetryLater"] * failed_attempts
    assert last.error is None
    assert [result["prediction"] for result in results()] == [360000.0]
    assert failures() == []


@pytest.mark.parametrize("source", ["sns", "eventbridge"])
def test_event_that_cannot_be_answered_ends_in_the_failure_queue_and_can_be_redriven(
    invocation: AsynchronousInvocation, proxy: Proxy, results: Results, failures: Results, source: str
) -> None:
    proxy.on("SendMessageBatch", faults.partly(lambda _: True), times=None)
    assert len(invocation.deliver(event_of(source, ONE, "1"))) == 3
    proxy.clear()
    assert results() == []
    (record,) = failures()
    assert record["responsePayload"]["errorType"] == "RetryLater"
    invocation.deliver(record["requestPayload"])
    assert [result["prediction"] for result in results()] == [360000.0]


def test_function_killed_after_its_send_answers_twice_and_the_same(
    invocation: AsynchronousInvocation, function: Function, proxy: Proxy, results: Results
) -> None:
    proxy.on("SendMessageBatch", faults.act_after(function.kill))
    killed, verdict = invocation.deliver(topic_event(ONE, "1"))
    assert (killed.error, verdict.error) == ("Runtime.ExitError", None)
    first, second = results()
    assert first == second


def test_error_tells_no_value_and_no_path(function: Function, proxy: Proxy) -> None:
    proxy.on("SendMessageBatch", faults.status(403), times=None)
    verdict = function.invoke(topic_event('{"AreaSqft": 1500.0625, "NumBedrooms": 3}', "canary-id"))
    assert verdict.error == "RetryLater"
    for text in ("1500.0625", "canary-id", "/work", ".py", "127.0.0.1"):
        assert text not in verdict.message
    assert "1500.0625" not in function.log
