"""A file that kills the function each time it is read, among good neighbours: each of these ends well, and once."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests.cloud import faults
from tests.cloud import function as functions
from tests.cloud.event_factories import messages, queue_event, stream_record
from tests.cloud.function import Function, Verdict
from tests.cloud.proxy import Proxy
from tests.cloud.queue_mapping import QueueMapping
from tests.cloud.requests_seen import Call
from tests.cloud.services import Cloud, arn_of
from tests.cloud.stream_mapping import StreamMapping, number_of
from tests.faults.conftest import Results, Stage
from tests.faults.files import SMALL, File
from tests.faults.records import RECORD, body

RECEIVES = 5


class Lane(NamedTuple):
    """A queue whose messages the function gets, where its dead letters go, and the queue of files, if it has one."""

    function: Function
    queue: str
    dead_letters: list[str]
    files: str | None

    def drain(self, cloud: Cloud) -> list[Verdict]:
        """Both mappings run until their queues are empty; the verdicts of the first one."""
        mapping = QueueMapping(cloud.sqs, self.queue, self.function.invoke)
        mapping.drain()
        if self.files is not None:
            QueueMapping(cloud.sqs, self.files, self.function.invoke, batch_size=1).drain()
        return mapping.verdicts

    def dead(self, cloud: Cloud) -> list[str]:
        """The keys that the dead letters name, as they stand there, in the order of the alphabet."""
        return sorted(key_of(message) for queue in self.dead_letters for message in cloud.take_all(queue))


@pytest.fixture(scope="module")
def files_queue(cloud: Cloud) -> tuple[str, str]:
    """A queue of files, and the queue of its dead letters."""
    dead = cloud.queue(str(uuid4()))
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": RECEIVES})
    return cloud.queue(str(uuid4()), RedrivePolicy=policy, VisibilityTimeout="360"), dead


@pytest.fixture(scope="module")
def handing_over(
    stage: Stage,
    shared_proxy: Proxy,
    houses_bundle: Path,
    files_queue: tuple[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Function]:
    """The function that has a queue of files."""
    environment = stage.environment(shared_proxy.url, houses_bundle) | {"FILES_QUEUE_URL": files_queue[0]}
    with functions.running(tmp_path_factory.mktemp("rie"), environment) as running:
        yield running


@pytest.fixture(params=["standard", "fifo", "standard, queue of files", "fifo, queue of files"])
def lane(
    request: pytest.FixtureRequest,
    cloud: Cloud,
    function: Function,
    handing_over: Function,
    files_queue: tuple[str, str],
) -> Lane:
    """Standard and FIFO queues, with a queue of files and without one."""
    suffix, fifo = (".fifo", {"FifoQueue": "true"}) if request.param.startswith("fifo") else ("", {})
    has_files = "files" in request.param
    dead = cloud.queue(f"{uuid4()}{suffix}", **fifo)
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": RECEIVES})
    queue = cloud.queue(f"{uuid4()}{suffix}", RedrivePolicy=policy, VisibilityTimeout="360", **fifo)
    if has_files:
        return Lane(handing_over, queue, [dead, files_queue[1]], files_queue[0])
    return Lane(function, queue, [dead], None)


def reads_one_of(files: list[File]) -> Callable[[Call], bool]:
    """Whether a request reads one of them."""
    return lambda call: any(file.is_read(call) for file in files)


def kill_at(proxy: Proxy, function: Function, killers: list[File]) -> None:
    """From now on the function dies when it reads one of these."""
    action = faults.act_before(function.kill, faults.reset)
    for operation in ("HeadObject", "GetObject"):
        proxy.on(operation, action, times=None, where=reads_one_of(killers))


def good(count: int) -> list[str]:
    """Messages that can be predicted."""
    random = Random(count)
    return [body(random) for _ in range(count)]


def key_of(message: Any) -> str:
    """The key of the object that the message names, as it stands there."""
    key: str = json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"]
    return key


def encode_key(file: File) -> str:
    key: str = file.event["Records"][0]["s3"]["object"]["key"]
    return key


@pytest.mark.parametrize("place", [0, 13])
def test_neighbours_are_answered_once_and_the_killer_alone_is_set_aside(
    lane: Lane, cloud: Cloud, stage: Stage, proxy: Proxy, results: Results, *, place: int
) -> None:
    killer = File(cloud, stage, SMALL)
    bodies = good(29)
    bodies.insert(place, json.dumps(killer.event))
    kill_at(proxy, lane.function, [killer])
    ids = cloud.send(lane.queue, bodies, group="a" if ".fifo" in lane.queue else None)
    verdicts = lane.drain(cloud)
    found = [result["id"] for result in results()]
    wanted = [one for one in ids if one != ids[place]]
    assert (found if ".fifo" in lane.queue else sorted(found, key=ids.index)) == wanted
    assert lane.dead(cloud) == [encode_key(killer)]
    if lane.files is not None:
        assert {verdict.error for verdict in verdicts} == {None}


@pytest.mark.parametrize("places", [[0], [2], [1, 4]], ids=str)
def test_good_files_are_scored_beside_killers(
    lane: Lane, cloud: Cloud, stage: Stage, proxy: Proxy, results: Results, *, places: list[int]
) -> None:
    files = [File(cloud, stage, SMALL) for _ in range(6)]
    killers = [files[place] for place in places]
    kill_at(proxy, lane.function, killers)
    bodies = [text for file, text in zip(files, good(6), strict=True) for text in (json.dumps(file.event), text)][:10]
    bodies += [json.dumps(files[5].event)]
    ids = cloud.send(lane.queue, bodies, group="a" if ".fifo" in lane.queue else None)
    lane.drain(cloud)
    assert sorted(result["id"] for result in results()) == sorted(ids[1:10:2])
    # Without the queue of files, what lies between two killers may be set aside with them.
    lost = [] if lane.files is not None else [file for file in files[places[0] : places[-1]] if file not in killers]
    dead = set(lane.dead(cloud))
    assert set(map(encode_key, killers)) <= dead <= set(map(encode_key, [*killers, *lost]))
    scored = [file for file in files if file.outcome().report is not None]
    assert [file for file in files if file not in killers and file not in lost] == [f for f in scored if f not in lost]


def test_file_that_fails_for_a_moment_beside_others_is_scored(
    lane: Lane, cloud: Cloud, stage: Stage, proxy: Proxy, results: Results
) -> None:
    files = [File(cloud, stage, SMALL) for _ in range(8)]
    proxy.on("HeadObject", faults.status(403), times=4)
    cloud.send(lane.queue, [json.dumps(file.event) for file in files], group="a" if ".fifo" in lane.queue else None)
    lane.drain(cloud)
    assert all(file.outcome().report is not None for file in files)
    assert lane.dead(cloud) == []
    assert results() == []


def test_one_message_that_names_several_files_is_taken_apart(
    handing_over: Function, files_queue: tuple[str, str], cloud: Cloud, stage: Stage, proxy: Proxy
) -> None:
    killer, file = File(cloud, stage, SMALL), File(cloud, stage, SMALL)
    kill_at(proxy, handing_over, [killer])
    both = {"Records": [*killer.event["Records"], *file.event["Records"]]}
    event = queue_event(messages(json.dumps(both)), "http://127.0.0.1/123456789012/input")
    assert handing_over.invoke(event).answer == {"batchItemFailures": []}
    QueueMapping(cloud.sqs, files_queue[0], handing_over.invoke, batch_size=1).drain()
    assert file.outcome().report is not None
    assert [key_of(message) for message in cloud.take_all(files_queue[1])] == [encode_key(killer)]


def test_queue_of_files_that_takes_nothing_hands_the_files_back(
    handing_over: Function, files_queue: tuple[str, str], cloud: Cloud, stage: Stage, *, proxy: Proxy, results: Results
) -> None:
    files = [File(cloud, stage, SMALL) for _ in range(2)]
    proxy.on("SendMessageBatch", faults.answer_with(b"{}"), times=1)
    batch = messages(json.dumps(RECORD), *(json.dumps(file.event) for file in files))
    answer = handing_over.invoke(queue_event(batch, "http://127.0.0.1/123456789012/input")).answer
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [m["MessageId"] for m in batch[1:]]
    assert [result["id"] for result in results()] == [batch[0]["MessageId"]]
    assert cloud.take_all(files_queue[0]) == []


def test_queue_of_files_with_batches_hands_nothing_over_to_itself(
    handing_over: Function, files_queue: tuple[str, str], cloud: Cloud, stage: Stage, proxy: Proxy
) -> None:
    files = [File(cloud, stage, SMALL) for _ in range(2)]
    event = queue_event(messages(*(json.dumps(file.event) for file in files)), files_queue[0])
    assert handing_over.invoke(event).answer == {"batchItemFailures": []}
    assert all(file.outcome().report is not None for file in files)
    assert "SendMessageBatch" not in proxy.operations()


@pytest.mark.parametrize("place", [0, 4, 9])
@pytest.mark.parametrize("has_files", [False, True])
def test_stream_gets_past_a_killer(
    function: Function,
    handing_over: Function,
    files_queue: tuple[str, str],
    cloud: Cloud,
    stage: Stage,
    *,
    proxy: Proxy,
    results: Results,
    failures: Results,
    place: int,
    has_files: bool,
) -> None:
    used = handing_over if has_files else function
    killer = File(cloud, stage, SMALL)
    kill_at(proxy, used, [killer])
    bodies = [text.encode() for text in good(9)]
    bodies.insert(place, json.dumps(killer.event).encode())
    records = [stream_record(index, data) for index, data in enumerate(bodies)]
    StreamMapping(used.invoke, cloud.sqs, stage.failure_queue, bisect=True).process(records)
    QueueMapping(cloud.sqs, files_queue[0], handing_over.invoke, batch_size=1).drain()
    assert [result["id"] for result in results()] == [number_of(r) for i, r in enumerate(records) if i != place]
    if has_files:
        assert failures() == []
        assert [key_of(message) for message in cloud.take_all(files_queue[1])] == [encode_key(killer)]
    else:
        (given_up,) = failures()
        assert given_up["KinesisBatchInfo"]["startSequenceNumber"] == number_of(records[place])
        assert given_up["KinesisBatchInfo"]["batchSize"] == 1
