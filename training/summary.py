"""What `python -m training` prints when it is done."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from function.model.contract import Feature
from training.bundle.document import Document
from training.tables.features import describe_feature
from training.tables.targets import Task


def format_summary(document: Document, task: Task, features: Sequence[Feature], out: Path) -> str:
    """The bundle for people, and the next step."""
    target = document["targets"][0]
    lines = [
        f"{document['name']} {document['version']}",
        f"  predicts   {target['name']}{' in ' + target['unit'] if 'unit' in target else ''}: {_format_target(target)}",
        f"  task       {task.name} ({task.told})",
        f"  rows       {document['training']['rows']:,}",
        *_format_features(features),
        *_format_column_order(document),
        *_format_metrics(document.get("metrics")),
        *(f"  CAUTION    {caution}" for caution in document.get("cautions", ())),
        *_format_artifacts(document),
        f"  bundle     {out}: {len(document['examples'])} golden rows, verified",
        f"Next: {'' if out == Path('model') else f'MODEL_PATH={out} '}python -m function predict, or make serve",
    ]
    return "\n".join(lines)


def _format_target(target: dict[str, Any]) -> str:
    if "classes" not in target:
        return "a number"
    shown = ", ".join(map(str, target["classes"][:8]))
    return f"one of {len(target['classes'])} classes ({shown}{', …' if len(target['classes']) > 8 else ''})"


def _format_features(features: Sequence[Feature]) -> list[str]:
    return [
        f"  {'features' if index == 0 else '':<10} {feature.name}: {describe_feature(feature)}"
        for index, feature in enumerate(features)
    ]


def _format_column_order(document: Document) -> list[str]:
    if document["columns_by"] == "name":
        return []
    return ["             taken by place, in this order: the estimator was trained on an array, which has no names"]


def _format_metrics(metrics: dict[str, Any] | None) -> list[str]:
    if metrics is None:
        return ["  scores     none: fewer than 50 rows say little"]
    scores = [f"             {name}: {_format_metric(value)}" for name, value in metrics.items() if name != "method"]
    return [f"  scores     {metrics['method']}", *scores]


def _format_metric(value: Any) -> str:
    return f"{value['mean']:.4g} ± {value['std']:.2g}" if isinstance(value, dict) else f"{value:.4g}"


def _format_artifacts(document: Document) -> list[str]:
    kept = [
        f"  {'runtimes' if index == 0 else '':<10} {artifact['runtime']}: "
        f"{_format_size(artifact['bytes'])}{_format_error(artifact)}"
        for index, artifact in enumerate(document["artifacts"].values())
    ]
    refused = document.get("refused_exports", {})
    return kept + [f"  {'':<10} {runtime}: none. {sentence}" for runtime, sentence in refused.items()]


def _format_error(artifact: dict[str, Any]) -> str:
    if "largest_relative_error" not in artifact:
        return ""
    error = artifact["largest_relative_error"]
    return ", scikit-learn's answers to the last bit" if error == 0 else f", scikit-learn's answers within {error:.1e}"


def _format_size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
