"""Translate errors of S3 calls: the object is gone, or another delivery may succeed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from function.aws import import_service_errors
from function.errors import RetryLater


class Gone(Exception):
    """The version that the event names does not exist any more: replaced or deleted, each with an event of its own."""


@contextmanager
def translate_errors(operation: str) -> Iterator[None]:
    """Translate errors of the call to Gone (404, 412) or RetryLater (any other).

    A 403 becomes RetryLater too: a role or policy may be repaired, and otherwise the event ends in the failure queue.
    """
    try:
        yield
    except import_service_errors() as error:
        if get_status(error) in (404, 412) and get_code(error) not in ("NoSuchBucket", "NoSuchUpload"):
            raise Gone from None
        raise RetryLater(f"S3's {operation} failed ({get_code(error)}).") from None


def get_status(error: Exception) -> int | None:
    """Return the HTTP status of S3's response, or None if there was none."""
    status: int | None = _get_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def get_code(error: Exception) -> str:
    """Return S3's error code, or the name of the error's type if there is none."""
    return str(_get_response(error).get("Error", {}).get("Code") or type(error).__name__)


def _get_response(error: Exception) -> dict[str, Any]:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return response
