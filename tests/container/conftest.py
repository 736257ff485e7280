"""The image, built once from a clean copy of the repository."""

from pathlib import Path

import pytest

from tests.engine import Docker


@pytest.fixture(scope="session")
def image(docker: Docker, source: Path) -> str:
    """The image `data`, which a fresh clone builds: with the example, trained in the build."""
    docker("build", "--tag", "ml-model-deployer-test:data", str(source))
    return "ml-model-deployer-test:data"


@pytest.fixture(scope="session")
def full_image(docker: Docker, source: Path, image: str) -> str:
    """The image with scikit-learn; its first stages are those of `image`."""
    assert docker("image", "inspect", image).returncode == 0
    docker("build", "--target", "full", "--tag", "ml-model-deployer-test:full", str(source))
    return "ml-model-deployer-test:full"
