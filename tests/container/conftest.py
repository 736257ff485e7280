"""The image, built once from a clean copy of the repository."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.emulator import REPOSITORY
from tests.engine import Docker


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would clone, without the bundle that lies in model/."""
    folder = tmp_path_factory.mktemp("source") / "ml-model-deployer"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def image(docker: Docker, source: Path) -> str:
    """The image that a fresh clone builds: with the example, trained in the build."""
    docker("build", "--tag", "ml-model-deployer-test", str(source))
    return "ml-model-deployer-test"
