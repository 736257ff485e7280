"""Rehearse a deployment with a registry and a cloud on this machine. Exit codes: 0 success, 1 errors, 2 not run.

sam build  ->  sam package (a real registry, and a stub for ECR's login)  ->  aws-sam-translator  ->  CloudFormation
in moto's server  ->  checks of the created resources  ->  a file and messages, sent as the template declares
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # it ships no types

from tests.cloud import services
from tests.emulator import REPOSITORY
from tests.engine import answers
from tests.template.expand import PSEUDO, expand
from tools.rehearsal import by_call, registry, stack, wiring

SAM = str(Path(sys.executable).with_name("sam"))
_START = time.monotonic()


def print_line(text: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"{time.monotonic() - _START:5.0f} s  {text}", flush=True)  # noqa: T201


def run_sam(*arguments: str, **environment: str) -> None:
    """Run SAM CLI in the repository. Raises RuntimeError with the end of its output."""
    variables = {**os.environ, "SAM_CLI_TELEMETRY": "0", "DOCKER_BUILDKIT": "0", **environment}
    done = subprocess.run([SAM, *arguments], cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"sam {arguments[0]}: {done.stdout[-1500:]}{done.stderr[-1500:]}")


def package(folder: Path, address: str, endpoint: str) -> dict[str, Any]:
    """Build and push the images; return the packaged template."""
    built, packaged = folder / "build", folder / "packaged.yaml"
    print_line("sam build")
    run_sam("build", "--build-dir", str(built), AWS_DEFAULT_REGION=services.REGION)
    print_line(f"sam package, to the registry at {address}")
    template = str(built / "template.yaml")
    repository = f"{address}/ml-model-deployer"
    with registry.run_ecr(address) as ecr:
        environment = {**services.environment(endpoint), "AWS_ENDPOINT_URL_ECR": ecr}
        run_sam("package", "--template-file", template, "--image-repository", repository,
            "--output-template-file", str(packaged), "--s3-bucket", "rehearsal", **environment)  # fmt: skip
    document: dict[str, Any] = yaml_parse(packaged.read_text())
    return document


def rehearse(folder: Path) -> int:
    """Run every step and return the exit code."""
    with registry.run_registry(folder) as address, services.running() as endpoint:
        region = PSEUDO["AWS::Region"]
        regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        cloud = wiring.Cloud(endpoint, {**services.environment(endpoint), **regions})
        document = package(folder, address, endpoint)
        images = {
            resource["Properties"]["ImageUri"]
            for resource in document["Resources"].values()
            if resource["Type"] == "AWS::Serverless::Function"
        }
        for image in sorted(images):
            kind = registry.get_media_type(image)
            print_line(f"pushed {image.rpartition('/')[2]}, a {kind}")
            if kind not in registry.IMAGE_TYPES:
                raise AssertionError(
                    "The pushed image is an index, which Lambda does not accept: build without provenance attestations."
                )
        plan = stack.make_plan(expand(document, keep_images=True))
        for name, reason in sorted(plan.replaced.items()):
            print_line(f"replaced: {name}: {reason}")
        for name, reason in sorted(plan.left_out.items()):
            print_line(f"left out: {name}: {reason}")
        resources = plan.template["Resources"]
        print_line(f"creating the stack of {len(resources)} resources in moto, and {len(plan.by_call)} by calls")
        outputs = stack.create_stack(cloud.make_client("cloudformation"), plan.template)
        for bucket in by_call.add_notifications(cloud.make_client, stack.NAME, resources):
            print_line(f"replaced: notification of {bucket}: moto's CloudFormation drops it; made by a call")
        errors = by_call.make_resources(cloud.make_client, stack.NAME, plan.by_call) + wiring.find_errors(
            cloud, outputs
        )
        for error in errors:
            print_line(f"wrong: {error}")
        print_line("sending a file to the input bucket")
        predictions = wiring.send_file(cloud, outputs, folder)
        print_line(f"the results bucket has {predictions.splitlines()[1]!r}")
        print_line("sending a valid and an invalid message to the queue")
        results, failed = wiring.send_messages(cloud, outputs, folder)
        print_line(f"the results queue has {results}, and {failed} message returns to the queue")
        is_correct = (
            "1500,3,360000.0," in predictions and [r["prediction"] for r in results] == [360000.0] and failed == 1
        )
        print_line(
            f"rehearsed: {len(resources)} resources created, {len(plan.by_call)} made by calls, "
            f"{len(plan.replaced)} replaced, {len(plan.left_out)} left out, {len(errors)} wrong"
        )
        return 0 if is_correct and not errors else 1


def main() -> int:
    """Rehearse in a temporary folder and return the exit code."""
    if not answers():
        print_line("Docker does not respond: start it, and run the rehearsal again.")
        return 2
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        try:
            return rehearse(Path(folder))
        except registry.MissingProgram as missing:
            print_line(str(missing))
            return 2
        except (AssertionError, RuntimeError) as error:
            print_line(f"wrong: {error}")
            return 1


sys.exit(main())
