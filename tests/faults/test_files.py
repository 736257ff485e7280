"""Files: the predictions of a whole file become visible at once or not at all, whatever S3 does."""

import io
from collections.abc import Callable
from typing import Any

import pandas
import pytest

from tests.cloud import faults
from tests.cloud.asynchronous import AsynchronousInvocation
from tests.cloud.function import Function
from tests.cloud.proxy import Action, Proxy
from tests.cloud.services import Cloud
from tests.faults.conftest import Results, Stage
from tests.faults.files import LARGE, LARGE_ROWS, SMALL, File, Outcome

type Put = Callable[[bytes], File]


@pytest.fixture
def put(cloud: Cloud, stage: Stage, proxy: Proxy) -> Put:
    """Stores a file and watches its results."""

    def put(body: bytes) -> File:
        file = File(cloud, stage, body)
        file.watch(proxy)
        return file

    return put


@pytest.fixture
def invocation(function: Function, cloud: Cloud, stage: Stage) -> AsynchronousInvocation:
    """What invokes the function."""
    return AsynchronousInvocation(function.invoke, cloud.sqs, stage.failure_queue)


def clean(function: Function, cloud: Cloud, stage: Stage, body: bytes) -> Outcome:
    """What becomes of a file without faults."""
    file = File(cloud, stage, body)
    assert function.invoke(file.event).error is None
    return file.outcome()


@pytest.fixture(scope="module")
def small(function: Function, cloud: Cloud, stage: Stage) -> Outcome:
    """What becomes of the small file."""
    return clean(function, cloud, stage, SMALL)


@pytest.fixture(scope="module")
def large(function: Function, cloud: Cloud, stage: Stage) -> Outcome:
    """What becomes of the large file."""
    return clean(function, cloud, stage, LARGE)


def assert_whole(file: File, expected: Outcome) -> None:
    """The file's results are those of a run without faults, and nothing else was ever to be seen."""
    outcome = file.outcome()
    assert outcome.predictions == expected.predictions
    assert outcome.lasting == expected.lasting
    assert file.never_changed()
    assert file.unfinished() == []


def assert_nothing(file: File) -> None:
    """Nothing was ever to be seen, and nothing is left behind."""
    assert file.seen == {}
    assert file.outcome() == Outcome(None, None)
    assert file.unfinished() == []


def test_runs_without_faults_read_and_write_each_byte_once(large: Outcome, small: Outcome) -> None:
    for outcome, body, rows in ((small, SMALL, 40), (large, LARGE, LARGE_ROWS)):
        assert outcome.report is not None
        assert outcome.predictions is not None
        assert outcome.report["rows_read"] == rows
        lines = outcome.predictions.splitlines()
        assert len(lines) == rows + 1
        assert [line.split(b",")[0] for line in lines] == [line.split(b",")[0] for line in body.splitlines()]


MOMENTARY = {
    "503": faults.status(503),
    "500": faults.status(500),
    "reset": faults.reset,
    "short": faults.short(0.5),
    "short at once": faults.short(0),
    "short by a byte": faults.short(0.9999999),
    "broken off": faults.break_off(0.5),
    "slow": faults.slow(5_000_000),
}


@pytest.mark.parametrize("fault", MOMENTARY.values(), ids=MOMENTARY)
@pytest.mark.parametrize("size", ["small", "large"])
def test_read_that_fails_once_costs_nothing(
    function: Function, proxy: Proxy, put: Put, request: pytest.FixtureRequest, fault: Action, *, size: str
) -> None:
    file = put(SMALL if size == "small" else LARGE)
    rule = proxy.on("GetObject", fault, where=file.is_read)
    assert function.invoke(file.event).error is None
    assert rule.hits == 1
    assert_whole(file, request.getfixturevalue(size))


@pytest.mark.parametrize("fault", [faults.corrupt, faults.wrong_checksum], ids=["body", "header"])
@pytest.mark.parametrize("size", ["small", "large"])
def test_changed_bytes_are_never_scored(
    invocation: AsynchronousInvocation,
    proxy: Proxy,
    put: Put,
    request: pytest.FixtureRequest,
    fault: Action,
    *,
    size: str,
) -> None:
    file = put(SMALL if size == "small" else LARGE)
    proxy.on("GetObject", fault, where=file.is_read)
    *failed, last = invocation.deliver(file.event, lambda _: assert_nothing(file))
    assert {verdict.error for verdict in failed} <= {"RetryLater"}
    assert last.error is None
    assert_whole(file, request.getfixturevalue(size))


