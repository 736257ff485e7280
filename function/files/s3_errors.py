"""Calls of S3, and what their failures mean: the object is gone, or it is worth another delivery."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from function.aws import service_errors
from function.errors import RetryLater


class Gone(Exception):
    """The object, as the event names it, is there no more: replaced or deleted, which events of their own tell of."""


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """Turns what a call raises into Gone (404, 412) or RetryLater (anything else).

    A 403 is worth another delivery too: roles and policies get repaired, and what is not ends in the failure queue.
    """
    try:
        yield
    except service_errors() as error:
        if status_of(error) in (404, 412) and code_of(error) not in ("NoSuchBucket", "NoSuchUpload"):
            raise Gone from None
        raise RetryLater(f"S3's {operation} failed ({code_of(error)}).") from None


def status_of(error: Exception) -> int | None:
    """The HTTP status of S3's answer, where there was one."""
    status: int | None = _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def code_of(error: Exception) -> str:
    """S3's code for the error, else the error's type."""
    return str(_answer(error).get("Error", {}).get("Code") or type(error).__name__)


def _answer(error: Exception) -> dict[str, Any]:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return response
