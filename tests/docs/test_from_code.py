"""The programs of docs/from-code.md and the README, run as they stand. Touches the loopback interface."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import emulator
from tests.emulator import REPOSITORY
from tests.integration.test_serve import serving

PROGRAMS, IN_README = (
    re.findall(r"```python\n(.*?)```", (REPOSITORY / name).read_text(), re.DOTALL)
    for name in ("docs/from-code.md", "README.md")
)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_DEFAULT_REGION": "eu-central-1"}


def run(program: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], **CREDENTIALS, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_program_for_boto3_prints_the_prediction(houses_bundle: Path, tmp_path: Path) -> None:
    with emulator.running(tmp_path, {"MODEL_PATH": str(houses_bundle)}) as function:
        environment = {"FUNCTION": "function", "AWS_ENDPOINT_URL_LAMBDA": function.address}
        assert run(PROGRAMS[0], environment) == "360000.0\n"
        wrong = PROGRAMS[0].replace('"AreaSqft": 1500', '"AreaSqft": None')
        with pytest.raises(AssertionError, match="null; training saw none here"):
            run(wrong, environment)


def test_programs_for_http_print_the_predictions(houses_bundle: Path) -> None:
    with serving(houses_bundle) as address:
        assert run(PROGRAMS[1], {"URL": address}) == "[360000.0, 277500.0]\n"
        wrong = PROGRAMS[1].replace('"AreaSqft": 1000', '"AreaSqft": None')
        assert run(wrong, {"URL": address}).startswith("/instances/1/AreaSqft null")
        assert '"prediction": 360000.0' in run(PROGRAMS[2], {"URL": address})
    assert len(PROGRAMS) == 3


def test_program_of_the_readme_prints_the_prediction_twice(houses_bundle: Path, tmp_path: Path) -> None:
    (program,) = IN_README
    with emulator.running(tmp_path, {"MODEL_PATH": str(houses_bundle)}) as function, serving(houses_bundle) as address:
        environment = {"FUNCTION": "function", "AWS_ENDPOINT_URL_LAMBDA": function.address, "URL": address}
        assert run(program, environment) == "360000.0\n360000.0\n"
