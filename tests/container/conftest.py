"""The image, built once from a clean copy of the repository."""

from pathlib import Path

import pytest

from tests.engine import Docker


@pytest.fixture(scope="session")
def image(docker: Docker, source: Path) -> str:
    """The image that a fresh clone builds: with the example, trained in the build."""
    docker("build", "--tag", "ml-model-deployer-test", str(source))
    return "ml-model-deployer-test"
