"""Measure how good the predictions are, if there are enough rows."""

from collections import Counter
from typing import Any

import numpy
import pandas
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.model_selection import KFold, StratifiedKFold

from function.model.target import REGRESSION
from training.estimators.default_forest import SEED, fit
from training.progress import Report
from training.tables.targets import TargetArray

_LEAST_ROWS = 50
_FOLDS = 5
# An estimator that gains less over a constant prediction earns a caution.
_LEAST_R2 = 0.02
_LEAST_GAIN = 0.005

type Metrics = dict[str, Any]


def cross_validate(
    estimator: Any, frame: pandas.DataFrame, target: TargetArray, task: str, report: Report
) -> Metrics | None:
    """Return mean and standard deviation of each metric over five folds; None below fifty rows."""
    if len(frame) < _LEAST_ROWS:
        return None
    folds: list[dict[str, float]] = []
    for number, (train, test) in enumerate(_make_splitter(target, task).split(frame, target), 1):
        report(f"cross-validation: fold {number} of {_FOLDS}")
        fitted = fit(estimator, frame.iloc[train], target[train])
        inputs = frame.iloc[test]
        folds.append(compute_metrics(fitted, inputs, fitted.predict(inputs), target[test], task))
    # A metric that some fold lacks (a class may be missing in it) is left out: its mean would be of fewer folds.
    names = [name for name in folds[0] if all(name in fold for fold in folds)]
    return {"method": "5-fold cross-validation"} | {name: _summarize([fold[name] for fold in folds]) for name in names}


def _make_splitter(target: TargetArray, task: str) -> Any:
    stratified = task != REGRESSION and min(Counter(target.tolist()).values()) >= _FOLDS
    return (StratifiedKFold if stratified else KFold)(_FOLDS, shuffle=True, random_state=SEED)


def _summarize(values: list[float]) -> dict[str, float]:
    return {"mean": float(numpy.mean(values)), "std": float(numpy.std(values))}


def describe_table_metrics(metrics: dict[str, float], rows: int) -> Metrics | None:
    """Return the metrics of an existing estimator with how they were measured; None below fifty rows."""
    if rows < _LEAST_ROWS:
        return None
    return {"method": f"on the given table ({rows} rows), which may hold its training rows", **metrics}


def find_cautions(metrics: dict[str, Any], target: TargetArray, task: str, *, is_small: bool = False) -> list[str]:
    """Return a caution if the estimator predicts no better than a constant; on a small table, if it predicts worse."""
    if task == REGRESSION:
        r2 = _get_mean(metrics.get("r2"))
        if r2 is None or r2 > (0.0 if is_small else _LEAST_R2):
            return []
        than = "worse than" if r2 < -_LEAST_R2 else "no better than"
        return [f"The model predicts {than} the mean of the target: the model's r2 is {r2:.3g}, that of the mean is 0."]
    accuracy = _get_mean(metrics.get("accuracy"))
    share = max(Counter(target.tolist()).values()) / len(target)
    if accuracy is None or accuracy > share + _LEAST_GAIN or (is_small and accuracy >= share):
        return []
    return [
        "The model predicts no better than a model that always predicts the most common class: the model's accuracy "
        f"is {accuracy:.3g}, the share of that class is {share:.3g}."
    ]


def _get_mean(metric: Any) -> float | None:
    mean = metric["mean"] if isinstance(metric, dict) else metric
    return None if mean is None else float(mean)


def compute_metrics(estimator: Any, inputs: Any, predicted: Any, target: TargetArray, task: str) -> dict[str, float]:
    """Return the task's metrics of predictions, as far as they are finite.

    The estimator, None where it has several targets, ranks the rows of `inputs`, a frame or an array.
    """
    if task == REGRESSION:
        is_finite = numpy.isfinite(predicted)
        if not is_finite.any():
            return {}
        target, predicted = target[is_finite], predicted[is_finite]
        metrics = {
            "r2": r2_score(target, predicted),
            "mean_absolute_error": mean_absolute_error(target, predicted),
            "root_mean_squared_error": root_mean_squared_error(target, predicted),
        }
    else:
        # As lists, because scikit-learn refuses to compare an array of objects with an array of texts.
        labels, predicted_labels = target.tolist(), predicted.tolist()
        metrics = {
            "accuracy": accuracy_score(labels, predicted_labels),
            "f1_macro": f1_score(labels, predicted_labels, average="macro", zero_division=0),
        }
        if estimator is not None and len(estimator.classes_) == 2 and set(labels) == set(estimator.classes_.tolist()):
            metrics |= _compute_roc_auc(estimator, inputs, labels)
    return {name: float(value) for name, value in metrics.items() if numpy.isfinite(value)}


def _compute_roc_auc(estimator: Any, inputs: Any, labels: list[Any]) -> dict[str, float]:
    if hasattr(estimator, "predict_proba"):
        ranks = estimator.predict_proba(inputs)[:, 1]
    elif hasattr(estimator, "decision_function"):
        ranks = estimator.decision_function(inputs)
    else:
        return {}
    positive = estimator.classes_.tolist()[1]
    return {"roc_auc": roc_auc_score([label == positive for label in labels], ranks)}
