"""The image, run as Lambda runs it and as people do. Touches Docker."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import emulator
from tests.bundles import edit
from tests.cloud import services
from tests.emulator import free_port, wait_for_port
from tests.engine import AS_LAMBDA, Docker
from tests.events import Documented, read_documented, variables

EXAMPLE = "AreaSqft=1500 NumBedrooms=3\nPrice: 360000.0 USD\n"


def test_image_without_a_command_predicts_the_example(docker: Docker, image: str) -> None:
    done = docker("run", "--rm", *AS_LAMBDA, image)
    assert (done.stdout, done.stderr) == (EXAMPLE, "")


def test_predict_takes_a_record(docker: Docker, image: str) -> None:
    done = docker("run", "--rm", *AS_LAMBDA, image, "predict", "AreaSqft=1800", "NumBedrooms=4")
    assert "Price: 470000.0 USD" in done.stdout


def test_predict_takes_a_csv(docker: Docker, image: str) -> None:
    rows = "AreaSqft,NumBedrooms\n1500,3\n"
    done = docker("run", "--rm", "-i", *AS_LAMBDA, image, "predict", "--csv", stdin=rows)
    assert done.stdout == "AreaSqft,NumBedrooms,prediction,warnings\n1500,3,360000.0,\n"


def test_release_hooks_find_the_services_that_they_call(docker: Docker, image: str) -> None:
    code = (
        "from function import release; from function.aws import Clients; "
        "found = Clients(); print(*(c.meta.service_model.service_name for c in (found.functions, found.deployments)))"
    )
    region = ("--env", "AWS_DEFAULT_REGION=eu-west-1", "--entrypoint", "python")
    assert docker("run", "--rm", *AS_LAMBDA, *region, image, "-c", code).stdout == "lambda codedeploy\n"


def test_verify_runs_every_check(docker: Docker, image: str) -> None:
    assert "golden rows are correct" in docker("run", "--rm", *AS_LAMBDA, image, "verify").stdout


def test_model_path_names_a_mounted_bundle(docker: Docker, image: str, iris_bundle: Path) -> None:
    mount = ("--volume", f"{iris_bundle}:/mnt/model:ro", "--env", "MODEL_PATH=/mnt/model")
    assert "species: " in docker("run", "--rm", *AS_LAMBDA, *mount, image).stdout


@pytest.fixture(scope="module")
def served(docker: Docker, image: str) -> Iterator[str]:
    """The address of `docker run -p … serve`, with everything of Lambda's but the missing network."""
    port = free_port()
    flags = [flag for flag in AS_LAMBDA if flag != "--network=none"]
    run = docker("run", "--detach", "--rm", *flags, "--publish", f"127.0.0.1:{port}:8080", image, "serve")
    container = run.stdout.strip()
    address = f"http://127.0.0.1:{port}"
    for _ in range(150):
        try:
            requests.get(f"{address}/health", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.2)
    yield address
    docker("stop", container)


def test_serve_answers_http(served: str) -> None:
    body = {"AreaSqft": 1500, "NumBedrooms": 3}
    assert requests.post(f"{served}/predict", json=body, timeout=10).json()["prediction"] == 360000.0
    assert requests.get(served, timeout=10).text.startswith("<!doctype html>")


