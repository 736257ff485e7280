"""Files among messages: handed over, handed back, or worked on where nothing is lost with them. Touches nothing."""

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from function.files.report import ReportSubject
from function.files.s3_events import SourceObject, make_notification, read_notification
from function.files.s3_reader import Version
from function.messages.file_deliveries import find_failure, process_files
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.sources import kinesis, sns, sqs
from function.telemetry.counts import Counts
from tests.cloud.event_factories import messages, queue_event, stream_record, topic_event
from tests.unit.small_queue import Queue

RECORD = json.dumps({"AreaSqft": 1500, "NumBedrooms": 3})
FILES = [SourceObject("inputs", f"{name}.csv", "v1", "abc", 3, "0A") for name in "abcd"]
FILE = json.dumps(make_notification(FILES[0]))
QUEUE = Settings("", results_queue_url="https://queue", input_bucket="inputs", results_bucket="results")


class S3:
    """Notes which objects are asked for, has none of them, and has the reports of those that are done."""

    def __init__(self, done: Sequence[dict[str, Any]] = ()) -> None:
        self.asked: list[str] = []
        self._reports = {f"predictions/{report['source']['key']}.report.json": report for report in done}

    def head_object(self, **place: Any) -> Any:
        """Forbidden, so that each is worth another delivery."""
        self.asked.append(place["Key"])
        raise ClientError({"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "HeadObject")  # type: ignore[typeddict-item]

    def get_object(self, **place: Any) -> Any:
        """A report."""
        if place["Key"] not in self._reports:
            raise ClientError({"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "GetObject")  # type: ignore[typeddict-item]
        return {"Body": io.BytesIO(json.dumps(self._reports[place["Key"]]).encode())}


class Clients:
    """Both."""

    def __init__(self, queue: Queue, s3: S3) -> None:
        self.sqs, self.s3 = queue, s3


def service(houses: Model, queue: Queue, s3: S3, settings: Settings = QUEUE) -> Service:
    clients: Any = Clients(queue, s3)
    return Service(houses, settings, clients)


def list_handed_back(answer: dict[str, Any], event: dict[str, Any]) -> list[int]:
    """The places of the messages that came back."""
    ids = [record["messageId"] for record in event["Records"]]
    return [ids.index(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def batch(*bodies: str, received: str = "1", arn: str = "input") -> dict[str, Any]:
    """SQS's event."""
    event = queue_event(messages(*bodies), f"http://127.0.0.1/123456789012/{arn}")
    for record in event["Records"]:
        record["attributes"]["ApproximateReceiveCount"] = received
    return event


def report(houses: Model, file: SourceObject, **changed: Any) -> dict[str, Any]:
    """What stands beside the predictions of a file that is done."""
    subject = ReportSubject(file, Version("v1", "abc", 3, None), houses.manifest.identity, strict=False)
    return subject.make_document() | changed


def test_file_alone_is_worked_on(houses: Model) -> None:
    s3, event = S3(), batch(FILE)
    assert list_handed_back(sqs.handle(event, None, service(houses, Queue(), s3), Counts()), event) == [0]
    assert s3.asked == ["a.csv"]


@pytest.mark.parametrize("received", ["1", "4"])
def test_file_in_company_is_handed_back_and_not_touched(houses: Model, received: str) -> None:
    queue, s3, event = Queue(), S3(), batch(RECORD, FILE, RECORD, received=received)
    assert list_handed_back(sqs.handle(event, None, service(houses, queue, s3), Counts()), event) == [1]
    assert len(queue.results) == 2
    assert s3.asked == []


def test_company_that_comes_back_anyway_is_none(houses: Model) -> None:
    s3, event = S3(), batch("poison", FILE)
    assert list_handed_back(sqs.handle(event, None, service(houses, Queue(), s3), Counts()), event) == [0, 1]
    assert s3.asked == ["a.csv"]


def test_file_in_company_is_handed_over_where_there_is_a_queue_for_it(houses: Model) -> None:
    queue, s3, event = Queue(), S3(), batch(RECORD, FILE, json.dumps({"Records": [json.loads(FILE)["Records"][0]] * 2}))
    settings = QUEUE._replace(files_queue_url="https://queue")
    assert list_handed_back(sqs.handle(event, None, service(houses, queue, s3, settings), Counts()), event) == []
    assert s3.asked == []
    assert [read_notification(document) for document in queue.batches[0]] == [[FILES[0]]] * 3
    assert [document["prediction"] for document in queue.batches[1]] == [360000.0]


def test_several_files_of_one_message_are_handed_over_one_by_one(houses: Model) -> None:
    both = {"Records": [make_notification(file)["Records"][0] for file in FILES[:2]]}  # type: ignore[index]
    queue, s3 = Queue(), S3()
    settings = QUEUE._replace(files_queue_url="https://queue")
    assert sns.handle(topic_event(json.dumps(both), "1"), None, service(houses, queue, s3, settings), Counts()) == {
        "done": 1
    }
    assert [read_notification(document) for document in queue.results] == [[FILES[0]], [FILES[1]]]
    assert s3.asked == []


def test_queue_of_files_that_sends_batches_gets_nothing_from_itself(houses: Model) -> None:
    queue, s3, event = Queue(), S3(), batch(FILE, json.dumps(make_notification(FILES[1])), arn="files")
    settings = QUEUE._replace(files_queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/files")
    assert list_handed_back(sqs.handle(event, None, service(houses, queue, s3, settings), Counts()), event) == [0, 1]
    assert (queue.batches, s3.asked) == ([], ["a.csv", "b.csv"])


@pytest.mark.parametrize("received", [None, 5, "", "x", "-1", "²", "9" * 40, [], "2"])
def test_odd_count_of_receives_is_borne(houses: Model, received: Any) -> None:
    s3, event = S3(), batch(FILE, json.dumps(make_notification(FILES[1])), received=received)
    assert list_handed_back(sqs.handle(event, None, service(houses, Queue(), s3), Counts()), event) == [0, 1]
    assert s3.asked == (["b.csv", "a.csv"] if received == "2" else ["a.csv", "b.csv"])


@pytest.mark.parametrize(("received", "order"), [(1, "abcd"), (2, "dcba"), (3, "dcba"), (4, "abcd"), (5, "abcd")])
def test_files_are_worked_on_from_both_ends_in_turn(houses: Model, received: int, order: str) -> None:
    s3 = S3()
    files = dict(enumerate([file] for file in FILES))
    outcomes = process_files(service(houses, Queue(), s3), files, received, lambda: 60_000.0)
    assert s3.asked == [f"{name}.csv" for name in order]
    assert all(map(find_failure, outcomes.values()))


def test_what_was_done_before_a_death_is_settled_without_the_rest(houses: Model) -> None:
    s3 = S3([report(houses, FILES[0]), report(houses, FILES[2]), report(houses, FILES[3], strict_inputs=True)])
    files = dict(enumerate([file] for file in FILES))
    outcomes = process_files(service(houses, Queue(), s3), files, 2, lambda: 60_000.0)
    assert [index for index, found in outcomes.items() if find_failure(found) is None] == [0, 2]
    assert s3.asked == []


def test_stream_stops_before_a_file_and_goes_on_behind_it(houses: Model) -> None:
    records = [stream_record(place, body.encode()) for place, body in enumerate([RECORD, FILE, RECORD])]
    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    for start, asked, answered in ((0, [], numbers[:1]), (1, ["a.csv"], [])):
        queue, s3 = Queue(), S3()
        answer = kinesis.handle({"Records": records[start:]}, None, service(houses, queue, s3), Counts())
        assert answer == {"batchItemFailures": [{"itemIdentifier": numbers[1]}]}
        assert (s3.asked, [result["id"] for result in queue.results]) == (asked, answered)
