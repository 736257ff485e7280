"""Each file of events/ is of exactly one source and gets the answer its table documents. Touches files only."""

from typing import Any

import pytest

from function import aws
from function.dispatch import SOURCES, create_handler, import_source
from function.errors import DeployerError, UnknownEvent
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from tests.events import FOLDER, Documented, read_documented
from tests.unit.small_queue import Clients, Queue


def names_of_matching_sources(event: object) -> list[str]:
    """The last part of each matching module's name."""
    return [name for name in SOURCES if import_source(name).matches(event)]


def test_every_event_is_documented() -> None:
    assert sorted(row.file for row in read_documented()) == sorted(path.name for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("row", read_documented(), ids=lambda row: row.file)
def test_event_matches_exactly_its_source(row: Documented) -> None:
    assert names_of_matching_sources(row.event) == [row.source]


# Those that name objects need a bucket: tests/integration/test_emulator.py has one.
WITHOUT_OBJECTS = [row for row in read_documented() if not row.file.startswith("s3-")]


@pytest.mark.parametrize("row", WITHOUT_OBJECTS, ids=lambda row: row.file)
def test_event_gets_the_documented_answer(row: Documented, houses: Model) -> None:
    clients: Any = Clients(Queue())
    handler = create_handler(Service(houses, Settings("", results_queue_url="https://queue"), clients))
    if row.raises:
        with pytest.raises(DeployerError) as raised:
            handler(row.event, None)
        assert type(raised.value).__name__ == row.answer
    else:
        row.check(handler(row.event, None))


@pytest.mark.parametrize("event", [None, 1, [], {"Records": []}, {"requestContext": {"connectionId": "x"}}])
def test_event_of_no_source_is_refused_with_what_to_send(event: object, houses: Model) -> None:
    assert names_of_matching_sources(event) == []
    with pytest.raises(UnknownEvent, match="comes from no source"):
        create_handler(Service(houses, Settings(model_path=""), aws.Clients()))(event, None)
