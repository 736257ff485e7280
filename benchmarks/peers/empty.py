"""The floor: a handler that does nothing."""

from typing import Any


def handler(event: Any, context: object) -> dict[str, Any]:
    """An empty answer."""
    return {"statusCode": 200, "body": "{}"}
