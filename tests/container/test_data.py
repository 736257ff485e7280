"""The image without scikit-learn, and what both images have in common. Touches Docker."""

import json
import shutil
from pathlib import Path

import pytest

from tests.bundles import edit
from tests.engine import AS_LAMBDA, Docker

EXAMPLE = "AreaSqft=1500 NumBedrooms=3\nPrice: 360000.0 USD\n"


@pytest.fixture(params=["full", "slim"])
def either(image: str, slim_image: str, request: pytest.FixtureRequest) -> str:
    return image if request.param == "full" else slim_image


def test_slim_has_none_of_what_it_is_for_leaving_out(docker: Docker, slim_image: str) -> None:
    code = "import importlib.util as u; print([n for n in ('sklearn', 'scipy', 'pandas', 'joblib') if u.find_spec(n)])"
    assert docker("run", "--rm", "--entrypoint", "python", slim_image, "-c", code).stdout == "[]\n"


def mount(bundle: Path) -> tuple[str, str]:
    """Return docker's options that put the bundle in the place of the image's own."""
    return "--volume", f"{bundle}:/var/task/model:ro"


@pytest.mark.parametrize("runtime", ["", "flat"])
def test_slim_predicts_with_what_it_has(docker: Docker, slim_image: str, runtime: str) -> None:
    done = docker("run", "--rm", *AS_LAMBDA, "--env", f"MODEL_RUNTIME={runtime}", slim_image)
    assert (done.stdout, done.stderr) == (EXAMPLE, "")


def test_slim_asked_for_joblib_says_which_image_has_it(docker: Docker, slim_image: str, full_bundle: Path) -> None:
    asked = ("--env", "MODEL_RUNTIME=joblib")
    done = docker("run", "--rm", *AS_LAMBDA, *mount(full_bundle), *asked, slim_image, check=False)
    assert done.returncode == 1
    assert "build the image's target full" in done.stderr


def test_bundle_for_joblib_alone_never_becomes_a_slim_image(
    docker: Docker, source: Path, full_bundle: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(source, tmp_path / "other"))
    shutil.copytree(full_bundle, folder / "model")
    edit(folder / "model", lambda document: document["artifacts"].pop("model.flat"))
    done = docker("build", "--target", "slim", "--tag", "ml-model-deployer-other", str(folder), check=False)
    assert done.returncode != 0
    assert "build the image's target full" in done.stdout + done.stderr


def test_snapshots_are_allowed(docker: Docker, either: str) -> None:
    labels = docker("image", "inspect", "--format", "{{json .Config.Labels}}", either).stdout
    assert json.loads(labels)["com.amazonaws.lambda.feature.snapstart"] == "Allow"


def test_start_reads_through_no_file_that_the_build_verified(docker: Docker, either: str) -> None:
    code = (
        "import sys; from function.bundle.loading import load; load('/var/task/model'); "
        "print('hashlib' in sys.modules, sorted(set(sys.modules) & {'numpy', 'sklearn'}))"
    )
    done = docker("run", "--rm", *AS_LAMBDA, "--entrypoint", "python", either, "-c", code)
    assert done.stdout == "False []\n"


def test_mounted_bundle_is_read_through(docker: Docker, either: str, houses_bundle: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(houses_bundle, tmp_path / "model"))
    data = bytearray((folder / "model.flat").read_bytes())
    data[-1] ^= 1
    (folder / "model.flat").write_bytes(data)
    done = docker("run", "--rm", *AS_LAMBDA, *mount(folder), either, check=False)
    assert done.returncode == 1
    assert "model.flat is not the one that was packaged" in done.stderr


def test_parquet_and_csv_are_read_without_pandas(docker: Docker, slim_image: str) -> None:
    code = (
        "import io, pyarrow, pyarrow.csv, pyarrow.compute; from pyarrow import parquet; "
        "sink = io.BytesIO(); parquet.write_table(pyarrow.table({'a': [1.5]}), sink); sink.seek(0); "
        "print(parquet.ParquetFile(sink).read(use_threads=False).to_pydict())"  # as the function reads
    )
    done = docker("run", "--rm", *AS_LAMBDA, "--entrypoint", "python", slim_image, "-c", code)
    assert done.stdout == "{'a': [1.5]}\n"
