"""SQS, SNS, EventBridge and Kinesis: what is answered, what is sent, what is handed back. Touches nothing."""

import base64
import json
from typing import Any

import pytest

from function.errors import RetryLater, SettingError
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.sources import eventbridge, kinesis, sns, sqs
from function.telemetry.counts import Counts
from tests.cloud.event_factories import rule_event, sqs_event, topic_event
from tests.events import read_event
from tests.lambda_context import LambdaContext
from tests.unit.small_models import ByRecords
from tests.unit.small_queue import Clients, Queue

RECORD = {"AreaSqft": 1500, "NumBedrooms": 3}


def service(model: Model, queue: Queue, url: str = "https://queue") -> Service:
    return Service(model, Settings("", results_queue_url=url), Clients(queue))  # type: ignore[arg-type]


def failures(answer: dict[str, Any]) -> list[str]:
    assert list(answer) == ["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_results_carry_source_id_model_and_answer(houses: Model) -> None:
    queue = Queue()
    assert failures(sqs.handle(read_event("sqs-records"), None, service(houses, queue), Counts())) == []
    first, second = queue.results
    assert first == {
        "source": "sqs",
        "id": "059f36b4-87a3-44ab-83d2-661970000001",
        "prediction": 360000.0,
        "warnings": [],
        "model": houses.manifest.identity,
    }
    assert second["predictions"] == [360000.0, 470000.0]


def test_records_of_all_messages_are_predicted_in_one_call(houses: Model) -> None:
    calls: list[int] = []

    class Counting(ByRecords):
        def predict(self, columns: Any) -> Any:
            calls.append(len(columns[0]))
            return houses.runtime.predict(columns)

    bodies = [RECORD, {"instances": [RECORD] * 5}, "broken", {"AreaSqft": 1}]
    sqs.handle(sqs_event(*bodies), None, service(houses._replace(runtime=Counting()), Queue()), Counts())
    assert calls == [6]


@pytest.mark.parametrize(
    "body",
    [
        *("", "Hello", "null", "[]", "{", "NaN", '{"AreaSqft":1,"AreaSqft":1,"NumBedrooms":3}', '"\\ud800"'),
        *({}, {"AreaSqft": "1500", "NumBedrooms": 3}, {"instances": [RECORD, {}]}, {"instances": 1}),
        {"instances": [RECORD] * 10_001},
    ],
)
def test_poison_alone_is_handed_back(houses: Model, body: Any) -> None:
    queue = Queue()
    assert failures(sqs.handle(sqs_event(RECORD, body, RECORD), None, service(houses, queue), Counts())) == ["m1"]
    assert [result["id"] for result in queue.results] == ["m0", "m2"]


def test_all_are_handed_back_where_all_are_poison(houses: Model) -> None:
    answer = sqs.handle(sqs_event("a", "b", "c"), None, service(houses, Queue()), Counts())
    assert failures(answer) == ["m0", "m1", "m2"]


def test_repeated_id_is_one_message(houses: Model) -> None:
    queue = Queue()
    batch = sqs_event(RECORD, "broken")
    batch["Records"] += batch["Records"]
    assert failures(sqs.handle(batch, None, service(houses, queue), Counts())) == ["m1"]
    assert [result["id"] for result in queue.results] == ["m0"]


def test_message_whose_result_is_not_accepted_is_handed_back(houses: Model) -> None:
    queue = Queue(refuses=lambda body: body["id"] == "m3")
    assert failures(sqs.handle(sqs_event(*[RECORD] * 6), None, service(houses, queue), Counts())) == ["m3"]


def test_result_that_is_not_accepted_takes_no_other_with_it(houses: Model) -> None:
    queue = Queue(refuses=lambda body: body["id"] == "m3")
    assert failures(sqs.handle(sqs_event(*[RECORD] * 25), None, service(houses, queue), Counts())) == ["m3"]
    assert len(queue.results) == 24


def test_nothing_of_a_group_is_sent_behind_its_failure(houses: Model) -> None:
    queue = Queue(refuses=lambda body: body["id"] == "m3")
    handed_back = failures(sqs.handle(sqs_event(*[RECORD] * 25, group="g"), None, service(houses, queue), Counts()))
    assert handed_back == [f"m{index}" for index in range(3, 25)]
    assert len(queue.batches) == 1


def test_result_that_is_too_large_takes_no_other_with_it(houses: Model) -> None:
    huge = {"instances": [{"AreaSqft": 9, "NumBedrooms": 9}] * 10_000}  # two warnings each
    assert failures(sqs.handle(sqs_event(RECORD, huge, RECORD), None, service(houses, Queue()), Counts())) == ["m1"]


TWO_WARNINGS, TWO_PROBLEMS = {"AreaSqft": 9, "NumBedrooms": 9}, {"AreaSqft": None, "NumBedrooms": "3"}


@pytest.mark.parametrize(
    ("record", "code", "listed"), [(TWO_WARNINGS, "too_large", 0), (TWO_PROBLEMS, "invalid_input", 20_000)]
)
@pytest.mark.parametrize("source", [sns, eventbridge])
@pytest.mark.slow
def test_event_is_done_however_much_there_is_to_say_of_one_message(
    houses: Model, source: Any, record: dict[str, Any], code: str, listed: int
) -> None:
    bodies = [RECORD, {"instances": [record] * 10_000}, RECORD]
    notices = [topic_event(json.dumps(body), str(place))["Records"][0] for place, body in enumerate(bodies)]
    rules = [rule_event(body, str(place)) for place, body in enumerate(bodies)]
    queue = Queue()
    answer = source.handle({"Records": notices} if source is sns else rules, None, service(houses, queue), Counts())
    assert answer == {"done": 3}
    assert [result["id"] for result in queue.results] == ["0", "1", "2"]
    refused = queue.results[1]
    assert refused["code"] == code
    assert len(refused["problems"]) + refused.get("problems_omitted", 0) == listed
    assert bool(refused["problems"]) == bool(listed)


def test_queue_that_is_down_hands_everything_back(houses: Model) -> None:
    queue = Queue()
    queue.down = True
    assert failures(sqs.handle(sqs_event(RECORD, RECORD), None, service(houses, queue), Counts())) == ["m0", "m1"]


def test_large_results_are_sent_in_batches_that_the_queue_takes(houses: Model) -> None:
    queue = Queue()
    bodies = [{"instances": [RECORD] * 10_000}] * 4
    assert failures(sqs.handle(sqs_event(*bodies), None, service(houses, queue), Counts())) == []
    assert len(queue.results) == 4


@pytest.mark.parametrize("milliseconds", [2000, 0, -5])
def test_too_little_time_hands_everything_back(houses: Model, milliseconds: int) -> None:
    queue = Queue()
    context = LambdaContext(milliseconds)
    assert failures(sqs.handle(sqs_event(RECORD, "x"), context, service(houses, queue), Counts())) == ["m0", "m1"]
    assert queue.batches == []


def test_time_that_runs_out_hands_the_unsent_back(houses: Model) -> None:
    queue = Queue()
    context = LambdaContext([60_000, 60_000, 100])
    handed_back = failures(sqs.handle(sqs_event(*[RECORD] * 15), context, service(houses, queue), Counts()))
    assert handed_back == [f"m{index}" for index in range(10, 15)]
    assert len(queue.results) == 10


def test_fifo_group_stops_at_its_first_failure(houses: Model) -> None:
    queue = Queue()
    answer = sqs.handle(read_event("sqs-fifo"), None, service(houses, queue), Counts())
    assert [message_id[-1] for message_id in failures(answer)] == ["2", "3"]
    assert [result["id"][-1] for result in queue.results] == ["1", "4"]


def test_fifo_group_stops_where_a_result_is_not_accepted(houses: Model) -> None:
    queue = Queue(refuses=lambda body: body["id"] == "m1")
    assert failures(sqs.handle(sqs_event(*[RECORD] * 4, group="g"), None, service(houses, queue), Counts())) == [
        "m1",
        "m2",
        "m3",
    ]


@pytest.mark.parametrize(
    ("source", "name"),
    [(sqs, "sqs-records"), (sns, "sns-record"), (eventbridge, "eventbridge-record"), (kinesis, "kinesis-records")],
)
def test_environment_without_the_queue_is_told_the_variable(houses: Model, source: Any, name: str) -> None:
    with pytest.raises(SettingError, match="RESULTS_QUEUE_URL"):
        source.handle(read_event(name), None, service(houses, Queue(), url=""), Counts())


def test_message_through_sns_and_eventbridge_is_unwrapped(houses: Model) -> None:
    queue = Queue()
    through_sns = {"Type": "Notification", "TopicArn": "arn:aws:sns:t", "Message": json.dumps(RECORD)}
    through_rule = read_event("eventbridge-record")
    both = {"Type": "Notification", "TopicArn": "arn:aws:sns:t", "Message": json.dumps(through_rule)}
    batch = sqs_event(through_sns, through_rule, both)
    assert failures(sqs.handle(batch, None, service(houses, queue), Counts())) == []
    assert [result["prediction"] for result in queue.results] == [360000.0] * 3


@pytest.mark.parametrize(("source", "name"), [(sns, "sns-invalid"), (eventbridge, "eventbridge-batch")])
def test_source_that_cannot_take_back_gets_the_problems_as_result(houses: Model, source: Any, name: str) -> None:
    queue = Queue()
    source.handle(read_event(name), None, service(houses, queue), Counts())
    refused = queue.results[-1]
    assert refused["code"] == "invalid_input"
    assert [problem["pointer"] for problem in refused["problems"]] == ["/AreaSqft", "/NumBedrooms", "/Bedrooms"]
    assert refused["model"] == houses.manifest.identity


@pytest.mark.parametrize(("source", "name"), [(sns, "sns-record"), (eventbridge, "eventbridge-batch")])
def test_asynchronous_event_raises_until_its_result_is_accepted(houses: Model, source: Any, name: str) -> None:
    queue = Queue()
    queue.down = True
    with pytest.raises(RetryLater):
        source.handle(read_event(name), None, service(houses, queue), Counts())
    queue.down = False
    source.handle(read_event(name), None, service(houses, queue), Counts())
    assert queue.results


def test_kinesis_names_the_lowest_failed_record_and_sends_nothing_behind_it(houses: Model) -> None:
    queue = Queue()
    answer = kinesis.handle(read_event("kinesis-malformed"), None, service(houses, queue), Counts())
    assert [sequence[-4:] for sequence in failures(answer)] == ["0002"]
    assert [result["id"][-4:] for result in queue.results] == ["0001"]


@pytest.mark.parametrize("data", [None, "", "%%%", "é", "8IncwgoA", base64.b64encode(b"\xf3\x89\x9a\xc2x").decode()])
def test_kinesis_record_that_cannot_be_read_is_a_failure(houses: Model, data: str | None) -> None:
    batch = read_event("kinesis-records")
    batch["Records"][0]["kinesis"]["data"] = data
    assert len(failures(kinesis.handle(batch, None, service(houses, Queue()), Counts()))) == 1


def test_strict_inputs_hold_for_messages(houses: Model) -> None:
    strict = service(houses, Queue())._replace(
        settings=Settings("", strict_inputs=True, results_queue_url="https://queue")
    )
    assert failures(sqs.handle(sqs_event({"AreaSqft": 9000, "NumBedrooms": 3}), None, strict, Counts())) == ["m0"]
