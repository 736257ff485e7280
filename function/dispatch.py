"""Finds the one source that an event comes from."""

from collections.abc import Callable
from typing import Any, Protocol

from function.errors import UnknownEvent
from function.model import Model
from function.service import Service
from function.settings import Settings
from function.sources import alb, direct, http_api, rest_api


class Source(Protocol):
    """A module of `sources`."""

    def matches(self, event: object) -> bool:
        """Whether the event is of this source; at most one source says so."""
        ...

    def handle(self, event: Any, context: object, service: Service) -> object:
        """The answer to the event."""
        ...


SOURCES: tuple[Source, ...] = (http_api, rest_api, alb, direct)


def create_handler(model: Model, settings: Settings) -> Callable[[Any, object], object]:
    """The Lambda handler that answers with this model."""
    service = Service(model, settings)

    def handler(event: Any, context: object) -> object:
        for source in SOURCES:
            if source.matches(event):
                return source.handle(event, context, service)
        raise UnknownEvent(
            "The event is of no source that this function serves: send an HTTP API, REST API, function URL or load "
            'balancer request, or a record or {"instances": [...]} itself.'
        )

    return handler
