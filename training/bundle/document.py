"""Make the manifest of a bundle, which function.model.manifest reads."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from platform import python_version
from typing import Any, NamedTuple

from function.model.contract import Feature
from function.model.feature_document import write_feature
from function.model.manifest import (
    FORMAT,
    JOBLIB,
    LIBRARIES,
    Artifact,
    derive_version,
)
from function.model.output_columns import choose_output_columns
from function.model.target import Target
from training.bundle.examples import Example
from training.errors import TrainingError
from training.estimators.evaluation import Metrics
from training.estimators.input_forms import FRAME
from training.options import Options
from training.tables.table import Table

ARTIFACT_FILE = "model.joblib"

type Document = dict[str, Any]


def make_artifact(data: bytes, input_form: str) -> Artifact:
    """Make the joblib artifact of the bytes; `input_form` is ARRAY, FRAME or TEXTS_ALONE."""
    return Artifact(ARTIFACT_FILE, sha256(data).hexdigest(), len(data), JOBLIB, input_form)


class BundleContents(NamedTuple):
    """What is in the bundle; `metrics` is None for a table with too few rows.

    `ignored` are columns of its training that the estimator does not use; `is_named` says that it takes columns by
    name, else it takes them by position. `refused_exports` has the reason by runtime.
    """

    features: Sequence[Feature]
    ignored: Sequence[str]
    is_named: bool
    task: str
    targets: Sequence[Target]
    metrics: Metrics | None
    cautions: Sequence[str]
    examples: list[Example]
    artifacts: list[Artifact]
    refused_exports: dict[str, str]


def make_document(options: Options, table: Table, contents: BundleContents) -> Document:
    """Make the manifest, with its keys in the order in which people read them."""
    features, ignored, is_named, task, targets, metrics, cautions, examples, artifacts, refused_exports = contents
    document = {
        "format": FORMAT,
        "name": options.name,
        "version": derive_version(artifacts),
        "task": task,
        "features": [write_feature(feature) for feature in features],
        "ignored_columns": list(ignored) or None,
        "columns_by": "name" if is_named else "place",
        "output_columns": choose_output_columns([f.name for f in features], targets)._asdict(),
        "targets": [{key: value for key, value in t._asdict().items() if value is not None} for t in targets],
        "metrics": metrics,
        "cautions": list(cautions) or None,
        "training": {"rows": table.rows, "sha256": table.sha256, "when": _get_timestamp(), "command": options.command},
        "environment": _list_environment(artifacts),
        "artifacts": {artifact.file: _describe_artifact(artifact) for artifact in artifacts},
        "refused_exports": refused_exports or None,
        "examples": examples,
    }
    return {key: value for key, value in document.items() if value is not None}


def _describe_artifact(artifact: Artifact) -> dict[str, Any]:
    fields = {
        "sha256": artifact.sha256,
        "bytes": artifact.size,
        "runtime": artifact.runtime,
        "input": artifact.input,
    }
    if artifact.runtime == JOBLIB:
        return fields
    patterns = {"token_patterns": list(artifact.token_patterns)} if artifact.token_patterns else {}
    return fields | {"largest_relative_error": artifact.largest_error, **patterns}


def _list_environment(artifacts: Sequence[Artifact]) -> dict[str, str]:
    environment = {"python": python_version()}
    for artifact in artifacts:
        if artifact.runtime == JOBLIB:
            names = [name for name in LIBRARIES if name != "pandas" or artifact.input == FRAME]
            environment |= {name: version(name) for name in names}
    return environment


def _get_timestamp() -> str:
    """Return the time in UTC, or the one that https://reproducible-builds.org/specs/source-date-epoch/ sets."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        when = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise TrainingError(
            "The environment variable SOURCE_DATE_EPOCH is not a whole number of seconds since 1970: correct or unset "
            "it."
        ) from None
    return when.isoformat(timespec="seconds")
