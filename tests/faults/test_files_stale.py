"""Files: a version that cannot be scored leaves no predictions of an earlier one beside its report, killed or not."""

import json
from collections.abc import Callable

import pytest

from tests.cloud import faults
from tests.cloud.asynchronous import AsynchronousInvocation
from tests.cloud.function import Function
from tests.cloud.proxy import Proxy
from tests.cloud.requests_seen import WRITES, Call
from tests.cloud.services import Cloud
from tests.faults.conftest import Stage
from tests.faults.files import LARGE, SMALL, File

WRONG = b"foo,bar\n1,2\n"


@pytest.fixture
def invocation(function: Function, cloud: Cloud, stage: Stage) -> AsynchronousInvocation:
    """What invokes the function."""
    return AsynchronousInvocation(function.invoke, cloud.sqs, stage.failure_queue)


def pairs(file: File, proxy: Proxy) -> Callable[[], list[tuple[bool, str | None]]]:
    """From now on notes, after each write, whether predictions are there and which code the report has."""
    seen: list[tuple[bool, str | None]] = []

    def look(call: Call) -> None:
        if call.operation in WRITES:
            outcome = file.outcome()
            error = (outcome.report or {}).get("error")
            seen.append((outcome.predictions is not None, error and error["code"]))

    proxy.after_each = look
    return lambda: seen


def ends_as_refused(file: File) -> bool:
    outcome = file.outcome()
    assert outcome.report is not None
    return outcome.predictions is None and outcome.report["error"]["code"] == "invalid_input"


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_wrong_version_after_a_right_one_leaves_its_report_alone(
    function: Function, cloud: Cloud, stage: Stage, proxy: Proxy, *, body: bytes
) -> None:
    file = File(cloud, stage, body)
    assert function.invoke(file.event).error is None
    seen = pairs(file, proxy)
    assert function.invoke(file.replace(WRONG)).error is None
    assert ends_as_refused(file)
    assert seen() == [(False, None), (False, "invalid_input")]
    assert function.invoke(file.replace(body)).error is None
    assert file.outcome().predictions is not None


def test_killed_at_any_write_or_refused_there_no_wrong_pair_is_ever_seen(
    invocation: AsynchronousInvocation, function: Function, cloud: Cloud, stage: Stage, proxy: Proxy
) -> None:
    for place in range(2):
        for fault, error in (
            (faults.act_after(function.kill), "Runtime.ExitError"),
            (faults.status(403), "RetryLater"),
            (faults.fail_after_doing(403), "RetryLater"),
        ):
            proxy.clear()
            file = File(cloud, stage, SMALL)
            assert function.invoke(file.event).error is None
            seen = pairs(file, proxy)
            proxy.on("*", fault, skip=place, where=lambda call: call.operation in WRITES)
            wrong = file.replace(WRONG)
            failed, last = invocation.deliver(wrong)
            assert (failed.error, last.error) == (error, None), place
            assert ends_as_refused(file), place
            assert (True, "invalid_input") not in seen(), place


def test_wrong_version_that_is_overtaken_takes_nothing_back(
    function: Function, cloud: Cloud, stage: Stage, proxy: Proxy
) -> None:
    file = File(cloud, stage, SMALL)
    wrong = file.replace(WRONG)
    right = file.replace(SMALL)
    assert function.invoke(right).error is None
    expected = file.outcome()
    assert function.invoke(wrong).error is None
    assert file.outcome() == expected
    # The newer version's report is not there yet: its predictions say themselves which event they are of.
    report = f"predictions/{file.key}.report.json"
    cloud.s3.delete_object(Bucket=stage.results, Key=report)
    assert function.invoke(wrong).error is None
    assert file.outcome().predictions == expected.predictions
    assert file.outcome().report is None


def test_predictions_that_are_replaced_meanwhile_are_kept(
    invocation: AsynchronousInvocation, function: Function, cloud: Cloud, stage: Stage, proxy: Proxy
) -> None:
    file = File(cloud, stage, SMALL)
    assert function.invoke(file.event).error is None
    wrong = file.replace(WRONG)
    key = f"predictions/{file.key}.csv"

    def replace() -> None:
        metadata = {"sequencer": "f" * 16}
        cloud.s3.put_object(Bucket=stage.results, Key=key, Body=b"newer", Metadata=metadata)

    proxy.on("DeleteObject", faults.act_before(replace))
    failed, last = invocation.deliver(wrong)
    assert (failed.error, last.error) == ("RetryLater", None)
    outcome = file.outcome()
    assert outcome.predictions == b"newer"
    assert outcome.report is not None
    assert json.dumps(outcome.report["error"]) == "null"
