"""What suites share: Docker, and bundles of tables that scikit-learn ships and of one with everything odd in it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import joblib
import pandas
import pytest
from hypothesis import settings
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from function.bundle.loading import load
from function.model.runtime import Model
from tests import engine
from tests.chromium import browser, open_page  # noqa: F401  (fixtures, of the page and of the local API)
from tests.emulator import REPOSITORY
from tests.engine import Docker
from tests.skips import pytest_sessionfinish  # noqa: F401  (a hook of pytest)
from tests.suite_times import pytest_terminal_summary  # noqa: F401  (the same)
from training.__main__ import main as train

# For `make unit`, which asks for it by name; every other run tries hypothesis' own hundred examples.
settings.register_profile("quick", max_examples=20)

type MakeBundle = Callable[..., Path]


def verify_here(bundle: Path) -> None:
    """Verify in this process, because a new one costs seconds."""
    load(bundle)


@pytest.fixture(scope="session")
def make_bundle(tmp_path_factory: pytest.TempPathFactory) -> MakeBundle:
    """Runs training with these arguments and returns the bundle's directory."""

    def make(*arguments: str) -> Path:
        out = tmp_path_factory.mktemp("bundle") / "model"
        assert train([*arguments, "--out", str(out)], verify=verify_here, trees=10) == 0
        return out

    return make


@pytest.fixture(scope="session")
def houses_bundle(make_bundle: MakeBundle) -> Path:
    """The article's forest: two numbers in, one out."""
    return make_bundle()


@pytest.fixture(scope="session")
def full_bundle(make_bundle: MakeBundle) -> Path:
    """The article's forest, with an artifact for each runtime."""
    return make_bundle("--keep-joblib")


@pytest.fixture(scope="session")
def iris_bundle(make_bundle: MakeBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier with text labels and probabilities, with an artifact for each runtime."""
    iris = load_iris(as_frame=True)
    table = iris.data.assign(species=[iris.target_names[label] for label in iris.target])
    path = tmp_path_factory.mktemp("data") / "iris.csv"
    table.to_csv(path, index=False)
    return make_bundle("--data", str(path), "--target", "species", "--keep-joblib")


@pytest.fixture(scope="session")
def mixed_bundle(make_bundle: MakeBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers, booleans and texts, nulls in two of them, and names that need escaping everywhere."""
    rows = 120
    table = pandas.DataFrame(
        {
            "area/m²": [40.0 + (row * 37) % 160 for row in range(rows)],
            "year ~ built": [None if row % 9 == 0 else 1900 + (row * 13) % 120 for row in range(rows)],
            "balcony": [row % 3 == 0 for row in range(rows)],
            'heating "type"': [("gas", "oil", "=wood", None)[row % 4] for row in range(rows)],
            "🏠": [("flat", "house")[row % 2] for row in range(rows)],
        }
    )
    table["rent, €"] = table["area/m²"] * 11.5 + table["balcony"] * 40 + (table["🏠"] == "house") * 150.25
    path = tmp_path_factory.mktemp("data") / "rents.csv"
    table.to_csv(path, index=False)
    return make_bundle("--data", str(path), "--target", "rent, €", "--unit", "€", "--keep-joblib")


@pytest.fixture(scope="session")
def picky_bundle(make_bundle: MakeBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear model, whose answer can overflow, behind an encoder that refuses unseen categories."""
    folder = tmp_path_factory.mktemp("data")
    table = pandas.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "colour": ["red", "blue", "red", "blue"]})
    price = [10.0, 22.0, 31.0, 43.0]
    encoder = ColumnTransformer([("colour", OneHotEncoder(), ["colour"])], remainder="passthrough")
    joblib.dump(make_pipeline(encoder, LinearRegression()).fit(table, price), folder / "picky.joblib")
    table.assign(price=price).to_csv(folder / "sample.csv", index=False)
    sample = str(folder / "sample.csv")
    return make_bundle("--model", str(folder / "picky.joblib"), "--data", sample, "--target", "price", "--keep-joblib")


@pytest.fixture(scope="session")
def houses(houses_bundle: Path) -> Model:
    """The loaded bundle."""
    return load(houses_bundle)


@pytest.fixture(scope="session")
def iris(iris_bundle: Path) -> Model:
    """The loaded bundle."""
    return load(iris_bundle)


@pytest.fixture(scope="session")
def mixed(mixed_bundle: Path) -> Model:
    """The loaded bundle."""
    return load(mixed_bundle)


@pytest.fixture(scope="session")
def picky(picky_bundle: Path) -> Model:
    """The loaded bundle."""
    return load(picky_bundle)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would clone, without the bundle that lies in model/."""
    folder = tmp_path_factory.mktemp("source") / "ml-model-deployer"
    if not (REPOSITORY / ".git").exists():  # `sam init --location` leaves it out
        made = shutil.ignore_patterns(".*_cache", "__pycache__", ".venv", ".aws-sam", "model", "sbom.cdx.json")
        shutil.copytree(REPOSITORY, folder, ignore=made)
        return folder
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
def docker() -> Docker:
    """Runs docker. Where no engine answers the test is skipped; in CI it fails."""
    if not engine.answers():
        reason = "no Docker engine answers: start one, and this test runs"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return engine.run_docker
