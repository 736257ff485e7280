"""What CodeDeploy runs before and after it moves traffic to new versions: the same image, with another command.

`check` runs before: each new version must answer the bundle's golden rows as scikit-learn did, or the deployment is
rolled back and no traffic moves. `tidy` runs after: it deletes versions older than those to keep.
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from function.aws import Clients, import_service_errors
from function.bundle.loading import RELATIVE_TOLERANCE, matches_example
from function.bundle.location import locate_bundle
from function.errors import RELEASE_REFUSED, DeployerError
from function.model.manifest import Example, Manifest
from function.model.target import Targets, read_output
from function.settings import Settings
from function.telemetry.unexpected_errors import report_error

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # As in function.app: awslambdaric would send the stack trace to the caller.
    sys.tracebacklimit = 0

type Status = Literal["Succeeded", "Failed"]
type Hook = Callable[[dict[str, str], object], dict[str, str]]

logger = logging.getLogger("function")


class ReleaseRefused(DeployerError):
    """A new version does not answer as it should."""

    code = RELEASE_REFUSED


def create_hooks(environ: Mapping[str, str], clients: Clients) -> tuple[Hook, Hook]:
    """Create the handlers of both hooks: `check` and `tidy`. Each tells CodeDeploy the status, and returns it.

    The settings in `environ` are read at each call, so that CodeDeploy is told of a wrong one.
    """

    def check(event: dict[str, str], _: object) -> dict[str, str]:
        return _report_status(clients, event, _check_versions(environ, clients))

    def tidy(event: dict[str, str], _: object) -> dict[str, str]:
        _delete_old_versions(Settings.read(environ), clients)
        return _report_status(clients, event, "Succeeded")

    return check, tidy


def _check_versions(environ: Mapping[str, str], clients: Clients) -> Status:
    """Check each new version and return the status. Raises nothing: CodeDeploy would wait an hour for a silent hook."""
    try:
        settings = Settings.read(environ)
        manifest = locate_bundle(settings, clients).read_manifest()
        if not settings.new_versions:
            raise ReleaseRefused("NEW_VERSIONS is not set: there is nothing to check.")
        for version in settings.new_versions:
            _check_version(clients, version, manifest)
            logger.info("version answers the golden rows", extra={"version": version, "rows": len(manifest.examples)})
    except DeployerError as error:
        logger.error("release refused", extra={"code": error.code, "reason": str(error)})
    except import_service_errors() as error:
        logger.error("release refused", extra={"error_type": type(error).__name__})
    except Exception as error:  # noqa: BLE001
        report_error(error, "-")
    else:
        return "Succeeded"
    return "Failed"


def _delete_old_versions(settings: Settings, clients: Clients) -> None:
    """Delete the old versions of each function. Log what cannot be deleted: it does not undo a release."""
    for function in settings.released_functions:
        try:
            for version in _list_outdated(clients, function, settings.keep_versions):
                clients.functions.delete_function(FunctionName=function, Qualifier=version)
                logger.info("old version deleted", extra={"function": function, "version": version})
        except import_service_errors() as error:
            logger.warning("old versions stay", extra={"function": function, "error_type": type(error).__name__})


def _check_version(clients: Clients, version: str, manifest: Manifest) -> None:
    """Send the golden rows to a version. Raises ReleaseRefused where an answer differs from the manifest's."""
    body = {"instances": [example.record for example in manifest.examples]}
    answer = clients.functions.invoke(FunctionName=version, Payload=json.dumps(body).encode())
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ReleaseRefused(f"{version} fails: {document.get('errorType')}: {document.get('errorMessage')}")
    if document.get("model") != manifest.identity:
        raise ReleaseRefused(f"{version} answers with {document.get('model')}, not with {manifest.identity}.")
    predictions = document.get("predictions", [])
    scores = document.get(manifest.scores, []) if manifest.scores else [None] * len(predictions)
    if not len(predictions) == len(scores) == len(manifest.examples):
        raise ReleaseRefused(f"{version} answers {len(predictions)} of {len(manifest.examples)} golden rows.")
    # As at load: the version may answer by any artifact, with the error that its export had.
    tolerance = max(RELATIVE_TOLERANCE, *(2 * artifact.largest_error for artifact in manifest.artifacts))
    for number, (example, *answer) in enumerate(zip(manifest.examples, predictions, scores, strict=True), 1):
        if not _matches(example, manifest.targets, answer, tolerance):
            raise ReleaseRefused(f"{version} predicts golden row {number} otherwise than the bundle says.")


def _matches(example: Example, targets: Targets, answer: Sequence[Any], tolerance: float) -> bool:
    """Tell whether the prediction and the scores that a version answers are those of a golden row."""
    try:
        output = read_output(targets, *answer)
    except (KeyError, TypeError, ValueError, OverflowError):
        return False
    return matches_example(example, output, tolerance)


def _list_outdated(clients: Clients, function: str, keep: int) -> list[str]:
    """List the versions that are not among the newest `keep` and to which no alias sends traffic."""
    used: set[str] = set()
    for page in clients.functions.get_paginator("list_aliases").paginate(FunctionName=function):
        for alias in page["Aliases"]:
            used |= {alias["FunctionVersion"], *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}
    pages = clients.functions.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    numbers = sorted(int(v["Version"]) for page in pages for v in page["Versions"] if v["Version"] != "$LATEST")
    return [str(number) for number in numbers[:-keep] if str(number) not in used]


def _report_status(clients: Clients, event: dict[str, str], status: Status) -> dict[str, str]:
    clients.deployments.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
    return {"status": status}


# The names that the template's commands give: function.release.check and function.release.tidy.
check, tidy = create_hooks(os.environ, Clients())
