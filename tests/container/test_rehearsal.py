"""`make rehearse`, run once, to its end. Touches Docker, a registry on this machine and the loopback interface."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine import Docker
from tools.rehearsal.registry import PROGRAMS


@pytest.fixture(scope="module")
def rehearsed(docker: Docker, image: str, source: Path) -> str:
    """What the rehearsal of a fresh clone says."""
    assert docker("image", "inspect", image).returncode == 0
    if not any(map(shutil.which, PROGRAMS)) and not os.environ.get("CI"):
        pytest.skip("there is no image registry here: install Debian's docker-registry")
    command = [sys.executable, "-m", "tools.rehearsal"]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=550, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_deployment_is_rehearsed_to_its_end(rehearsed: str) -> None:
    summary = re.search(
        r"rehearsed: (\d+) resources created, (\d+) made by calls, \d+ replaced, \d+ left out, 0 wrong", rehearsed
    )
    assert summary is not None
    assert int(summary[1]) >= 34
    assert int(summary[2]) >= 17
    assert "pushed ml-model-deployer:" in rehearsed
    assert "the results bucket has '1500,3,360000.0,,'" in rehearsed
    assert "and 1 message returns to the queue" in rehearsed


def test_what_was_left_out_is_named(rehearsed: str) -> None:
    for name in (
        "ApiApiGatewayDefaultStage",
        "BatchFunctionEventInvokeConfig",
        "ServerlessDeploymentApplication",
        "Rules",
    ):
        assert f"left out: {name}: " in rehearsed
    assert "replaced: PredictFunctionAliaslive: " in rehearsed