LASTING = {
    "403": faults.status(403),
    "503": faults.status(503),
    "reset": faults.reset,
    "short": faults.short(0.2),
    "broken off": faults.break_off(0.01),
    "corrupted": faults.corrupt,
}


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
def test_read_that_keeps_failing_ends_in_the_failure_queue_with_nothing_visible(
    function: Function, proxy: Proxy, put: Put, fault: Action
) -> None:
    file = put(LARGE if fault in (LASTING["short"], LASTING["corrupted"]) else SMALL)
    proxy.on("GetObject", fault, times=None, where=file.is_read)
    verdict = function.invoke(file.event)
    assert verdict.error == "RetryLater"
    for text in ("/work", ".py", "127.0.0.1", file.key):
        assert text not in verdict.message
    assert_nothing(file)


def test_failure_record_can_be_redriven(
    invocation: AsynchronousInvocation, proxy: Proxy, put: Put, small: Outcome, failures: Results
) -> None:
    file = put(SMALL)
    proxy.on("*", faults.status(403), times=None)
    assert [verdict.error for verdict in invocation.deliver(file.event)] == ["RetryLater"] * 3
    proxy.clear()
    (record,) = failures()
    assert [verdict.error for verdict in invocation.deliver(record["requestPayload"])] == [None]
    assert_whole(file, small)


@pytest.mark.parametrize("status", [404, 412])
@pytest.mark.parametrize("operation", ["HeadObject", "GetObject"])
def test_object_that_is_gone_or_replaced_is_left_to_its_own_event(
    function: Function, proxy: Proxy, put: Put, status: int, operation: str
) -> None:
    file = put(SMALL)
    rule = proxy.on(operation, faults.status(status), times=None, where=file.is_read)
    verdict = function.invoke(file.event)
    assert verdict.error is None
    assert rule.hits == 1
    assert file.outcome().predictions is None
    assert file.unfinished() == []


def test_object_replaced_after_the_event_is_not_taken_for_the_one_it_names(function: Function, put: Put) -> None:
    file = put(SMALL)
    described: dict[str, Any] = file.event["Records"][0]["s3"]["object"]
    del described["versionId"]
    file.replace(SMALL.replace(b"500", b"900"))
    function.invoke(file.event)
    assert file.outcome().predictions is None


WRITING = {
    "503": faults.status(503),
    "500": faults.status(500),
    "reset": faults.reset,
    "lost": faults.lost,
    "done, but 500": faults.fail_after_doing(500),
}


@pytest.mark.parametrize("fault", WRITING.values(), ids=WRITING)
@pytest.mark.parametrize(
    ("operation", "skip"),
    [("CreateMultipartUpload", 0), ("UploadPart", 1), ("CompleteMultipartUpload", 0)],
)
def test_write_that_fails_once_loses_and_changes_nothing(
    invocation: AsynchronousInvocation,
    proxy: Proxy,
    put: Put,
    large: Outcome,
    fault: Action,
    *,
    operation: str,
    skip: int,
) -> None:
    file = put(LARGE)
    rule = proxy.on(operation, fault, skip=skip)
    verdicts = invocation.deliver(file.event)
    assert rule.hits == 1
    assert verdicts[-1].error is None
    outcome = file.outcome()
    assert outcome.predictions == large.predictions
    assert outcome.lasting == large.lasting
    assert file.never_changed()
    # The id of an upload whose beginning was not answered is known to nobody: the bucket's lifecycle removes it.
    if operation != "CreateMultipartUpload":
        assert file.unfinished() == []


def test_error_inside_a_200_of_the_last_step_is_an_error(
    invocation: AsynchronousInvocation, proxy: Proxy, put: Put, large: Outcome
) -> None:
    file = put(LARGE)
    rule = proxy.on("CompleteMultipartUpload", faults.fail_inside_200)
    assert invocation.deliver(file.event)[-1].error is None
    assert rule.hits == 1
    assert_whole(file, large)


