"""Format the summary that `python -m training` prints at the end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from function.model.contract import BOOLEAN, STRING, TEXT, Feature, format_number
from function.model.dtypes import FLOAT64
from function.model.target import CLASSIFICATION, REGRESSION
from training.bundle.document import Document
from training.tables.targets import Task

_MOST_CLASSES = 8
_MOST_CATEGORIES = 6


def format_summary(document: Document, task: Task, features: Sequence[Feature], out: Path) -> str:
    """Describe the bundle for people, and name the next step."""
    lines = [
        f"{document['name']} {document['version']}",
        *_format_targets(document["targets"]),
        f"  task       {task.name} ({task.reason})",
        f"  rows       {document['training']['rows']:,}",
        *_format_features(features),
        *_format_column_order(document),
        *(_format_metrics(document.get("metrics")) if task.name in (REGRESSION, CLASSIFICATION) else []),
        *(f"  CAUTION    {caution}" for caution in document.get("cautions", ())),
        *_format_artifacts(document),
        f"  bundle     {out}: {len(document['examples'])} golden rows, verified",
        f"Next: {'' if out == Path('model') else f'MODEL_PATH={out} '}python -m function predict, or make serve",
    ]
    return "\n".join(lines)


def _format_targets(targets: list[dict[str, Any]]) -> list[str]:
    names = [f"{target['name']} in {target['unit']}" if "unit" in target else target["name"] for target in targets]
    return [
        f"  {'predicts' if index == 0 else '':<10} {name}: {_format_values(target)}"
        for index, (name, target) in enumerate(zip(names, targets, strict=True))
    ]


def _format_values(target: dict[str, Any]) -> str:
    if "classes" not in target:
        return "a number"
    classes = target["classes"]
    more = ", …" if len(classes) > _MOST_CLASSES else ""
    return f"one of {len(classes)} classes ({', '.join(map(str, classes[:_MOST_CLASSES]))}{more})"


def _format_features(features: Sequence[Feature]) -> list[str]:
    return [
        f"  {'features' if index == 0 else '':<10} {feature.name}: {_format_feature(feature)}"
        for index, feature in enumerate(features)
    ]


def _format_feature(feature: Feature) -> str:
    nulls = ", or null" if feature.nullable else ""
    dtype = "" if feature.dtype == FLOAT64 else f" ({feature.dtype})"
    if feature.type == BOOLEAN:
        return f"boolean{nulls}"
    if feature.type == TEXT:
        return f"free text, its values are not published{nulls}"
    if feature.type == STRING:
        categories = feature.categories or ()
        more = f" and {len(categories) - _MOST_CATEGORIES} more" if len(categories) > _MOST_CATEGORIES else ""
        return f"text: {', '.join(categories[:_MOST_CATEGORIES])}{more}{nulls}"
    if feature.minimum is None or feature.maximum is None:
        return f"number{dtype}{nulls}"
    return f"number{dtype}, {format_number(float(feature.minimum))} to {format_number(float(feature.maximum))}{nulls}"


def _format_column_order(document: Document) -> list[str]:
    if document["columns_by"] == "name":
        return []
    return ["             in this order: the estimator was trained on an array, whose columns have no names"]


def _format_metrics(metrics: dict[str, Any] | None) -> list[str]:
    if metrics is None:
        return ["  metrics    none: at least 50 rows with a target are needed"]
    lines = [f"             {name}: {_format_metric(value)}" for name, value in metrics.items() if name != "method"]
    return [f"  metrics    {metrics['method']}", *lines]


def _format_metric(value: Any) -> str:
    return f"{value['mean']:.4g} ± {value['std']:.2g}" if isinstance(value, dict) else f"{value:.4g}"


def _format_artifacts(document: Document) -> list[str]:
    kept = [
        f"  {'runtimes' if index == 0 else '':<10} {artifact['runtime']}: {_format_size(artifact['bytes'])}"
        f"{_format_error(artifact)}"
        for index, artifact in enumerate(document["artifacts"].values())
    ]
    refused = document.get("refused_exports", {})
    return kept + [f"  {'':<10} {runtime}: none. {sentence}" for runtime, sentence in refused.items()]


def _format_error(artifact: dict[str, Any]) -> str:
    if "largest_relative_error" not in artifact:
        return ""
    error = artifact["largest_relative_error"]
    if error == 0:
        return ", predicts exactly as the estimator"
    return f", predicts as the estimator, with a relative error of at most {error:.1e}"


def _format_size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
