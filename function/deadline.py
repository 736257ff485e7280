"""How much time an invocation has left."""

from collections.abc import Callable
from math import inf

# Work that starts with less than this may be cut off by Lambda; it is left to the next delivery.
RESERVE_MS = 3_000


def make_timer(context: object) -> Callable[[], float]:
    """Milliseconds until Lambda ends the invocation, as a function of when it is asked; infinite outside of Lambda."""
    remaining: Callable[[], float] | None = getattr(context, "get_remaining_time_in_millis", None)
    return remaining or (lambda: inf)
