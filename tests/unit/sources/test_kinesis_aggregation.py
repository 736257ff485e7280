"""Records that the Producer Library aggregated: taken apart whole, or refused. Touches nothing."""

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import MalformedInput
from function.model.runtime import Model
from function.sources import kinesis
from function.sources.kinesis_aggregation import is_aggregated, split_record
from function.telemetry.counts import Counts
from tests.cloud.event_factories import stream_record
from tests.events import read_event
from tests.unit.small_queue import Queue
from tests.unit.sources.test_message_sources import failures, service

MAGIC = b"\xf3\x89\x9a\xc2"
GOOD = b'{"AreaSqft":1500,"NumBedrooms":3}'


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes | int) -> bytes:
    """A field of protobuf, as a number or as bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def record(data: bytes) -> bytes:
    """With a hash key's index and a tag, which the Producer Library may write."""
    return field(1, 0) + field(2, 300) + field(3, data) + field(4, field(1, b"k") + field(2, b"v"))


def seal(message: bytes) -> bytes:
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


def aggregate(*parts: bytes) -> bytes:
    return seal(field(1, b"pk") + field(2, b"1") + b"".join(field(3, record(part)) for part in parts))


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_what_was_put_together_is_taken_apart(parts: list[bytes]) -> None:
    assert is_aggregated(aggregate(*parts))
    assert split_record(aggregate(*parts)) == parts


def test_unknown_fields_are_passed_over() -> None:
    fixed = varint(9 << 3 | 1) + bytes(8) + varint(10 << 3 | 5) + bytes(4)
    assert split_record(seal(fixed + field(99, 2**63) + field(3, fixed + record(GOOD)) + field(98, b"x"))) == [GOOD]


def test_changed_bit_is_refused_wherever_it_is() -> None:
    whole = aggregate(GOOD, b"{}")
    for place in range(len(MAGIC) * 8, len(whole) * 8):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        with pytest.raises(MalformedInput, match="checksum"):
            split_record(bytes(damaged))


def test_truncated_record_is_refused_at_any_length() -> None:
    whole = aggregate(GOOD, b"{}")
    for length in range(len(MAGIC), len(whole)):
        with pytest.raises(MalformedInput, match="checksum"):
            split_record(whole[:length])


def test_truncated_protobuf_under_a_right_checksum_is_refused_or_holds_fewer_records() -> None:
    message = aggregate(GOOD, b"{}")[len(MAGIC) : -16]
    refused = 0
    for length in range(len(message)):
        try:
            assert split_record(seal(message[:length])) in ([], [GOOD])
        except MalformedInput:
            refused += 1
    assert refused == len(message) - 4  # the message may end behind each of its four fields but the last, and be empty


@pytest.mark.parametrize(
    "message",
    [
        *(
            b"\x1b",
            b"\x1c",
            b"\x1e",
            b"\x1f",
            b"\x02\x00",
            b"\x1a",
            b"\x1a\x05x",
            b"\x80" * 11 + b"\x01",
            b"\x08" + b"\xff" * 10,
        ),
        *(field(3, b""), field(3, field(1, 0)), field(3, field(3, GOOD)), field(3, field(1, 0) + b"\x1a\x7f{}")),
        *(
            field(3, field(1, 0) + field(3, 5)),
            b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\x09" + bytes(7),
            b"\x0d" + bytes(3),
        ),
    ],
    ids=range(17),
)
def test_what_is_no_such_protobuf_is_refused(message: bytes) -> None:
    with pytest.raises(MalformedInput, match="protobuf"):
        split_record(seal(message))


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_apart_or_refused(message: bytes) -> None:
    try:
        assert isinstance(split_record(seal(message)), list)
    except MalformedInput:
        return


def handle_record(houses: Model, *data: bytes) -> tuple[list[int], list[tuple[int, Any]]]:
    """The records that were reported, and the place and part of each result."""
    queue = Queue()
    records = [stream_record(place, one) for place, one in enumerate(data)]
    numbers = [one["kinesis"]["sequenceNumber"] for one in records]
    answer = kinesis.handle({"Records": records}, None, service(houses, queue), Counts())
    found = [(numbers.index(result["id"]), result.get("part")) for result in queue.results]
    return [numbers.index(number) for number in failures(answer)], found


def test_each_part_gets_a_result_under_the_number_of_its_record(houses: Model) -> None:
    queue = Queue()
    assert failures(kinesis.handle(read_event("kinesis-aggregated"), None, service(houses, queue), Counts())) == []
    assert [(result["id"][-4:], result.get("part"), result["prediction"]) for result in queue.results] == [
        ("0001", 0, 360000.0),
        ("0001", 1, 470000.0),
        ("0002", None, 360000.0),
    ]


@pytest.mark.parametrize("damaged", [aggregate(GOOD)[:-1], MAGIC, seal(b"\x1a"), aggregate(GOOD) + b"\0"])
def test_damaged_record_is_its_own_fault(houses: Model, damaged: bytes) -> None:
    assert handle_record(houses, aggregate(GOOD, GOOD), damaged, GOOD) == ([1], [(0, 0), (0, 1)])


def test_part_that_cannot_be_predicted_reports_its_record_and_costs_its_neighbours_nothing(houses: Model) -> None:
    assert handle_record(houses, GOOD, aggregate(GOOD, b"{}", GOOD), GOOD) == ([1], [(0, None), (1, 0), (1, 2)])


def test_record_that_holds_nothing_is_dealt_with(houses: Model) -> None:
    assert handle_record(houses, aggregate(), GOOD) == ([], [(1, None)])


def test_aggregated_event_is_what_a_producer_sent() -> None:
    data = base64.b64decode(read_event("kinesis-aggregated")["Records"][0]["kinesis"]["data"])
    assert [json.loads(part)["AreaSqft"] for part in split_record(data)] == [1500, 1800]
