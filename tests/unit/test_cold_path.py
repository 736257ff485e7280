"""What a prediction over HTTP imports: every module is paid for at each cold start. Starts processes of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator import REPOSITORY

HEAVY = {"sklearn", "scipy", "pandas", "joblib", "boto3", "botocore", "pydantic", "pyarrow"}
# Each costs milliseconds (docs/decisions/0001 and benchmarks/), and none is needed.
SLOW = {"dataclasses", "inspect", "pathlib", "asyncio", "urllib", "http", "ssl", "socket", "csv", "datetime", "ast"}

CODE = """
import json, os, sys
os.environ["AWS_LAMBDA_RUNTIME_API"] = "none"
import awslambdaric.__main__, awslambdaric.bootstrap
before = {name.split(".")[0] for name in sys.modules}
from function.app import handler
answer = handler(json.load(open(sys.argv[1])), None)
assert answer["statusCode"] == 200, answer
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules} - before)))
"""


def list_imported(bundle: Path, runtime: str, event: str = "http-api-record.json") -> set[str]:
    """The packages that the start of the function and one prediction import, beyond awslambdaric's own."""
    environment = {"MODEL_PATH": str(bundle), "MODEL_RUNTIME": runtime, "PATH": "/usr/bin"}
    command = [sys.executable, "-c", CODE, str(REPOSITORY / "events" / event)]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))  # before it, the invocation's own line


def test_flat_bundle_imports_the_standard_library_alone(full_bundle: Path) -> None:
    found = list_imported(full_bundle, "flat")
    assert found & {"function", "typing"} == {"function", "typing"}
    assert not found & (HEAVY | SLOW | {"numpy", "onnxruntime"})
    assert found <= set(sys.stdlib_module_names) | {"function"}


def test_flat_is_what_the_bundle_is_answered_with_unasked(full_bundle: Path) -> None:
    assert list_imported(full_bundle, "") == list_imported(full_bundle, "flat")


def test_onnx_bundle_imports_no_scikit_learn_and_what_comes_with_it(full_bundle: Path) -> None:
    found = list_imported(full_bundle, "onnx")
    assert "onnxruntime" in found
    assert not found & HEAVY


def test_joblib_bundle_imports_no_pandas(full_bundle: Path) -> None:
    found = list_imported(full_bundle, "joblib")
    assert "sklearn" in found
    assert not found & {"pandas", "pyarrow", "boto3", "onnxruntime"}


@pytest.mark.parametrize("runtime", ["flat", "onnx"])
def test_csv_over_http_imports_nothing_heavier(full_bundle: Path, runtime: str) -> None:
    assert not list_imported(full_bundle, runtime, "http-api-csv.json") & HEAVY


def test_onnxruntime_sends_no_telemetry_and_writes_no_device_id(full_bundle: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys; from function.bundle.loading import load; load(sys.argv[1], 'onnx'); "
        "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PATH": "/usr/bin"}
    command = [sys.executable, "-c", code, str(full_bundle)]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert list(tmp_path.rglob("*")) == []


def test_device_id_is_written_where_telemetry_is_on(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PATH": "/usr/bin"}
    code = "import onnxruntime"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, check=True)
    assert list(tmp_path.rglob("*")) != []
