"""How many tests each suite ran, and for how long; pytest prints it at the end of a run."""

from collections import Counter

import pytest

SUITE_PARTS = 2  # tests/unit/web/test_page.py belongs to tests/unit


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write one line for each suite: its folder, its tests and its seconds, setup and teardown included."""
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                suite = "/".join(report.location[0].split("/")[:SUITE_PARTS])
                seconds[suite] += report.duration  # type: ignore[assignment]
                tests[suite] += report.when == "call" or (report.when == "setup" and not report.passed)
    if not tests:
        return
    terminalreporter.write_sep("=", "time of each suite")
    width = max(map(len, tests))
    for suite, count in tests.items():
        terminalreporter.write_line(f"{suite:{width}}  {count:6,} tests  {seconds[suite]:6,.0f} s")