@pytest.fixture(scope="module")
def function(docker: Docker, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The id of a container in which the function runs under the emulator, as Lambda runs it and without HOME."""
    binary = emulator.binary(tmp_path_factory.mktemp("rie"))
    mount = ("--volume", f"{binary}:/aws-lambda-rie:ro", "--env", "AWS_LAMBDA_LOG_FORMAT=JSON")
    command = ("--entrypoint", "/aws-lambda-rie", image, "/usr/bin/env", "-u", "HOME", "python", "-m", "function")
    container = docker("run", "--detach", *AS_LAMBDA, *mount, *command).stdout.strip()
    yield container
    docker("rm", "--force", container)


_INVOKE = """
import sys, time, urllib.request
for _ in range(100):
    try:
        url = "http://127.0.0.1:8080/2015-03-31/functions/function/invocations"
        print(urllib.request.urlopen(url, sys.stdin.buffer.read()).read().decode())
        break
    except OSError:
        time.sleep(0.1)
"""


def test_function_answers_as_lambda_runs_it(docker: Docker, function: str) -> None:
    event = json.dumps({"AreaSqft": 1500, "NumBedrooms": 3})
    answer = docker("exec", "-i", function, "python", "-c", _INVOKE, stdin=event).stdout
    assert json.loads(answer)["prediction"] == 360000.0
    log = docker("logs", function)
    assert "shm" not in log.stdout + log.stderr
    assert "Warning" not in log.stdout + log.stderr


@pytest.fixture(scope="module", params=["data", "full"])
def wired(
    docker: Docker,
    image: str,
    full_image: str,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[int]:
    """The port of the function in a container under the emulator, from which it reaches buckets and queues."""
    image = image if request.param == "data" else full_image
    binary = emulator.binary(tmp_path_factory.mktemp("rie"))
    port, runtime_port = free_port(), free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    addresses += ["--runtime-api-address", f"127.0.0.1:{runtime_port}"]
    flags = [flag for flag in AS_LAMBDA if flag != "--network=none"]
    with services.running() as endpoint:
        given = [flag for name, value in variables(endpoint).items() for flag in ("--env", f"{name}={value}")]
        run = (
            "run",
            "--detach",
            *flags,
            "--network=host",
            "--volume",
            f"{binary}:/aws-lambda-rie:ro",
            *given,
        )
        command = ("--entrypoint", "/aws-lambda-rie", image, *addresses, "python", "-m", "function")
        container = docker(*run, *command).stdout.strip()
        wait_for_port(port)
        yield port
        docker("rm", "--force", container)


@pytest.mark.parametrize("row", read_documented(), ids=lambda row: row.file)
def test_event_gets_the_documented_answer(row: Documented, wired: int) -> None:
    outcome = emulator.invoke(wired, row.event)
    if row.raises:
        assert outcome.error_type == row.answer
    else:
        row.check(outcome.payload)


def shell(docker: Docker, image: str, script: str) -> str:
    """What a shell script in the image prints."""
    return docker("run", "--rm", "--entrypoint", "/bin/sh", image, "-c", script).stdout


def test_image_runs_as_nobody_in_particular(docker: Docker, image: str) -> None:
    assert shell(docker, image, "id -u; id -g").split() == ["993", "990"]


def test_image_holds_no_compiler_no_training_and_no_tests(docker: Docker, image: str) -> None:
    assert shell(docker, image, "ls /var/task").split() == ["function", "model", "verified.json"]
    assert shell(docker, image, "command -v gcc cc make git perl apt-get su mount || true") == ""
    tests = "find /opt/libraries -path '*/tests/*.py' -not -name _natype.py -not -name __init__.py"
    assert shell(docker, image, tests) == ""


def test_every_module_has_bytecode_that_holds_whatever_its_time(docker: Docker, image: str) -> None:
    # PEP 552: bytes 4 to 8 of a .pyc are flags; 1 is "hash-based, not checked".
    script = """
import pathlib, sys, sysconfig
folders = [pathlib.Path(p) for p in ("/opt/libraries", "/var/task", sysconfig.get_path("stdlib"))]
compiled = [p for folder in folders for p in folder.rglob("*.pyc")]
print(len(compiled), sum(p.read_bytes()[4:8] != bytes([1, 0, 0, 0]) for p in compiled))
for module in ("function.app", "pyarrow.parquet", "json"):
    import importlib.util
    spec = importlib.util.find_spec(module)
    print(pathlib.Path(spec.cached).exists())
"""
    done = docker("run", "--rm", *AS_LAMBDA, "--entrypoint", "python", image, "-c", script).stdout.split()
    assert int(done[0]) > 1000
    assert done[1:] == ["0", "True", "True", "True"]


def layers(docker: Docker, image: str) -> list[str]:
    """The digests of the image's layers, from the base up."""
    digests: list[str] = json.loads(docker("inspect", "--format", "{{json .RootFS.Layers}}", image).stdout)
    return digests


def test_code_change_leaves_libraries_and_a_given_model_as_they_are(
    docker: Docker, source: Path, houses_bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(source, folder)
    shutil.copytree(houses_bundle, folder / "model")
    docker("build", "--tag", "ml-model-deployer-before", str(folder))
    errors = folder / "function" / "errors.py"
    errors.write_text(errors.read_text() + "\n# changed\n")
    started = time.monotonic()
    docker("build", "--tag", "ml-model-deployer-after", str(folder))
    seconds = time.monotonic() - started
    before, after = layers(docker, "ml-model-deployer-before"), layers(docker, "ml-model-deployer-after")
    same = [a == b for a, b in zip(before, after, strict=True)]
    # Only the code and its bytecode are new, and they are on top.
    assert same == [True] * (len(same) - 2) + [False, False]
    assert seconds < 60


def test_bundle_of_another_scikit_learn_never_becomes_an_image(
    docker: Docker, source: Path, full_bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(source, folder)
    shutil.copytree(full_bundle, folder / "model")
    edit(folder / "model", lambda document: document["environment"].update({"scikit-learn": "1.5.2"}))
    done = docker("build", "--target", "full", "--tag", "ml-model-deployer-other", str(folder), check=False)
    assert done.returncode != 0
    assert "scikit-learn 1.5.2 (here: 1." in done.stdout + done.stderr


def test_dockerfile_needs_no_buildkit(source: Path) -> None:
    assert "RUN --mount" not in "".join(
        line for line in (source / "Dockerfile").read_text().splitlines() if not line.startswith("#")
    )
