"""Deploys to a registry and a cloud on this machine, and uses that. Exit codes: 0 done, 1 wrong, 2 not run.

sam build  ->  sam package (a real registry, ECR's login stood in for)  ->  aws-sam-translator  ->  CloudFormation
in moto's server  ->  what is there is looked at  ->  a file and messages go the way that the template declares
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
_BEGUN = time.monotonic()


def say(text: str) -> None:
    """A line, with the seconds since the beginning."""
    print(f"{time.monotonic() - _BEGUN:5.0f} s  {text}", flush=True)  # noqa: T201


def sam(*arguments: str, **environment: str) -> None:
    """Runs SAM CLI in the repository. Raises RuntimeError with the end of what it said."""
    given = {**os.environ, "SAM_CLI_TELEMETRY": "0", "DOCKER_BUILDKIT": "0", **environment}
    done = subprocess.run([SAM, *arguments], cwd=REPOSITORY, env=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"sam {arguments[0]}: {done.stdout[-1500:]}{done.stderr[-1500:]}")


def package(folder: Path, address: str, endpoint: str) -> dict[str, Any]:
    """Builds and pushes the images; the packaged template."""
    built, packaged = folder / "build", folder / "packaged.yaml"
    say("sam build")
    sam("build", "--build-dir", str(built), AWS_DEFAULT_REGION=services.REGION)
    say(f"sam package, to the registry at {address}")
    template = str(built / "template.yaml")
    repository = f"{address}/ml-model-deployer"
    with registry.ecr(address) as ecr:
        environment = {**services.environment(endpoint), "AWS_ENDPOINT_URL_ECR": ecr}
        sam("package", "--template-file", template, "--image-repository", repository,
            "--output-template-file", str(packaged), "--s3-bucket", "rehearsal", **environment)  # fmt: skip
    document: dict[str, Any] = yaml_parse(packaged.read_text())
    return document


def rehearse(folder: Path) -> int:
    """All of it; the exit code."""
    with registry.running(folder) as address, services.running() as endpoint:
        region = PSEUDO["AWS::Region"]
        here = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        cloud = wiring.Cloud(endpoint, {**services.environment(endpoint), **here})
        document = package(folder, address, endpoint)
        images = {
            resource["Properties"]["ImageUri"]
            for resource in document["Resources"].values()
            if resource["Type"] == "AWS::Serverless::Function"
        }
        for image in sorted(images):
            kind = registry.media_type(image)
            say(f"pushed {image.rpartition('/')[2]}, a {kind}")
            if kind not in registry.SINGLE:
                raise AssertionError("Lambda takes a single image and no index: build without provenance attestations.")
        planned = stack.plan(expand(document, keep_images=True))
        for name, reason in sorted(planned.replaced.items()):
            say(f"replaced: {name}: {reason}")
        for name, reason in sorted(planned.left_out.items()):
            say(f"left out: {name}: {reason}")
        resources = planned.template["Resources"]
        say(f"creating the stack of {len(resources)} resources in moto, and {len(planned.by_call)} by calls")
        outputs = stack.create(cloud.client("cloudformation"), planned.template)
        for bucket in by_call.notify(cloud.client, stack.NAME, resources):
            say(f"replaced: notification of {bucket}: moto's CloudFormation drops it; made by a call")
        complaints = by_call.make(cloud.client, stack.NAME, planned.by_call) + wiring.wrong(cloud, outputs)
        for complaint in complaints:
            say(f"wrong: {complaint}")
        say("a file goes into the input bucket")
        scored = wiring.send_file(cloud, outputs, folder)
        say(f"the results bucket has {scored.splitlines()[1]!r}")
        say("a good and a bad message go into the queue")
        results, failed = wiring.send_messages(cloud, outputs, folder)
        say(f"the results queue has {results}, and {failed} message goes back")
        right = "1500,3,360000.0," in scored and [r["prediction"] for r in results] == [360000.0] and failed == 1
        say(
            f"rehearsed: {len(resources)} resources created, {len(planned.by_call)} made by calls, "
            f"{len(planned.replaced)} replaced, {len(planned.left_out)} left out, {len(complaints)} wrong"
        )
        return 0 if right and not complaints else 1


def main() -> int:
    """Rehearses in a folder that is removed in the end."""
    if not answers():
        say("Docker does not answer: start it, and rehearse again.")
        return 2
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        try:
            return rehearse(Path(folder))
        except registry.Missing as missing:
            say(str(missing))
            return 2
        except (AssertionError, RuntimeError) as error:
            say(f"wrong: {error}")
            return 1


sys.exit(main())
