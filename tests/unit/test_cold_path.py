"""What a prediction over HTTP imports: every module is paid for at each cold start. Starts processes of its own."""

import json
import subprocess
import sys
from pathlib import Path

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
    assert not found & (HEAVY | SLOW | {"numpy"})
    assert found <= set(sys.stdlib_module_names) | {"function"}


def test_flat_is_what_the_bundle_is_answered_with_unasked(full_bundle: Path) -> None:
    assert list_imported(full_bundle, "") == list_imported(full_bundle, "flat")


def test_joblib_bundle_imports_no_pandas(full_bundle: Path) -> None:
    found = list_imported(full_bundle, "joblib")
    assert "sklearn" in found
    assert not found & {"pandas", "pyarrow", "boto3"}


def test_csv_over_http_imports_nothing_heavier(full_bundle: Path) -> None:
    assert not list_imported(full_bundle, "flat", "http-api-csv.json") & HEAVY
