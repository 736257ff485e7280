"""What CodeDeploy asks before and after it moves traffic to new versions: the same image, under another command.

`check` stands before: each new version answers the bundle's golden rows as scikit-learn did, or no traffic moves and
the deployment goes back. `tidy` stands after: versions that are older than those to keep are deleted.
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

import json
import logging
import os
import sys
from typing import Any, Literal

from function.aws import Clients, service_errors
from function.bundle.loading import RELATIVE_TOLERANCE, matches_example
from function.bundle.location import locate_bundle
from function.errors import RELEASE_REFUSED, DeployerError
from function.model.manifest import Manifest
from function.settings import Settings
from function.telemetry.unexpected_errors import report_error

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # As in function.app.
    sys.tracebacklimit = 0

type Status = Literal["Succeeded", "Failed"]

logger = logging.getLogger("function")


class ReleaseRefused(DeployerError):
    """A new version does not answer as it should; the sentence says which and how."""

    code = RELEASE_REFUSED


def check(event: dict[str, str], _: object) -> dict[str, str]:
    """The hook before traffic moves. Tells CodeDeploy, and answers, `Succeeded` or `Failed`."""
    clients = Clients()
    status: Status = "Succeeded"
    try:
        settings = Settings.of(os.environ)
        manifest = locate_bundle(settings).read_manifest()
        if not settings.new_versions:
            raise ReleaseRefused("NEW_VERSIONS is not set: there is nothing to check.")
        for version in settings.new_versions:
            _check_version(clients, version, manifest)
            logger.info("version answers the golden rows", extra={"version": version, "rows": len(manifest.examples)})
    except DeployerError as error:
        logger.error("release refused", extra={"code": error.code, "reason": str(error)})
        status = "Failed"
    except service_errors() as error:
        logger.error("release refused", extra={"error_type": type(error).__name__})
        status = "Failed"
    except Exception as error:  # noqa: BLE001
        # CodeDeploy would wait for an hour for a hook that says nothing.
        report_error(error, "-")
        status = "Failed"
    return _told(clients, event, status)


def tidy(event: dict[str, str], _: object) -> dict[str, str]:
    """The hook after traffic has moved. What cannot be deleted is logged, and never undoes a release."""
    clients = Clients()
    settings = Settings.of(os.environ)
    for function in settings.released_functions:
        try:
            for version in _outdated(clients, function, settings.keep_versions):
                clients.functions.delete_function(FunctionName=function, Qualifier=version)
                logger.info("old version deleted", extra={"function": function, "version": version})
        except service_errors() as error:
            logger.warning("old versions stay", extra={"function": function, "error_type": type(error).__name__})
    return _told(clients, event, "Succeeded")


def _check_version(clients: Clients, version: str, manifest: Manifest) -> None:
    """Raises ReleaseRefused where the version does not answer each golden row as the manifest says."""
    body = {"instances": [example.record for example in manifest.examples]}
    answer = clients.functions.invoke(FunctionName=version, Payload=json.dumps(body).encode())
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ReleaseRefused(f"{version} fails: {document.get('errorType')}: {document.get('errorMessage')}")
    if document.get("model") != manifest.identity:
        raise ReleaseRefused(f"{version} answers with {document.get('model')}, not with {manifest.identity}.")
    predictions = document.get("predictions", [])
    probabilities = document.get("probabilities") or [None] * len(predictions)
    if len(predictions) != len(manifest.examples):
        raise ReleaseRefused(f"{version} answers {len(predictions)} of {len(manifest.examples)} golden rows.")
    # As at load: whichever of the artifacts answers, it may be off by what its export was.
    tolerance = max(RELATIVE_TOLERANCE, *(2 * artifact.largest_error for artifact in manifest.artifacts))
    for number, (example, value, row) in enumerate(zip(manifest.examples, predictions, probabilities, strict=True), 1):
        if not matches_example(example, value, None if row is None else list(row.values()), tolerance):
            raise ReleaseRefused(f"{version} predicts golden row {number} otherwise than the bundle says.")


def _outdated(clients: Clients, function: str, keep: int) -> list[str]:
    """The versions that are not among the newest `keep`, and that no alias sends traffic to."""
    used: set[str] = set()
    for page in clients.functions.get_paginator("list_aliases").paginate(FunctionName=function):
        for alias in page["Aliases"]:
            used |= {alias["FunctionVersion"], *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}
    pages = clients.functions.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    numbers = sorted(int(v["Version"]) for page in pages for v in page["Versions"] if v["Version"] != "$LATEST")
    return [str(number) for number in numbers[:-keep] if str(number) not in used]


def _told(clients: Clients, event: dict[str, str], status: Status) -> dict[str, str]:
    clients.deployments.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
    return {"status": status}
