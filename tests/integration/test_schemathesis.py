"""Schemathesis holds the API against its own OpenAPI document, with every check on. Touches the loopback interface."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_serve import serving

COMMAND = [str(Path(sys.executable).with_name("st")), "run", "--checks", "all", "--workers", "2", "--no-color"]


@pytest.mark.parametrize("bundle", ["houses_bundle", "iris_bundle", "mixed_bundle"])
def test_api_does_what_its_document_says(bundle: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with serving(request.getfixturevalue(bundle)) as address:
        done = subprocess.run(
            [*COMMAND, "--url", address, "--max-examples", "30", f"{address}/openapi.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "No issues found" in done.stdout, done.stdout[-6000:]
