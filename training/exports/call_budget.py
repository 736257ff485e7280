"""Gives up on a call that might take minutes, by a count that is the same on every machine, as a time is not."""

import sys
from collections.abc import Callable
from types import CodeType

_TOOL = "ml-model-deployer"


class CallBudgetExceeded(Exception):
    """The call began more functions than it was allowed to."""


def run_within_budget[T](call: Callable[[], T], most: int) -> T:
    """What `call` returns, if it begins at most so many Python functions. Raises TooLong, and whatever it raises."""
    begun = 0

    def count(_code: CodeType, _offset: int) -> None:
        nonlocal begun
        begun += 1
        if begun > most:
            raise CallBudgetExceeded(f"more than {most:,} function calls")

    # https://docs.python.org/3/library/sys.monitoring.html: the identifiers 3 and 4 are kept for no kind of tool.
    monitoring, tool = sys.monitoring, next((t for t in (3, 4) if sys.monitoring.get_tool(t) is None), None)
    if tool is None:
        return call()
    monitoring.use_tool_id(tool, _TOOL)
    try:
        monitoring.register_callback(tool, monitoring.events.PY_START, count)
        monitoring.set_events(tool, monitoring.events.PY_START)
        return call()
    finally:
        monitoring.set_events(tool, monitoring.events.NO_EVENTS)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(tool)
