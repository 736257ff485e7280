"""What a queue has accepted: what its answer names as successful, and nothing else. Touches nothing."""

from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from function.messages.results_queue import send_documents
from function.service import Service
from function.settings import Settings
from tests.unit.small_models import regressor
from tests.unit.small_queue import Clients, Queue

RESULTS: list[dict[str, object]] = [{"id": str(index)} for index in range(25)]


def not_accepted(queue: Queue, results: list[dict[str, object]], **others: Any) -> list[int]:
    clients: Any = Clients(queue)
    return send_documents(Service(regressor(), Settings(""), clients), "https://queue", results, lambda: inf, **others)


def test_what_is_named_as_successful_is_accepted() -> None:
    queue = Queue()
    assert not_accepted(queue, RESULTS) == []
    assert queue.results == RESULTS


ANSWERS: dict[str, Callable[[list[str]], Any]] = {
    "an empty object": lambda _: {},
    "null for the lists": lambda _: {"Successful": None, "Failed": None},
    "empty lists": lambda _: {"Successful": [], "Failed": []},
    "no object": lambda _: "<html>",
    "nothing": lambda _: None,
    "a list": lambda _: [],
    "numbers for the lists": lambda _: {"Successful": 3},
    "texts for the entries": lambda ids: {"Successful": ids},
    "entries without ids": lambda ids: {"Successful": [{} for _ in ids]},
    "ids of others": lambda ids: {"Successful": [{"Id": f"{key}0{key}"} for key in ids]},
    "numbers for the ids": lambda ids: {"Successful": [{"Id": int(key)} for key in ids]},
    "lists for the ids": lambda ids: {"Successful": [{"Id": [key]} for key in ids]},
    "both": lambda ids: {"Successful": [{"Id": key} for key in ids], "Failed": [{"Id": key} for key in ids]},
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_answer_of_another_protocol_has_accepted_nothing(answer: Callable[[list[str]], Any]) -> None:
    queue = Queue()
    queue.answers = answer
    assert not_accepted(queue, RESULTS) == list(range(25))


def test_what_is_named_neither_as_successful_nor_as_failed_is_not_accepted() -> None:
    queue = Queue()
    queue.answers = lambda ids: {"Successful": [{"Id": key} for key in ids if int(key) % 3]}
    assert not_accepted(queue, RESULTS) == list(range(0, 25, 3))


@pytest.mark.parametrize("value", [nan, inf, object(), {1: {2, 3}}])
def test_document_that_is_no_json_costs_no_other_its_way(value: object) -> None:
    queue = Queue()
    results = [*RESULTS[:12], {"id": value}, *RESULTS[12:]]
    assert not_accepted(queue, results) == [12]
    assert queue.results == RESULTS


def test_document_that_is_too_large_is_not_sent_and_one_that_just_fits_is() -> None:
    queue = Queue()
    longest = 1024 * 1024 - len('{"id": ""}')
    results: list[dict[str, object]] = [{"id": "x" * length} for length in (1, longest + 1, longest, 1)]
    assert not_accepted(queue, results) == [1]
    assert [len(batch) for batch in queue.batches] == [1, 1, 1]


def make_sized(size: int) -> dict[str, object]:
    """A document of so many bytes as JSON."""
    return {"id": "x" * (size - len('{"id": ""}'))}


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [
        ([524_288, 524_288], [2]),  # together what SQS takes, to the last byte
        ([524_288, 524_289], [1, 1]),
        ([524_289, 524_288], [1, 1]),
        ([400_000] * 5, [2, 2, 1]),
        ([1_048_576], [1]),
        ([1_048_576, 100], [1, 1]),
        ([100, 1_048_576, 100], [1, 1, 1]),
        ([1_048_000, *[64] * 9], [10]),
        ([1_048_000, *[65] * 9], [9, 1]),
        ([100] * 10, [10]),
        ([100] * 11, [10, 1]),
    ],
)
def test_batches_are_as_full_as_sqs_takes_them(sizes: list[int], batches: list[int]) -> None:
    queue = Queue()
    documents = [make_sized(size) for size in sizes]
    assert not_accepted(queue, documents) == []
    assert queue.results == documents
    assert [len(batch) for batch in queue.batches] == batches


def test_document_past_what_sqs_takes_is_not_sent_and_takes_no_other_with_it() -> None:
    queue = Queue()
    assert not_accepted(queue, [make_sized(100), make_sized(1_048_577), make_sized(100)]) == [1]
    assert len(queue.results) == 2
