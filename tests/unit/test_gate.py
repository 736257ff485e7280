"""In CI nothing may be skipped. Runs pytest on a file of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import skips
from tests.emulator import REPOSITORY


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_skipped_test_fails_the_run_in_ci_alone(ci: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\n\ndef test_it():\n    pytest.skip('no reason')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.skips", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 skipped" in done.stdout
    assert done.returncode == code


def test_every_run_has_this_gate(pytestconfig: pytest.Config) -> None:
    hooks = pytestconfig.hook.pytest_sessionfinish.get_hookimpls()
    assert skips.pytest_sessionfinish in [hook.function for hook in hooks]
