"""Handlers that return what ours must never return; the emulator runs them in its place."""

from typing import Any


def returns_none(event: Any, context: object) -> None:
    """As a handler does that forgets its return."""


def returns_empty_object(event: Any, context: object) -> dict[str, Any]:
    """Without the key."""
    return {}


def returns_other_key(event: Any, context: object) -> dict[str, Any]:
    """The key misspelt."""
    return {"batchItemFailure": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}


def returns_all(event: Any, context: object) -> dict[str, Any]:
    """Every message failed."""
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}


def sleeps(event: Any, context: object) -> None:
    """Longer than any timeout of the tests."""
    import time

    time.sleep(60)
