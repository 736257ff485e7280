"""A handler that does nothing, for the lowest possible times."""

from typing import Any


def handler(event: Any, context: object) -> dict[str, Any]:
    """Return an empty response."""
    return {"statusCode": 200, "body": "{}"}
