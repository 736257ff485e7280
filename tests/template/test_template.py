"""What the SAM template promises. Runs SAM CLI's own validation; touches files only."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from function.web.routes import ROUTES
from tests.emulator import REPOSITORY


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, whose names do not matter here."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: getattr(node, "value", None))


def template() -> dict[str, Any]:
    """The template."""
    document: dict[str, Any] = yaml.load((REPOSITORY / "template.yaml").read_text(), Loader=Loader)
    return document


def routes(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Method and path of each route of the API."""
    events = document["Resources"]["PredictFunction"]["Properties"]["Events"].values()
    return {(e["Properties"]["Method"], e["Properties"]["Path"]) for e in events if e["Type"] == "HttpApi"}


def test_sam_finds_the_template_valid() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("sam")), "validate", "--lint"],
        cwd=REPOSITORY,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_api_has_the_routes_that_the_function_answers() -> None:
    assert routes(template()) == {(method, path) for path, (method, _) in ROUTES.items()}


def test_function_answers_before_the_api_gives_up() -> None:
    assert template()["Parameters"]["Timeout"]["MaxValue"] <= 29


def test_logs_are_json_and_do_not_stay_for_ever() -> None:
    resources = template()["Resources"]
    assert resources["PredictFunction"]["Properties"]["LoggingConfig"]["LogFormat"] == "JSON"
    assert "RetentionInDays" in resources["PredictLogGroup"]["Properties"]
