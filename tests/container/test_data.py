"""What the image `data` leaves out, and what both images have in common. Touches Docker."""

import json
import shutil
from pathlib import Path

import pytest

from tests.bundles import edit
from tests.engine import AS_LAMBDA, Docker

EXAMPLE = "AreaSqft=1500 NumBedrooms=3\nPrice: 360000.0 USD\n"


# No image has these. What is there by another name is found by its files.
NOWHERE = ("lightgbm", "onnx", "onnxruntime", "skl2onnx", "xgboost")
NOT_IN_DATA = ("joblib", "pandas", "scipy", "sklearn", "threadpoolctl")


@pytest.fixture(params=["data", "full"])
def either(image: str, full_image: str, request: pytest.FixtureRequest) -> str:
    return image if request.param == "data" else full_image


def find_files(docker: Docker, image: str, names: tuple[str, ...]) -> list[str]:
    """Every module, package and distribution in the image that has one of the names, in any folder and letter case."""
    ends = ("", ".*", "-*")
    tests = [part for name in names for end in ends for part in ("-o", "-iname", name + end)][1:]
    find = ("/", "-xdev", "-path", "/proc", "-prune", "-o", "(", *tests, ")", "-print")
    found = docker("run", "--rm", "--user=0", "--entrypoint", "find", image, *find).stdout.split()
    return [path for path in found if not path.startswith("/var/task/function/runtimes/")]


def test_no_image_has_another_library_of_models(docker: Docker, either: str) -> None:
    assert find_files(docker, either, NOWHERE) == []


def test_data_has_nothing_of_scikit_learn(docker: Docker, image: str, full_image: str) -> None:
    assert find_files(docker, image, (*NOT_IN_DATA, "scikit_learn")) == []
    assert any(path.endswith("/sklearn") for path in find_files(docker, full_image, NOT_IN_DATA))


def test_data_imports_none_of_it(docker: Docker, image: str) -> None:
    code = f"import importlib.util as u; print([n for n in {NOT_IN_DATA + NOWHERE} if u.find_spec(n)])"
    assert docker("run", "--rm", "--entrypoint", "python", image, "-c", code).stdout == "[]\n"


def mount(bundle: Path) -> tuple[str, str]:
    """Return docker's options that put the bundle in the place of the image's own."""
    return "--volume", f"{bundle}:/var/task/model:ro"


@pytest.mark.parametrize("runtime", ["", "flat"])
def test_data_predicts_with_what_it_has(docker: Docker, image: str, runtime: str) -> None:
    done = docker("run", "--rm", *AS_LAMBDA, "--env", f"MODEL_RUNTIME={runtime}", image)
    assert (done.stdout, done.stderr) == (EXAMPLE, "")


def test_data_asked_for_joblib_says_which_image_has_it(docker: Docker, image: str, full_bundle: Path) -> None:
    asked = ("--env", "MODEL_RUNTIME=joblib")
    done = docker("run", "--rm", *AS_LAMBDA, *mount(full_bundle), *asked, image, check=False)
    assert done.returncode == 1
    assert "build the image's target full" in done.stderr


def test_bundle_for_joblib_alone_becomes_a_full_image_and_never_a_data_image(
    docker: Docker, source: Path, full_bundle: Path, full_image: str, tmp_path: Path
) -> None:
    assert docker("image", "inspect", full_image).returncode == 0  # its layers are there
    folder = Path(shutil.copytree(source, tmp_path / "other"))
    shutil.copytree(full_bundle, folder / "model")
    edit(folder / "model", lambda document: document["artifacts"].pop("model.flat"))
    done = docker("build", "--tag", "ml-model-deployer-other", str(folder), check=False)
    assert done.returncode != 0
    assert (
        "The bundle's file model.joblib needs scikit-learn, which this image does not have: build the image's "
        "target full (make image TARGET=full, or ImageTarget=full for sam build)."
    ) in done.stdout + done.stderr
    docker("build", "--target", "full", "--tag", "ml-model-deployer-other:full", str(folder))
    assert "(joblib; " in docker("run", "--rm", *AS_LAMBDA, "ml-model-deployer-other:full", "verify").stdout


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


def test_parquet_and_csv_are_read_without_pandas(docker: Docker, image: str) -> None:
    code = (
        "import io, pyarrow, pyarrow.csv, pyarrow.compute; from pyarrow import parquet; "
        "sink = io.BytesIO(); parquet.write_table(pyarrow.table({'a': [1.5]}), sink); sink.seek(0); "
        "print(parquet.ParquetFile(sink).read(use_threads=False).to_pydict())"  # as the function reads
    )
    done = docker("run", "--rm", *AS_LAMBDA, "--entrypoint", "python", image, "-c", code)
    assert done.stdout == "{'a': [1.5]}\n"
