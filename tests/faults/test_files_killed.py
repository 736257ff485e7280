"""Files: a function that is killed at any request, or fails at it, leaves what another delivery makes whole."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cloud import faults
from tests.cloud import function as functions
from tests.cloud.asynchronous import AsynchronousInvocation
from tests.cloud.event_factories import messages, queue_event
from tests.cloud.function import Function
from tests.cloud.proxy import Action, Proxy
from tests.cloud.requests_seen import WRITES
from tests.cloud.services import Cloud
from tests.faults.conftest import Results, Stage
from tests.faults.files import LARGE, SMALL, File, Outcome


@pytest.fixture
def invocation(function: Function, cloud: Cloud, stage: Stage) -> AsynchronousInvocation:
    """What invokes the function."""
    return AsynchronousInvocation(function.invoke, cloud.sqs, stage.failure_queue)


def run(function: Function, cloud: Cloud, stage: Stage, proxy: Proxy, body: bytes) -> tuple[Outcome, int]:
    """What becomes of a file without faults, and how many requests that takes."""
    proxy.clear()
    file = File(cloud, stage, body)
    assert function.invoke(file.event).error is None
    return file.outcome(), len(proxy.calls)


# To be killed before a write is, for S3, to be killed after the one before it, or after reading.
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_killed_after_any_write_and_delivered_again_it_writes_the_same(
    invocation: AsynchronousInvocation, function: Function, cloud: Cloud, stage: Stage, proxy: Proxy, *, body: bytes
) -> None:
    expected, _ = run(function, cloud, stage, proxy, body)
    writes = [operation for operation in proxy.operations() if operation in WRITES]
    assert writes[-1] == "PutObject"
    for place, operation in enumerate(writes):
        proxy.clear()
        file = File(cloud, stage, body)
        file.watch(proxy)
        proxy.on("*", faults.act_after(function.kill), skip=place, where=lambda call: call.operation in WRITES)
        killed, last = invocation.deliver(file.event)
        assert (killed.error, last.error) == ("Runtime.ExitError", None), operation
        outcome = file.outcome()
        assert outcome.predictions == expected.predictions, operation
        assert outcome.lasting == expected.lasting, operation
        assert file.never_changed(), operation


@pytest.mark.parametrize(
    ("body", "fault"),
    [(SMALL, faults.status(403)), (SMALL, faults.fail_after_doing(403)), (LARGE, faults.fail_after_doing(403))],
    ids=["small-refused", "small-done", "large-done"],
)
def test_failed_at_any_request_it_is_made_whole_by_the_next_delivery(
    invocation: AsynchronousInvocation,
    function: Function,
    cloud: Cloud,
    stage: Stage,
    proxy: Proxy,
    *,
    body: bytes,
    fault: Action,
) -> None:
    expected, requests = run(function, cloud, stage, proxy, body)
    for place in range(requests):
        proxy.clear()
        file = File(cloud, stage, body)
        file.watch(proxy)
        proxy.on("*", fault, skip=place)
        verdicts = invocation.deliver(file.event)
        assert verdicts[-1].error is None, place
        outcome = file.outcome()
        assert outcome.predictions == expected.predictions, place
        assert outcome.lasting == expected.lasting, place
        assert file.never_changed(), place


@pytest.fixture
def second_function(stage: Stage, proxy: Proxy, houses_bundle: Path, tmp_path: Path) -> Iterator[Function]:
    """Another execution environment of the same function."""
    with functions.running(tmp_path, stage.environment(proxy.url, houses_bundle)) as running:
        yield running


def test_delivered_twice_at_once_it_is_one_object(
    function: Function, second_function: Function, cloud: Cloud, stage: Stage, proxy: Proxy
) -> None:
    expected, _ = run(function, cloud, stage, proxy, LARGE)
    second_function.invoke({"AreaSqft": 1500, "NumBedrooms": 3})
    file = File(cloud, stage, LARGE)
    file.watch(proxy)
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda one: one.invoke(file.event), (function, second_function)))
    # The one that comes second may leave it to another delivery.
    assert None in {verdict.error for verdict in verdicts} <= {None, "RetryLater"}
    assert file.outcome().predictions == expected.predictions
    assert file.never_changed()
    assert file.unfinished() == []


def test_older_version_that_is_overtaken_while_it_is_scored_does_not_win(
    function: Function, second_function: Function, cloud: Cloud, stage: Stage, proxy: Proxy
) -> None:
    file = File(cloud, stage, SMALL)
    older = file.event
    newer = file.replace(SMALL.replace(b"500.0", b"900.0"))
    proxy.on("GetObject", faults.act_before(lambda: second_function.invoke(newer)), where=file.is_read)
    function.invoke(older)
    outcome = file.outcome()
    assert outcome.predictions is not None
    assert outcome.predictions.splitlines()[1].startswith(b"900.0")
    assert outcome.report is not None
    assert outcome.report["source"]["version_id"] == newer["Records"][0]["s3"]["object"]["versionId"]


def test_notification_in_a_queue_comes_back_until_its_file_is_done(
    function: Function, cloud: Cloud, stage: Stage, proxy: Proxy, results: Results
) -> None:
    expected, _ = run(function, cloud, stage, proxy, SMALL)
    first, second = File(cloud, stage, SMALL), File(cloud, stage, SMALL)
    batch = messages(json.dumps(first.event), json.dumps(second.event))
    proxy.on("*", faults.status(403), where=lambda call: call.key.endswith(first.key))
    event = queue_event(batch, "http://127.0.0.1/123456789012/input")
    answer = function.invoke(event).answer
    assert answer == {"batchItemFailures": [{"itemIdentifier": batch[0]["MessageId"]}]}
    assert second.outcome().predictions == expected.predictions
    assert function.invoke(event).answer == {"batchItemFailures": []}
    assert first.outcome().predictions == expected.predictions
    assert results() == []
