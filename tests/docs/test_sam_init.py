"""`sam init --location` of the repository gives a copy that works. Starts processes; reaches no network."""

import os
import subprocess
import sys
from pathlib import Path

from tests.emulator import REPOSITORY

SAM = Path(sys.executable).with_name("sam")


def test_copy_has_every_file_and_trains_and_predicts(source: Path, tmp_path: Path) -> None:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    environment = {**os.environ, **identity, "SAM_CLI_TELEMETRY": "0", "HOME": str(tmp_path)}

    def run(*command: str, cwd: Path) -> str:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    repository = tmp_path / "repository"
    run("cp", "-r", str(source), str(repository), cwd=tmp_path)
    for command in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message", "all"]):
        run("git", *command, cwd=repository)
    location = f"git+file://{repository}"
    run(str(SAM), "init", "--no-interactive", "--location", location, "--name", "copy", cwd=tmp_path)
    copy = tmp_path / "copy"
    files = {path.relative_to(source): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    assert {path.relative_to(copy): path.read_bytes() for path in copy.rglob("*") if path.is_file()} == files
    run(sys.executable, "-m", "training", cwd=copy)
    assert '"prediction": 360000.0' in run(
        sys.executable, "-m", "function", "predict", "--json", "AreaSqft=1500", "NumBedrooms=3", cwd=copy
    )
    assert (copy / "tests" / "conftest.py").read_text() == (REPOSITORY / "tests" / "conftest.py").read_text()
