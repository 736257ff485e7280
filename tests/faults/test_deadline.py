"""With too little time left nothing is begun: a queue gets its messages back, the others raise."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from function.aws import Clients
from function.dispatch import create_handler
from function.errors import RetryLater
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from tests.cloud import faults, services
from tests.cloud import function as functions
from tests.cloud.event_factories import messages, object_event, queue_event, rule_event, stream_record, topic_event
from tests.cloud.proxy import Proxy
from tests.cloud.queue_mapping import QueueMapping
from tests.cloud.services import Cloud
from tests.faults.conftest import Results, Stage
from tests.faults.records import RECORD
from tests.lambda_context import LambdaContext

URL = "http://127.0.0.1/123456789012/input"
ONE = '{"AreaSqft": 1500, "NumBedrooms": 3}'


@pytest.fixture
def service(stage: Stage, proxy: Proxy, houses: Model, houses_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """What the function answers from; its clients find the proxy."""
    for name, value in services.environment(proxy.url).items():
        monkeypatch.setenv(name, value)
    return Service(houses, Settings.read(stage.environment(proxy.url, houses_bundle)), Clients())


@pytest.mark.parametrize("left", [2000, 0, -5])
def test_queue_gets_its_messages_back_and_nothing_is_sent(service: Service, proxy: Proxy, left: int) -> None:
    batch = messages(ONE, "not JSON", ONE)
    handler = create_handler(service)
    assert handler(queue_event(batch, URL), LambdaContext(left)) == {
        "batchItemFailures": [{"itemIdentifier": message["MessageId"]} for message in batch]
    }
    assert proxy.calls == []


@pytest.mark.parametrize("left", [2000, 0, -5])
def test_stream_goes_on_from_its_first_record(service: Service, proxy: Proxy, left: int) -> None:
    records = [stream_record(index, ONE.encode()) for index in range(3)]
    answer = create_handler(service)({"Records": records}, LambdaContext(left))
    assert answer == {"batchItemFailures": [{"itemIdentifier": records[0]["kinesis"]["sequenceNumber"]}]}
    assert proxy.calls == []


@pytest.mark.parametrize("left", [2000, 0, -5])
@pytest.mark.parametrize(
    "event",
    [topic_event(ONE, "1"), rule_event(RECORD, "1"), object_event("inputs", "houses.csv", {"ETag": "0"})],
    ids=["sns", "eventbridge", "s3"],
)
def test_asynchronous_event_raises_so_that_it_comes_again(
    service: Service, proxy: Proxy, event: dict[str, Any], left: int
) -> None:
    with pytest.raises(RetryLater):
        create_handler(service)(event, LambdaContext(left))
    assert [call for call in proxy.calls if call.method != "GET"] == []


def test_messages_that_time_ran_out_on_come_back_alone(service: Service, proxy: Proxy, results: Results) -> None:
    batch = messages(*[ONE] * 35)
    # Time is left when work begins and at the first two sends.
    answer: Any = create_handler(service)(queue_event(batch, URL), LambdaContext([60_000, 60_000, 60_000, 2000]))
    sent = [result["id"] for result in results()]
    assert sent == [message["MessageId"] for message in batch[: len(sent)]]
    assert 0 < len(sent) < 35
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [
        message["MessageId"] for message in batch[len(sent) :]
    ]


def test_message_outlives_an_invocation_that_timed_out(
    stage: Stage, proxy: Proxy, cloud: Cloud, results: Results, *, houses_bundle: Path, tmp_path: Path
) -> None:
    queue = cloud.queue(str(uuid4()))
    ids = cloud.send(queue, [ONE, ONE])
    proxy.on("SendMessageBatch", faults.silent(4))
    with functions.running(tmp_path, stage.environment(proxy.url, houses_bundle), timeout=4) as function:
        function.invoke(RECORD)
        mapping = QueueMapping(cloud.sqs, queue, function.invoke)
        mapping.drain()
    # Starting anew takes of the next invocation's time, which may hand them back once more.
    timed_out, *others = [verdict.error for verdict in mapping.verdicts]
    assert timed_out == "Timeout"
    assert set(others) == {None}
    assert [result["id"] for result in results()] == ids


def test_slow_file_raises_before_lambda_s_timeout(
    stage: Stage, proxy: Proxy, cloud: Cloud, houses_bundle: Path, tmp_path: Path
) -> None:
    text = "AreaSqft,NumBedrooms\n" + "1500,3\n" * 10_000
    stored = cloud.s3.put_object(Bucket=stage.inputs, Key="slow.csv", Body=text.encode())
    proxy.on("GetObject", faults.slow(10_000), times=None, where=lambda call: call.bucket == stage.inputs)
    with functions.running(tmp_path, stage.environment(proxy.url, houses_bundle), timeout=5) as function:
        function.invoke(RECORD)
        verdict = function.invoke(object_event(stage.inputs, "slow.csv", stored))
    assert verdict.error == "RetryLater"
    assert [key for key in cloud.keys(stage.results) if "slow.csv" in key] == []
    assert cloud.unfinished_uploads(stage.results) == []


def test_direct_invocation_needs_no_reserve(service: Service) -> None:
    answer: Any = create_handler(service)(RECORD, LambdaContext(2000))
    assert answer["prediction"] == 360000.0
