"""Stop a call that would take minutes. It counts function calls, because a count is the same on every machine."""

import sys
from collections.abc import Callable
from types import CodeType

_TOOL = "ml-model-deployer"


class CallBudgetExceeded(Exception):
    """The call began more functions than its budget allows."""


def run_within_budget[T](call: Callable[[], T], most: int) -> T:
    """Return what `call` returns. Raises CallBudgetExceeded if it begins more than `most` Python functions."""
    count = 0

    def count_call(_code: CodeType, _offset: int) -> None:
        nonlocal count
        count += 1
        if count > most:
            raise CallBudgetExceeded(f"more than {most:,} function calls")

    # The identifiers 3 and 4 are free for any tool: https://docs.python.org/3/library/sys.monitoring.html
    monitoring, tool = sys.monitoring, next((t for t in (3, 4) if sys.monitoring.get_tool(t) is None), None)
    if tool is None:
        return call()
    monitoring.use_tool_id(tool, _TOOL)
    try:
        monitoring.register_callback(tool, monitoring.events.PY_START, count_call)
        monitoring.set_events(tool, monitoring.events.PY_START)
        return call()
    finally:
        monitoring.set_events(tool, monitoring.events.NO_EVENTS)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(tool)
