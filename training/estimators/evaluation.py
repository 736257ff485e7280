"""How good the predictions are, where there are rows enough to say so."""

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

from function.model.manifest import REGRESSION
from training.estimators.default_forest import SEED, Say, fit
from training.tables.targets import TargetArray

FEWEST_ROWS = 50
_FOLDS = 5
_LEAST_R2 = 0.02
_LEAST_GAIN = 0.005

type Metrics = dict[str, Any]


def cross_validate(estimator: Any, table: pandas.DataFrame, target: TargetArray, task: str, say: Say) -> Metrics | None:
    """Mean and standard deviation of each score over five folds; None below fifty rows."""
    if len(table) < FEWEST_ROWS:
        return None
    folds: list[dict[str, float]] = []
    for number, (train, test) in enumerate(_make_splitter(target, task).split(table, target), 1):
        say(f"cross-validation: fold {number} of {_FOLDS}")
        fitted = fit(estimator, table.iloc[train], target[train])
        folds.append(compute_metrics(fitted, table.iloc[test], target[test], task))
    # A score that some fold does not have (of a class that is not in it) would be a mean of other things.
    names = [name for name in folds[0] if all(name in fold for fold in folds)]
    return {"method": "5-fold cross-validation"} | {name: _summarize([fold[name] for fold in folds]) for name in names}


def _make_splitter(target: TargetArray, task: str) -> Any:
    stratified = task != REGRESSION and min(Counter(target.tolist()).values()) >= _FOLDS
    return (StratifiedKFold if stratified else KFold)(_FOLDS, shuffle=True, random_state=SEED)


def _summarize(values: list[float]) -> dict[str, float]:
    return {"mean": float(numpy.mean(values)), "std": float(numpy.std(values))}


def evaluate_on_table(estimator: Any, table: Any, target: TargetArray, task: str) -> Metrics | None:
    """Each score of an estimator that exists already; None below fifty rows."""
    if len(target) < FEWEST_ROWS:
        return None
    method = f"on the given table ({len(target)} rows), which may hold its training rows"
    return {"method": method, **compute_metrics(estimator, table, target, task)}


def find_cautions(metrics: dict[str, Any], target: TargetArray, task: str, *, few: bool = False) -> list[str]:
    """What must be said of a model that is worth no more than a constant; of a `few` rows, if it is worth less."""
    if task == REGRESSION:
        r2 = _get_mean(metrics.get("r2"))
        if r2 is None or r2 > (0.0 if few else _LEAST_R2):
            return []
        than = "worse than" if r2 < -_LEAST_R2 else "no better than"
        return [f"It predicts {than} the mean of the target would, which has an r2 of 0; its own is {r2:.3g}."]
    accuracy = _get_mean(metrics.get("accuracy"))
    share = max(Counter(target.tolist()).values()) / len(target)
    if accuracy is None or accuracy > share + _LEAST_GAIN or (few and accuracy >= share):
        return []
    alone = f"the commonest class would, whose share is {share:.3g}"
    return [f"It predicts no better than {alone}; its own accuracy is {accuracy:.3g}."]


def _get_mean(score: Any) -> float | None:
    found = score["mean"] if isinstance(score, dict) else score
    return None if found is None else float(found)


def compute_metrics(estimator: Any, table: Any, target: TargetArray, task: str) -> dict[str, float]:
    """The finite ones of the task's scores."""
    predicted = numpy.asarray(estimator.predict(table)).ravel()
    if task == REGRESSION:
        finite = numpy.isfinite(predicted)
        if not finite.any():
            return {}
        target, predicted = target[finite], predicted[finite]
        scores = {
            "r2": r2_score(target, predicted),
            "mean_absolute_error": mean_absolute_error(target, predicted),
            "root_mean_squared_error": root_mean_squared_error(target, predicted),
        }
    else:
        # Plain lists: an array of objects and one of texts are different kinds of target to scikit-learn.
        truth, answers = target.tolist(), predicted.tolist()
        scores = {
            "accuracy": accuracy_score(truth, answers),
            "f1_macro": f1_score(truth, answers, average="macro", zero_division=0),
        }
        if len(estimator.classes_) == 2 and set(truth) == set(estimator.classes_.tolist()):
            scores |= _compute_roc_auc(estimator, table, truth)
    return {name: float(score) for name, score in scores.items() if numpy.isfinite(score)}


def _compute_roc_auc(estimator: Any, table: Any, truth: list[Any]) -> dict[str, float]:
    if hasattr(estimator, "predict_proba"):
        ranks = estimator.predict_proba(table)[:, 1]
    elif hasattr(estimator, "decision_function"):
        ranks = estimator.decision_function(table)
    else:
        return {}
    positive = estimator.classes_.tolist()[1]
    return {"roc_auc": roc_auc_score([label == positive for label in truth], ranks)}
