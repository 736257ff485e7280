"""Print the table of the zoo at the end of a run that had models of it."""

from typing import Any

import pytest

from tests.zoo.report import Result, format_table

KEY = "zoo"


def list_results(reporter: pytest.TerminalReporter) -> list[Result]:
    """List what the tests recorded."""
    passed: list[pytest.TestReport] = reporter.stats.get("passed", [])
    recorded: list[Any] = [value for report in passed for name, value in report.user_properties if name == KEY]
    # The processes of a run on several processors send each other plain lists.
    return [Result(*value) for value in recorded]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the table."""
    if results := list_results(terminalreporter):
        terminalreporter.write_sep("=", "models of the zoo")
        terminalreporter.write(format_table(results))
