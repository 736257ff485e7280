"""Small files that stand for much: each ends in its report, within the memory of a small function.

Each is scored in a process of its own; as root in a memory group of 1,024 MB, in which a process that takes more dies.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import REPOSITORY
from tests.faults.bombs import BOMBS, Bomb

MEMORY_MB = 1024
GROUPS = Path("/sys/fs/cgroup/memory")
# What the largest of them takes of it, of both processes together, with what the kernel holds for them.
_MOST = 0.75


@pytest.fixture
def group() -> Iterator[Path | None]:
    """A memory group with that limit; None where none can be made."""
    group = GROUPS / f"ml-model-deployer-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    (group / "memory.limit_in_bytes").write_text(str(MEMORY_MB * 1024 * 1024))
    yield group
    group.rmdir()


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_bomb_ends_in_its_report(bomb: Bomb, group: Path | None, houses_bundle: Path, tmp_path: Path) -> None:
    file = tmp_path / f"bomb{bomb.suffix}"
    file.write_bytes(bomb.body())
    found = score_bomb(file, group, houses_bundle)
    error = found["report"]["error"]
    assert (error and error["code"]) == bomb.code, error
    # The process's own, in kB.
    assert found["peak"] < 0.6 * MEMORY_MB * 1024
    if group is not None:
        assert int((group / "memory.max_usage_in_bytes").read_text()) < _MOST * MEMORY_MB * 1024 * 1024


def test_group_ends_what_takes_more(group: Path | None) -> None:
    if group is None:
        pytest.skip("no memory group can be made")
    ended = run([sys.executable, "-c", "bytearray(b'x' * 2 * 1024**3)"], group)
    assert ended.returncode == -9


def score_bomb(file: Path, group: Path | None, bundle: Path) -> dict[str, Any]:
    """What became of the file: its report, and the peak of the process."""
    variables = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MB), "MODEL_PATH": str(bundle)}
    ended = run([sys.executable, "-m", "tests.faults.scored_alone", str(file)], group, **variables)
    assert ended.returncode == 0, ended.stderr.decode()[-1000:]
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def run(command: list[str], group: Path | None, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the command in the group."""
    enter = "" if group is None else f"echo $$ > {group}/cgroup.procs; "
    return subprocess.run(
        ["sh", "-c", f'{enter}exec "$@"', "sh", *command],
        cwd=REPOSITORY,
        env={**os.environ, **variables},
        capture_output=True,
        timeout=500,
        check=False,
    )
