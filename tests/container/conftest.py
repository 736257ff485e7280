"""The image, built once from a clean copy of the repository."""

from pathlib import Path

import pytest

from tests.engine import Docker


@pytest.fixture(scope="session")
def image(docker: Docker, source: Path) -> str:
    """The image that a fresh clone builds: with the example, trained in the build."""
    docker("build", "--tag", "ml-model-deployer-test", str(source))
    return "ml-model-deployer-test"


@pytest.fixture(scope="session")
def slim_image(docker: Docker, source: Path, image: str) -> str:
    """The image without scikit-learn; its first stages are those of `image`."""
    assert docker("image", "inspect", image).returncode == 0
    docker("build", "--target", "slim", "--tag", "ml-model-deployer-test-slim", str(source))
    return "ml-model-deployer-test-slim"
