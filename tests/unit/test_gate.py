"""In CI nothing may be skipped, and a run says how long each suite took. Runs pytest on a file of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import skips, suite_times
from tests.emulator import REPOSITORY


def run_pytest(plugin: str, folder: Path, ci: str = "") -> "subprocess.CompletedProcess[str]":
    """Run pytest on the tests of a folder, with one of our plugins and no other."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", plugin, "--rootdir", str(folder), str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_skipped_test_fails_the_run_in_ci_alone(ci: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\n\ndef test_it():\n    pytest.skip('no reason')\n")
    done = run_pytest("tests.skips", tmp_path, ci)
    assert "1 skipped" in done.stdout
    assert done.returncode == code


def test_time_of_each_suite_comes_before_the_closing_line(tmp_path: Path) -> None:
    for suite in ("unit", "web"):
        (tmp_path / "tests" / suite).mkdir(parents=True)
        (tmp_path / "tests" / suite / f"test_{suite}.py").write_text("def test_it():\n    pass\n")
    *_, title, unit, web, closing = run_pytest("tests.suite_times", tmp_path).stdout.splitlines()
    assert "= time of each suite =" in title
    assert unit.split() == ["tests/unit", "1", "tests", "0", "s"]
    assert web.split() == ["tests/web", "1", "tests", "0", "s"]
    assert "2 passed" in closing


def test_every_run_has_both(pytestconfig: pytest.Config) -> None:
    hooks = pytestconfig.hook
    assert skips.pytest_sessionfinish in [hook.function for hook in hooks.pytest_sessionfinish.get_hookimpls()]
    summaries = [hook.function for hook in hooks.pytest_terminal_summary.get_hookimpls()]
    assert suite_times.pytest_terminal_summary in summaries
