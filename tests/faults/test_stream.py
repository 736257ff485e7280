"""Kinesis: every record of a shard ends as a result or within a batch that the failure queue names, in order."""

import json
from random import Random
from typing import Any

import pytest

from function.model.runtime import Model
from tests.cloud import faults
from tests.cloud.event_factories import stream_record
from tests.cloud.function import Function
from tests.cloud.proxy import Proxy
from tests.cloud.services import Cloud
from tests.cloud.stream_mapping import StreamMapping, number_of
from tests.faults.conftest import Results, Stage
from tests.faults.records import RECORD, body, expect_prediction

ONE = json.dumps(RECORD).encode()


def list_failed(function: Function, records: list[dict[str, Any]]) -> list[str]:
    """The numbers that came back."""
    answer = function.invoke({"Records": records}).answer
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("poison", ["!!!", "", "e30", b"not JSON", b"\xff\xfe", b"{}", b"\xf3\x89\x9a\xc2aggregated"])
def test_lowest_failed_number_comes_back(function: Function, results: Results, poison: bytes | str) -> None:
    records = [stream_record(index, poison if index in (4, 7) else ONE) for index in range(9)]
    assert list_failed(function, records) == [number_of(records[4])]
    assert [result["id"] for result in results()] == [number_of(record) for record in records[:4]]


def test_refused_result_is_where_the_shard_goes_on(function: Function, proxy: Proxy, results: Results) -> None:
    records = [stream_record(index, ONE) for index in range(25)]
    proxy.on("SendMessageBatch", faults.partly(lambda result: result["id"] == number_of(records[13])), times=None)
    assert list_failed(function, records) == [number_of(records[13])]
    found = {result["id"] for result in results()}
    assert found >= {number_of(record) for record in records[:13]}
    assert not found & {number_of(record) for record in records[20:]}


@pytest.mark.parametrize("bisect", [False, True])
def test_no_record_of_a_shard_is_lost(
    function: Function,
    proxy: Proxy,
    cloud: Cloud,
    stage: Stage,
    results: Results,
    *,
    failures: Results,
    houses: Model,
    bisect: bool,
) -> None:
    random = Random(5)
    bodies = [body(random) for _ in range(60)]
    poison = {13, 14, 37, 59}
    records = [stream_record(index, b"{}" if index in poison else text.encode()) for index, text in enumerate(bodies)]
    proxy.on("SendMessageBatch", faults.status(403), skip=1)
    proxy.on("SendMessageBatch", faults.act_after(function.kill), skip=3)
    proxy.on("SendMessageBatch", faults.act_before(function.kill, faults.reset), skip=4)
    StreamMapping(function.invoke, cloud.sqs, stage.failure_queue, bisect=bisect).process(records)
    places = {number_of(record): index for index, record in enumerate(records)}
    done = set()
    for result in results():
        place = places[result["id"]]
        assert result == expect_prediction(houses, "kinesis", result["id"], bodies[place])
        done.add(place)
    given_up: set[int] = set()
    for record in failures():
        batch = record["KinesisBatchInfo"]
        given_up |= set(range(places[batch["startSequenceNumber"]], places[batch["endSequenceNumber"]] + 1))
    assert done | given_up == set(range(60))
    assert poison <= given_up
    assert not poison & done
