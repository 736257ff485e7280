"""The state machine of docs/: its language, and its runs against moto with the function's handler. Loopback only.

moto's interpreter runs it over HTTP: it reads the CSV from S3, works out the expressions, invokes the Lambda, retries
and catches. Not emulated, since moto's grammar does not know them, and left out for a run: ItemBatcher (an ItemSelector
that makes batches of one does its work; larger ones go to the child workflow as Step Functions would hand them to it),
ResultWriter (so a run's output is that of the children), EXPRESS (children run as STANDARD). ToleratedFailurePercentage
has no effect: a child that fails fails the run. A file that is not there ends in moto's own error, not in
States.ItemReaderFailed.
"""

import copy
import csv
import io
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
import requests
from cfnlint.api import lint  # type: ignore[import-untyped]  # it ships no types

from function import errors
from function.files.formats import csv_file
from function.model import prediction
from function.model.runtime import Model
from tests.emulator import REPOSITORY, free_port, wait_for_port
from tests.unit.files.files import convert_bytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

type Machine = dict[str, Any]

FILE = REPOSITORY / "docs" / "state-machine.asl.json"
ROLE = "arn:aws:iam::123456789012:role/state-machine"


def machine() -> Machine:
    """The state machine as it ships."""
    definition: Machine = json.loads(FILE.read_text())
    return definition


def child() -> Machine:
    """The workflow that the map starts for each batch, as a state machine of its own."""
    processor = machine()["States"]["Predict file"]["ItemProcessor"]
    return {"QueryLanguage": "JSONata", "StartAt": processor["StartAt"], "States": processor["States"]}


def remove_what_moto_lacks(definition: Machine) -> Machine:
    """The same machine with batches of one and no result writer."""
    definition = copy.deepcopy(definition)
    state = definition["States"]["Predict file"]
    batch_input = state.pop("ItemBatcher")["BatchInput"]
    state["ItemSelector"] = {"Items": ["{% $states.context.Map.Item.Value %}"], "BatchInput": batch_input}
    state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = "STANDARD"
    state["ToleratedFailurePercentage"] = float(state["ToleratedFailurePercentage"])
    del state["ResultWriter"]
    return definition


# ---- The language ----


def faults(definition: Machine) -> list[str]:
    """What cfn-lint's schema of the Amazon States Language finds, and transitions that lead nowhere or are missing."""
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": ROLE, "Definition": definition}}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": resource}}
    found = [match.message for match in lint(json.dumps(template), config={"regions": ["eu-central-1"]})]
    return [*found, *lost(definition)]


def lost(part: Machine) -> Iterator[str]:
    """Targets of transitions that are no state beside them, and states that no transition leads to."""
    states = part["States"]
    targets = {part["StartAt"]}
    for state in states.values():
        targets |= {state["Next"]} if "Next" in state else set()
        targets |= {catcher["Next"] for catcher in state.get("Catch", [])}
        if "ItemProcessor" in state:
            yield from lost(state["ItemProcessor"])
    yield from sorted(targets ^ set(states))


def test_definition_is_amazon_states_language() -> None:
    assert faults(machine()) == []


@pytest.mark.parametrize("change", ["type", "next", "start", "field"])
def test_faulty_definition_is_noticed(change: str) -> None:
    definition = machine()
    states = definition["States"]["Predict file"]["ItemProcessor"]["States"]
    match change:
        case "type":
            states["Predict batch"]["Type"] = "Tusk"
        case "next":
            states["Predict batch"]["Catch"][0]["Next"] = "Nowhere"
        case "start":
            definition["StartAt"] = "Nowhere"
        case "field":
            definition["States"]["Predict file"]["ItemBatchers"] = {}
    assert faults(definition)


def test_every_error_of_the_direct_path_is_caught_by_its_name() -> None:
    raised = {error.__name__ for error in errors.RequestError.__subclasses__()} | {errors.InternalError.__name__}
    caught = {name for catcher in child()["States"]["Predict batch"]["Catch"] for name in catcher["ErrorEquals"]}
    assert caught == raised


def test_throttled_call_is_tried_again_with_more_and_more_time() -> None:
    (retry,) = (
        r for r in child()["States"]["Predict batch"]["Retry"] if "Lambda.TooManyRequestsException" in r["ErrorEquals"]
    )
    assert retry["BackoffRate"] > 1
    assert retry["JitterStrategy"] == "FULL"
    waits = sum(min(retry["IntervalSeconds"] * 2**n, retry["MaxDelaySeconds"]) for n in range(retry["MaxAttempts"]))
    assert waits < 300 - 60, "an express workflow has five minutes"


