"""Scores files: an object in the input bucket, its predictions and a report in the results bucket."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from function.files.notification import Notified, SourceObject, created_objects, notification_of, notified

if TYPE_CHECKING:
    from function.service import Service

__all__ = [
    "Notified",
    "SourceObject",
    "created_objects",
    "is_scored",
    "notification_of",
    "notified",
    "score_object",
]


def score_object(service: "Service", source: SourceObject, remaining_ms: Callable[[], float]) -> None:
    """Writes the object's predictions and, last, its report.

    Returns too where there is nothing (more) to do: the report of this very object and model is there, the object was
    replaced or deleted meanwhile, or it can never be scored, which its report then says.

    Raises RetryLater where another delivery may succeed (nothing half done is visible), BucketNotAllowed for an object
    of another bucket than INPUT_BUCKET, SettingError.
    """
    from function.files.scoring import score  # what it needs is needed by no HTTP request

    score(service, source, remaining_ms)


def is_scored(service: "Service", source: SourceObject) -> bool:
    """Whether the report of the very object that the event names is there; the object itself is not asked for.

    Raises RetryLater, SettingError.
    """
    from function.files.scoring import is_settled

    return is_settled(service, source)
