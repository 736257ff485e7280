"""S3's notifications: which are of this source, and what is refused before any call. Touches files only."""

import subprocess
import sys
from typing import Any

import pytest

from function.dispatch import SOURCES, import_source
from function.errors import BucketNotAllowed, RetryLater, SettingError
from function.service import Service
from function.settings import Settings
from function.sources import s3
from function.telemetry.counts import Counts
from tests.emulator import REPOSITORY
from tests.events import read_event
from tests.lambda_context import LambdaContext
from tests.unit.small_models import regressor
from tests.unit.small_queue import Clients, Queue

SETTINGS = Settings("", input_bucket="example-bucket", results_bucket="results")


def service(settings: Settings = SETTINGS) -> Service:
    """Without S3: whoever asks for it fails."""
    clients: Any = Clients(Queue())
    return Service(regressor(), settings, clients)


@pytest.mark.parametrize("name", ["s3-put", "s3-batch", "s3-test-event", "s3-delete"])
def test_notification_is_of_no_other_source(name: str) -> None:
    assert [source for source in SOURCES if import_source(source).matches(read_event(name))] == ["s3"]


@pytest.mark.parametrize("name", ["s3-test-event", "s3-delete"])
def test_nothing_is_done_where_no_object_was_created(name: str) -> None:
    assert s3.handle(read_event(name), None, service(Settings("")), Counts()) == {"done": 0}


@pytest.mark.parametrize("records", [None, [], {}, 5, True, "x", 1.5])
def test_nothing_is_done_for_records_that_are_none(records: object) -> None:
    assert s3.handle({"Event": "s3:TestEvent", "Records": records}, None, service(Settings("")), Counts()) == {
        "done": 0
    }


@pytest.mark.parametrize("name", ["input_bucket", "results_bucket"])
def test_missing_setting_is_named(name: str) -> None:
    unset: dict[str, Any] = {name: ""}
    settings = SETTINGS._replace(**unset)
    with pytest.raises(SettingError, match=name.upper()):
        s3.handle(read_event("s3-put"), None, service(settings), Counts())


def test_other_bucket_is_refused_before_any_call() -> None:
    with pytest.raises(BucketNotAllowed):
        s3.handle(read_event("s3-put"), None, service(SETTINGS._replace(input_bucket="another")), Counts())


@pytest.mark.parametrize("left", [2_999, 0, -1])
def test_too_little_time_is_no_beginning(left: int) -> None:
    with pytest.raises(RetryLater):
        s3.handle(read_event("s3-put"), LambdaContext(left), service(), Counts())


def test_results_of_ours_are_let_lie() -> None:
    one_bucket = SETTINGS._replace(results_bucket="example-bucket", results_prefix="input/")
    assert s3.handle(read_event("s3-put"), None, service(one_bucket), Counts()) == {"done": 1}


def test_what_reads_files_is_imported_when_there_is_one() -> None:
    code = (
        "import sys; from function.dispatch import SOURCES, import_source; [import_source(name) for name in SOURCES]; "
        "print(*[name for name in sys.modules if name.startswith('function.files')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == ["function.files", "function.files.s3_events"]
