"""What the SAM template promises as it is written. Runs SAM CLI's own validation; touches files only."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # it ships no types

from function.settings import Settings
from function.web.routes import ROUTES
from tests.emulator import REPOSITORY
from tests.template.expand import Template, expand, of, resolve, source


class Watched(dict[str, str]):
    """Environment variables that notes which of them are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]  # one signature of three
        self.asked.add(key)
        return default


def functions(document: Template) -> dict[str, Template]:
    """Each function of the document."""
    return {n: r for n, r in document["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}


def routes(document: Template) -> set[tuple[str, str]]:
    """Method and path of each route of the API."""
    events = document["Resources"]["PredictFunction"]["Properties"]["Events"].values()
    return {(e["Properties"]["Method"], e["Properties"]["Path"]) for e in events if e["Type"] == "HttpApi"}


def set_by(document: Template) -> set[str]:
    """Every environment variable that the document sets."""
    of_all = document["Globals"]["Function"]["Environment"]["Variables"]
    own = (f["Properties"].get("Environment", {}).get("Variables", {}) for f in functions(document).values())
    return {*of_all, *(name for variables in own for name in variables)}


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
    assert routes(source()) == {(method, path) for path, (method, _) in ROUTES.items()}


def test_api_timeout_cannot_be_set_past_what_the_api_waits() -> None:
    assert source()["Parameters"]["Timeout"]["MaxValue"] <= 29


def test_all_functions_are_of_one_image() -> None:
    builds = [function["Metadata"] for function in functions(source()).values()]
    assert len(builds) == 4
    assert all(build == builds[0] for build in builds)


def test_variables_that_the_function_reads_are_set_or_documented() -> None:
    environment = Watched()
    Settings.read(environment)
    readme = (REPOSITORY / "README.md").read_text()
    assert "RESULTS_QUEUE_URL" in environment.asked
    assert {name for name in environment.asked - set_by(source()) if f"`{name}`" not in readme} == set()


def test_variables_that_the_template_sets_are_read() -> None:
    environment = Watched()
    Settings.read(environment)
    assert set_by(source()) <= environment.asked


def test_prefix_that_the_function_assumes_is_the_templates() -> None:
    prefix = source()["Parameters"]["ResultsPrefix"]["Default"]
    assert Settings.read({}).results_prefix == prefix


def test_outputs_name_what_a_caller_needs() -> None:
    outputs = resolve(expand(source()))["Outputs"]
    assert outputs["TryFile"]["Value"].endswith("s3://stack-input-123456789012-eu-central-1/input/houses.csv")
    assert outputs["QueueUrl"]["Value"] == {"Ref": "Queue"}


def test_configurations_name_parameters_that_there_are_and_take_their_values() -> None:
    configurations = tomllib.loads((REPOSITORY / "samconfig.toml").read_text())
    overrides = {
        environment: dict(one.split("=", 1) for one in sections["deploy"]["parameters"].get("parameter_overrides", []))
        for environment, sections in configurations.items()
        if environment != "version"
    }
    assert set(overrides) == {"default", "dev", "prod"}
    assert overrides["prod"]["Deployment"].startswith("Canary")
    for environment, given in overrides.items():
        assert of(source(), given)["Resources"]
        for name, value in given.items():
            allowed = source()["Parameters"][name].get("AllowedValues")
            assert allowed is None or value in map(str, allowed), (environment, name)


def test_releases_go_to_a_registry_that_forgets_and_scans() -> None:
    configurations = tomllib.loads((REPOSITORY / "samconfig.toml").read_text())
    for environment in ("dev", "prod"):
        assert "resolve_image_repos" not in configurations[environment]["deploy"]["parameters"]
    registry = yaml_parse((REPOSITORY / "stacks" / "registry.yaml").read_text())
    kept = source()["Parameters"]["KeepVersions"]["MaxValue"]
    assert registry["Parameters"]["KeepImages"]["MinValue"] > kept