def test_batch_and_what_comes_of_it_fit_into_what_a_state_may_hold() -> None:
    batcher = machine()["States"]["Predict file"]["ItemBatcher"]
    assert batcher["MaxItemsPerBatch"] <= prediction.MAX_RECORDS
    assert batcher["MaxInputBytesPerBatch"] * 3 <= 256 * 1024


# ---- Runs ----


class Ended(NamedTuple):
    """How an execution ended."""

    status: str
    output: Any
    error: str | None
    cause: str | None


class StepFunctions:
    """The process of tests.integration.step_functions."""

    def __init__(self, url: str) -> None:
        self._url = url
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name="eu-central-1")
        self.s3: S3Client = session.client("s3", endpoint_url=url)
        self._sfn: SFNClient = session.client("stepfunctions", endpoint_url=url)

    def run(self, definition: Machine, given: object) -> Ended:
        """Runs the definition to its end."""
        created = self._sfn.create_state_machine(name=uuid.uuid4().hex, definition=json.dumps(definition), roleArn=ROLE)
        started = self._sfn.start_execution(stateMachineArn=created["stateMachineArn"], input=json.dumps(given))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            told = self._sfn.describe_execution(executionArn=started["executionArn"])
            if told["status"] != "RUNNING":
                output = json.loads(told["output"]) if "output" in told else None
                return Ended(told["status"], output, told.get("error"), told.get("cause"))
            time.sleep(0.1)
        raise TimeoutError

    def invocations(self) -> list[Any]:
        """Every event that the function was given."""
        events: list[Any] = requests.get(f"{self._url}/events", timeout=10).json()
        return events


@contextmanager
def started(bundle: Path, log: Path) -> Iterator[StepFunctions]:
    """The process, with the function serving that bundle."""
    port = free_port()
    # No credentials and no region from outside.
    environment = {"PATH": os.environ["PATH"], "MODEL_PATH": str(bundle), "AWS_DEFAULT_REGION": "eu-central-1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.step_functions", str(port)],
            cwd=REPOSITORY,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_port(port, process, seconds=60)
        url = f"http://127.0.0.1:{port}"
        running = {"stepfunctions": {"execute_state_machine": True}}
        requests.post(f"{url}/moto-api/config", json=running, timeout=10).raise_for_status()
        services = StepFunctions(url)
        services.s3.create_bucket(Bucket="inputs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield services
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def services(houses_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StepFunctions]:
    """With the example bundle."""
    with started(houses_bundle, tmp_path_factory.mktemp("services") / "log") as running:
        yield running


def batch(rows: list[dict[str, str]], function: str = "predict") -> dict[str, Any]:
    """What ItemBatcher hands to a child workflow."""
    return {"BatchInput": {"function": function}, "Items": rows}


def test_rows_of_a_file_come_back_with_predictions(services: StepFunctions, houses: Model) -> None:
    text = "id,AreaSqft,NumBedrooms\na,1500,3\nb,1800,4\n=c,1e3,2\n"
    services.s3.put_object(Bucket="inputs", Key="in/houses.csv", Body=text.encode())
    given = {"function": "predict", "bucket": "inputs", "key": "in/houses.csv"}
    ended = services.run(remove_what_moto_lacks(machine()), given)
    assert ended.status == "SUCCEEDED", ended
    assert [row for of_child in ended.output for row in of_child["rows"]] == list(csv.DictReader(io.StringIO(text)))
    assert [of_child["predictions"] for of_child in ended.output] == [[360000.0], [470000.0], [277500.0]]
    assert {of_child["model"]["version"] for of_child in ended.output} == {houses.manifest.version}


@pytest.mark.parametrize("rows", [1, 2, machine()["States"]["Predict file"]["ItemBatcher"]["MaxItemsPerBatch"]])
def test_batch_is_one_invocation_with_its_cells(rows: int, services: StepFunctions, houses: Model) -> None:
    items = [{"AreaSqft": str(1000 + row), "NumBedrooms": "3"} for row in range(rows)]
    ended = services.run(child(), batch(items))
    sent = {"instances": [{"AreaSqft": 1000 + row, "NumBedrooms": 3} for row in range(rows)]}
    assert services.invocations()[-1] == {"cells": items}
    assert ended.status == "SUCCEEDED", ended
    assert ended.output == {"rows": items, **prediction.predict_document(houses, sent)}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"AreaSqft": "1500", "NumBedrooms": "three"}, "/cells/1/NumBedrooms: expected a number, got a text"),
        ({"AreaSqft": "", "NumBedrooms": "3"}, "/cells/1/AreaSqft: "),
        ({"NumBedrooms": "3"}, "/cells/1/AreaSqft: missing: expected a number"),
        ({"AreaSqft": "0x10", "NumBedrooms": "3"}, "/cells/1/AreaSqft: expected a number, got a text"),
        ({"AreaSqft": "1e999", "NumBedrooms": "3"}, "/cells/1/AreaSqft: expected a number, got a text"),
    ],
)
def test_bad_cell_refuses_its_batch_and_says_where(
    row: dict[str, str], sentence: str, services: StepFunctions, houses: Model
) -> None:
    ended = services.run(child(), batch([{"AreaSqft": "1500", "NumBedrooms": "3"}, row]))
    assert (ended.status, ended.error) == ("FAILED", "InvalidInput")
    assert ended.cause is not None
    assert ended.cause.startswith(sentence), ended.cause


