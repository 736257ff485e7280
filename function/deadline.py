"""The remaining time of an invocation."""

from collections.abc import Callable
from math import inf

# With less time than this no work is started, because Lambda may cut it off; the next delivery does it.
RESERVE_MS = 3_000


def make_timer(context: object) -> Callable[[], float]:
    """Return a function that returns the milliseconds until Lambda ends the invocation; infinity outside of Lambda."""
    remaining: Callable[[], float] | None = getattr(context, "get_remaining_time_in_millis", None)
    return remaining or (lambda: inf)
