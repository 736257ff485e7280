"""Each file of events/ is of exactly one source and gets the answer its table documents. Touches files only."""

import pytest

from function.dispatch import SOURCES, create_handler
from function.errors import DeployerError, UnknownEvent
from function.model import Model
from function.settings import Settings
from tests.events import FOLDER, Documented, documented


def names_of_matching_sources(event: object) -> list[str]:
    """The last part of each matching module's name."""
    return [str(getattr(source, "__name__", "")).rpartition(".")[2] for source in SOURCES if source.matches(event)]


def test_every_event_is_documented() -> None:
    assert sorted(row.file for row in documented()) == sorted(path.name for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("row", documented(), ids=lambda row: row.file)
def test_event_matches_exactly_its_source(row: Documented) -> None:
    assert names_of_matching_sources(row.event) == [row.source]


@pytest.mark.parametrize("row", documented(), ids=lambda row: row.file)
def test_event_gets_the_documented_answer(row: Documented, houses: Model) -> None:
    handler = create_handler(houses, Settings(model_path=""))
    if row.raises:
        with pytest.raises(DeployerError) as raised:
            handler(row.event, None)
        assert type(raised.value).__name__ == row.answer
    else:
        row.check(handler(row.event, None))


@pytest.mark.parametrize("event", [None, 1, [], {"Records": []}, {"requestContext": {"connectionId": "x"}}])
def test_event_of_no_source_is_refused_with_what_to_send(event: object, houses: Model) -> None:
    assert names_of_matching_sources(event) == []
    with pytest.raises(UnknownEvent, match="HTTP API"):
        create_handler(houses, Settings(model_path=""))(event, None)