def test_batch_that_is_too_large_fails_by_name(services: StepFunctions, houses: Model) -> None:
    items = [{"AreaSqft": "1500", "NumBedrooms": "3"}] * (prediction.MAX_RECORDS + 1)
    given = batch(items)
    ended = services.run(child(), given)
    assert (ended.status, ended.error) == ("FAILED", "InputTooLarge")


def test_throttled_invocation_is_repeated(houses_bundle: Path, houses: Model, tmp_path: Path) -> None:
    with started(houses_bundle, tmp_path / "log") as services:
        ended = services.run(child(), batch([{"AreaSqft": "1500", "NumBedrooms": "3"}], "throttled"))
        assert ended.status == "SUCCEEDED", ended
        assert ended.output["predictions"] == [360000.0]
        assert len(services.invocations()) == 2


def test_fault_of_the_function_is_tried_again_and_then_fails_by_name(services: StepFunctions, houses: Model) -> None:
    before = len(services.invocations())
    definition = child()
    (retry,) = (r for r in definition["States"]["Predict batch"]["Retry"] if "InternalError" in r["ErrorEquals"])
    retry["IntervalSeconds"] = 1
    ended = services.run(definition, batch([{"AreaSqft": "1500", "NumBedrooms": "3"}], "faulty"))
    assert ended == ("FAILED", None, "InternalError", "The request failed for a reason of ours.")
    assert len(services.invocations()) - before == 1 + retry["MaxAttempts"]


ROWS = [
    ["55.5", "1950", "true", "gas", "flat", "kept"],
    [" 55.5 ", "NA", "FALSE", "", "house", ""],
    ["1e2", "", " False", "=wood", "flat", 'a "b", c'],
    [".5", "+1950", "True", "NA", "flat", ""],
    ["0055.50", "-1E3", "true", " ", " flat", ""],
    ["5.", "N/A", "true", "gas", "flat", ""],
]


def test_cells_mean_what_they_mean_in_a_file(mixed_bundle: Path, mixed: Model, tmp_path: Path) -> None:
    header = [*(feature.name for feature in mixed.manifest.contract.features), "note"]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *ROWS])
    out, tally = convert_bytes(csv_file.convert, mixed, text.getvalue().encode())
    assert (tally.read, tally.rejected) == (len(ROWS), 0)
    predicted = [float(row[len(header)]) for row in list(csv.reader(io.StringIO(out.decode(), newline="")))[1:]]
    items = [dict(zip(header, row, strict=True)) for row in ROWS]
    with started(mixed_bundle, tmp_path / "log") as services:
        ended = services.run(child(), batch(items))
        assert ended.status == "SUCCEEDED", ended
        assert ended.output["rows"] == items
        assert ended.output["predictions"] == predicted


@pytest.mark.parametrize("cell", ["x", "0x10", "1_500", "inf", "1e999", "NA", "", "\uff11", "1500,5", "1.500,5"])
def test_cell_that_a_file_refuses_is_refused(cell: str, services: StepFunctions, houses: Model) -> None:
    _, tally = convert_bytes(csv_file.convert, houses, f'AreaSqft,NumBedrooms\n"{cell}",3\n'.encode())
    (problem,) = tally.first_rejected[0]["problems"]
    ended = services.run(child(), batch([{"AreaSqft": cell, "NumBedrooms": "3"}]))
    assert (ended.status, ended.error) == ("FAILED", "InvalidInput")
    assert ended.cause == f"/cells/0/AreaSqft: {problem['detail']}"


def test_separator_that_was_not_set_is_named(services: StepFunctions) -> None:
    ended = services.run(child(), batch([{"AreaSqft;NumBedrooms": "1500;3"}]))
    assert (ended.status, ended.error) == ("FAILED", "MalformedInput")
    assert "semicolons" in str(ended.cause)