@pytest.mark.parametrize(
    ("operation", "status"),
    [("CreateMultipartUpload", 403), ("UploadPart", 403), ("UploadPart", 503), ("CompleteMultipartUpload", 503)],
)
def test_write_that_keeps_failing_leaves_nothing_behind(
    function: Function, proxy: Proxy, put: Put, operation: str, status: int
) -> None:
    file = put(LARGE)
    proxy.on(operation, faults.status(status), times=None, skip=operation == "UploadPart")
    assert function.invoke(file.event).error == "RetryLater"
    assert_nothing(file)


def test_report_that_cannot_be_written_makes_the_file_come_again(
    invocation: AsynchronousInvocation, proxy: Proxy, put: Put, small: Outcome
) -> None:
    file = put(SMALL)
    rule = proxy.on("PutObject", faults.status(403), where=lambda call: call.key.endswith(".report.json"))
    failed, last = invocation.deliver(file.event)
    assert (failed.error, last.error, rule.hits) == ("RetryLater", None, 1)
    assert_whole(file, small)


def test_delivered_again_it_stops_or_writes_the_same(
    function: Function, proxy: Proxy, put: Put, large: Outcome
) -> None:
    file = put(LARGE)
    for _ in range(3):
        assert function.invoke(file.event).error is None
        assert_whole(file, large)


@pytest.fixture
def parquet(cloud: Cloud, stage: Stage, proxy: Proxy) -> File:
    """A stored Parquet file, which is read in ranges."""
    table = pandas.read_csv(io.BytesIO(SMALL)).drop(columns="note")
    file = File(cloud, stage, table.to_parquet(compression=None), suffix=".parquet")
    file.watch(proxy)
    return file


@pytest.mark.parametrize("fault", MOMENTARY.values(), ids=MOMENTARY)
def test_read_of_a_range_that_fails_once_costs_nothing(
    function: Function, proxy: Proxy, parquet: File, fault: Action
) -> None:
    rule = proxy.on("GetObject", fault, where=parquet.is_read)
    assert function.invoke(parquet.event).error is None
    assert rule.hits == 1
    outcome = parquet.outcome()
    assert outcome.predictions is not None
    table = pandas.read_parquet(io.BytesIO(outcome.predictions))
    assert list(table["AreaSqft"]) == list(pandas.read_csv(io.BytesIO(SMALL))["AreaSqft"])
    assert parquet.never_changed()


@pytest.mark.parametrize("place", range(3))
def test_changed_bytes_of_a_range_are_never_scored(
    invocation: AsynchronousInvocation, function: Function, proxy: Proxy, parquet: File, place: int
) -> None:
    proxy.on("GetObject", faults.corrupt, skip=place, where=parquet.is_read)
    assert invocation.deliver(parquet.event)[-1].error is None
    outcome = parquet.outcome()
    assert outcome.predictions is not None
    table = pandas.read_parquet(io.BytesIO(outcome.predictions))
    assert list(table["AreaSqft"]) == list(pandas.read_csv(io.BytesIO(SMALL))["AreaSqft"])


def test_event_of_an_older_version_that_comes_late_changes_nothing(function: Function, cloud: Cloud, put: Put) -> None:
    file = put(SMALL)
    newer = file.replace(SMALL.replace(b"500.0", b"900.0"))
    assert function.invoke(newer).error is None
    expected = file.outcome()
    assert expected.predictions is not None
    assert expected.predictions.splitlines()[1].startswith(b"900.0")
    assert function.invoke(file.event).error is None
    assert file.outcome() == expected


def test_one_bad_object_of_several_costs_the_others_nothing(
    invocation: AsynchronousInvocation, proxy: Proxy, put: Put, small: Outcome
) -> None:
    first, second = put(SMALL), put(SMALL)
    event = {"Records": [*first.event["Records"], *second.event["Records"]]}
    proxy.on("GetObject", faults.status(403), where=first.is_read)
    failed, last = invocation.deliver(event, lambda _: assert_whole(second, small))
    assert (failed.error, last.error) == ("RetryLater", None)
    assert_whole(first, small)
    assert_whole(second, small)
