"""The handler under awslambdaric and Lambda's emulator. Touches the loopback interface; needs no Docker."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import emulator
from tests.cloud import services
from tests.emulator import Emulator
from tests.events import Documented, read_documented, variables
from tests.unit.telemetry.test_log_line import CANARY, CHANNELS


@pytest.fixture(scope="module")
def function(houses_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The function with the example bundle, and with what the events name."""
    with services.running() as endpoint:
        environment = {"MODEL_PATH": str(houses_bundle), **variables(endpoint)}
        with emulator.running(tmp_path_factory.mktemp("rie"), environment) as running:
            yield running


@pytest.mark.parametrize("row", read_documented(), ids=lambda row: row.file)
def test_event_gets_the_documented_answer(row: Documented, function: Emulator) -> None:
    outcome = function.invoke(row.event)
    if row.raises:
        assert outcome.error_type == row.answer
    else:
        row.check(outcome.payload)


def test_model_is_loaded_once_for_all_invocations(function: Emulator) -> None:
    function.invoke({"AreaSqft": 1500, "NumBedrooms": 3})
    process = function.runtime_process()
    for _ in range(3):
        assert function.invoke({"AreaSqft": 1500, "NumBedrooms": 3}).payload["prediction"] == 360000.0
    assert function.runtime_process() == process


def test_raised_error_names_itself_and_shows_no_stack(function: Emulator) -> None:
    payload = function.invoke({"AreaSqft": "1500 canary", "NumBedrooms": None}).payload
    assert payload["errorType"] == "InvalidInput"
    assert payload["errorMessage"].startswith("/AreaSqft: expected a number, got a text")
    assert payload["stackTrace"] == []
    assert "canary" not in json.dumps(payload)
    assert "canary" not in function.log


@pytest.mark.parametrize("strict", ["0", "1"])
def test_no_value_is_written_whatever_it_came_in(strict: str, houses_bundle: Path, tmp_path: Path) -> None:
    environment = {"MODEL_PATH": str(houses_bundle), "AWS_LAMBDA_LOG_FORMAT": "JSON", "STRICT_INPUTS": strict}
    environment |= {"METRICS_NAMESPACE": "models", "RESULTS_QUEUE_URL": "http://127.0.0.1:9/queue"}
    with emulator.running(tmp_path, environment) as function:
        for event in CHANNELS.values():
            if not is_sent(event):
                function.invoke(event)
        log = function.log
    assert log.count('"message": "invocation"') >= 10
    assert CANARY not in log


def is_sent(event: object) -> bool:
    """Whether its result would go to a queue, of which there is none here."""
    return isinstance(event, dict) and ("Records" in event or "detail" in event)


def test_answer_of_ten_thousand_records_comes_whole(function: Emulator) -> None:
    records = [{"AreaSqft": 1000 + index % 1001, "NumBedrooms": 3} for index in range(10_000)]
    assert len(function.invoke({"instances": records}).payload["predictions"]) == 10_000


def test_strict_inputs_refuse_what_training_never_saw(houses_bundle: Path, tmp_path: Path) -> None:
    environment = {"MODEL_PATH": str(houses_bundle), "STRICT_INPUTS": "1"}
    with emulator.running(tmp_path, environment) as function:
        outcome = function.invoke({"AreaSqft": 9000, "NumBedrooms": 3})
    assert outcome.error_type == "InvalidInput"


@pytest.mark.parametrize(
    ("environment", "error_type", "sentence"),
    [
        ({}, "BundleError", "The bundle's file model.flat is not the one that was packaged"),
        ({"STRICT_INPUTS": "perhaps"}, "SettingError", "STRICT_INPUTS must be 1 or 0"),
    ],
)
def test_failed_start_tells_one_sentence_and_no_stack(
    houses_bundle: Path, tmp_path: Path, environment: dict[str, str], error_type: str, sentence: str
) -> None:
    bundle = tmp_path / "model"
    shutil.copytree(houses_bundle, bundle)
    artifact = bundle / "model.flat"
    data = bytearray(artifact.read_bytes())
    data[len(data) // 2] ^= 1
    artifact.write_bytes(data)
    with emulator.running(tmp_path, {"MODEL_PATH": str(bundle), **environment}) as function:
        payload = function.invoke({"AreaSqft": 1500, "NumBedrooms": 3}).payload
    assert payload["errorType"] == error_type
    assert sentence in payload["errorMessage"]
    assert payload["stackTrace"] == []
    assert str(tmp_path) not in json.dumps(payload)
