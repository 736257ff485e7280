"""Calls of S3, and what their failures mean: the object is gone, or it is worth another delivery."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from function.aws import import_service_errors
from function.errors import RetryLater


class Gone(Exception):
    """The object, as the event names it, is there no more: replaced or deleted, which events of their own tell of."""


@contextmanager
def translate_errors(operation: str) -> Iterator[None]:
    """Turns what a call raises into Gone (404, 412) or RetryLater (anything else).

    A 403 is worth another delivery too: roles and policies get repaired, and what is not ends in the failure queue.
    """
    try:
        yield
    except import_service_errors() as error:
        if get_status(error) in (404, 412) and get_code(error) not in ("NoSuchBucket", "NoSuchUpload"):
            raise Gone from None
        raise RetryLater(f"S3's {operation} failed ({get_code(error)}).") from None


def get_status(error: Exception) -> int | None:
    """The HTTP status of S3's answer, where there was one."""
    status: int | None = _get_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def get_code(error: Exception) -> str:
    """S3's code for the error, else the error's type."""
    return str(_get_response(error).get("Error", {}).get("Code") or type(error).__name__)


def _get_response(error: Exception) -> dict[str, Any]:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return response
