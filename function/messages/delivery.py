"""One message as its source delivered it, and how to read what it asks for."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from function.errors import MalformedInput, RequestError
from function.files.s3_events import SourceObject, read_notification
from function.telemetry.unexpected_errors import report_error

type Redelivery = Literal["each", "rest", "all"]
"""What a source delivers again: each failed message, the first failed one and all after it, or only the whole batch."""


class Delivery(NamedTuple):
    """A message: its id (None if it has none), a function that reads its document, and how often it was received.

    `part_number` is its position among several messages with the same id.
    """

    id: str | None
    read: Callable[[], Any]
    receive_count: int = 1
    part_number: int | None = None

    def identify(self) -> dict[str, object]:
        """Return the members by which a result names its message."""
        return {"id": self.id} if self.part_number is None else {"id": self.id, "part": self.part_number}


class Notification(NamedTuple):
    """The content of a message that is a notification of S3: the objects to score."""

    objects: list[SourceObject]


class Body(NamedTuple):
    """The content of any other message: a document with records, or the error that reading it raised."""

    document: object


def read_delivery(delivery: Delivery) -> Notification | Body:
    """Read what a message asks for. A notification that is malformed is a body with the error."""
    try:
        document = delivery.read()
        objects = read_notification(document)
    except RequestError as error:
        return Body(error)
    except Exception as error:  # noqa: BLE001
        return Body(report_error(error, "-"))
    if objects is None:
        return Body(document)
    malformed = next((item for item in objects if isinstance(item, MalformedInput)), None)
    if malformed is not None:
        return Body(malformed)
    return Notification([item for item in objects if isinstance(item, SourceObject)])
