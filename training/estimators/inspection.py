"""Find out the task and the columns of a fitted estimator, and call it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from function.model.target import (
    CLASSIFICATION,
    CLUSTERING,
    DISTANCES,
    OUTLIER_CLASSES,
    OUTLIER_DETECTION,
    PROBABILITIES,
    REGRESSION,
    RESPONSIBILITIES,
    SCORE,
    Label,
    Target,
)
from training.errors import TrainingError, add_article, describe_error, quote_names
from training.estimators.adapting import is_lightgbm, name_model
from training.estimators.column_walk import inspect_columns
from training.estimators.fitted_columns import FittedColumn
from training.estimators.native_models import AdaptedClassifier, AdaptedRegressor
from training.options import DEFAULT_TARGET
from training.tables.targets import Task

# The target's name, without --target, of an estimator that learned without one.
_DEFAULT_NAMES = {OUTLIER_DETECTION: "outlier", CLUSTERING: "cluster"}


def get_task(estimator: Any, option: str | None) -> Task:
    """Return the estimator's task. Raises TrainingError if the option --task names another one."""
    task = find_task(estimator)
    if task is None or option not in (None, task):
        raise TrainingError(f"--task {option} contradicts the estimator, which does {task}: leave the option out.")
    return Task(task, f"what the estimator, {add_article(name_model(estimator))}, does")


def find_task(estimator: Any) -> str | None:
    """Return the task of an estimator; None if it has none of those that are served."""
    if not hasattr(estimator, "predict"):
        return None
    if is_regressor(estimator):
        return REGRESSION
    if is_classifier(estimator):
        return CLASSIFICATION
    if is_outlier_detector(estimator):
        return OUTLIER_DETECTION
    # Mixtures are density estimators, whose predictions are the numbers of their components.
    return CLUSTERING if is_clusterer(estimator) or hasattr(estimator, "predict_proba") else None


def describe_targets(estimator: Any, task: str, names: Sequence[str], unit: str | None, inputs: Any) -> list[Target]:
    """Describe what the estimator predicts of `inputs`, some rows of its input.

    `names` are those of the targets, or DEFAULT_TARGET alone. Raises TrainingError for names that do not fit, and for
    classes that JSON cannot hold.
    """
    predicted = numpy.asarray(estimator.predict(inputs))
    count = 1 if predicted.ndim == 1 else predicted.shape[1]
    if list(names) == [DEFAULT_TARGET]:
        names = (
            [f"target_{number}" for number in range(1, count + 1)] if count > 1 else [_DEFAULT_NAMES.get(task, *names)]
        )
    if len(names) != count or len({*names}) != count:
        noun = "target" if count == 1 else "targets"
        raise TrainingError(
            f"The estimator predicts {count} {noun}, but --target names {len({*names})}: repeat --target for each one, "
            "with a name of its own, in the order of training."
        )
    labels = _list_labels(estimator, task, count)
    scores = _find_scores(estimator, task, len(labels[0] or ()), inputs)
    return [Target(name, unit, each, scores) for name, each in zip(names, labels, strict=True)]


def _list_labels(estimator: Any, task: str, count: int) -> list[tuple[Label, ...] | None]:
    """List the labels of each target; None for a regression. Raises TrainingError."""
    if task == REGRESSION:
        return [None] * count
    if task == OUTLIER_DETECTION:
        return [OUTLIER_CLASSES]
    if task == CLUSTERING:
        return [tuple(range(_count_clusters(estimator)))]
    classes = estimator.classes_
    if not isinstance(classes, list):
        # Of several labels that a record has or has not, each is 0 or 1.
        classes = [classes] if count == 1 else [numpy.array([0, 1])] * count
    labels = [tuple(each.tolist()) for each in classes]
    if not all(isinstance(label, (str, int, float)) for each in labels for label in each):
        raise TrainingError(
            "The estimator has classes that are neither texts nor numbers nor booleans, which JSON cannot hold: train "
            "it on such classes."
        )
    return list(labels)


def _count_clusters(estimator: Any) -> int:
    while isinstance(estimator, Pipeline) or hasattr(estimator, "best_estimator_"):
        estimator = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator.best_estimator_
    # A mixture has weights_; Birch has labels of subclusters.
    for name in ("weights_", "cluster_centers_"):
        if hasattr(estimator, name):
            return len(getattr(estimator, name))
    return int(max(getattr(estimator, "subcluster_labels_", estimator.labels_))) + 1


def _find_scores(estimator: Any, task: str, classes: int, inputs: Any) -> str | None:
    """Return the name of the scores that the estimator has beside its predictions."""
    if task == OUTLIER_DETECTION:
        return SCORE
    if task == REGRESSION:
        return None
    if hasattr(estimator, "predict_proba") and _predicts_shares(estimator, inputs):
        return PROBABILITIES if task == CLASSIFICATION else RESPONSIBILITIES
    # Birch measures the distances to its subclusters, which may be more.
    has_distances = task == CLUSTERING and hasattr(estimator, "transform")
    return DISTANCES if has_distances and estimator.transform(inputs).shape[1] == classes else None


def _predicts_shares(estimator: Any, inputs: Any) -> bool:
    """Tell whether the estimator predicts probabilities: a GaussianProcessClassifier of pairs refuses to."""
    try:
        estimator.predict_proba(inputs)
    except ValueError:
        return False
    return True


def get_feature_names(estimator: Any, chosen: Sequence[str]) -> list[str] | None:
    """Return the columns of the DataFrame that the estimator was trained on; None if it was trained on an array.

    LightGBM keeps names with "_" for spaces: those are written as the chosen columns write them.
    """
    names = _get_attribute(estimator, "feature_names_in_")
    if names is None:  # CatBoost has another name for them, and numbers columns that have none
        names = _get_attribute(estimator, "feature_names_")
        names = None if names is None or list(names) == list(map(str, range(len(names)))) else names
    if names is None:
        return None
    spaced = {} if not is_lightgbm(estimator) else {name.replace(" ", "_"): name for name in chosen}
    return [spaced.get(str(name), str(name)) for name in names]


def _count_columns(estimator: Any) -> int | None:
    """Return the number of columns that the estimator was trained on; None if it does not say it."""
    # CatBoost forgets the number as it is loaded, but keeps a name for each column.
    numbered = _get_attribute(estimator, "feature_names_")
    count: int | None = _get_attribute(estimator, "n_features_in_") if numbered is None else len(numbered)
    return count


def _get_attribute(estimator: Any, name: str) -> Any:
    # Those that hold another estimator tell its attributes, but not the names of CatBoost's columns. A Pipeline reads
    # them from its first step, which has none of them if it is "passthrough".
    while True:
        if isinstance(estimator, Pipeline):
            estimator = next(step for _, step in estimator.steps if step not in (None, "passthrough"))
        elif isinstance(estimator, (AdaptedRegressor, AdaptedClassifier)):
            estimator = estimator.estimator_
        elif (inner := getattr(estimator, "best_estimator_", getattr(estimator, "regressor_", None))) is not None:
            estimator = inner
        else:
            return getattr(estimator, name, None)


def match_columns(estimator: Any, chosen: Sequence[str], targets: Sequence[str]) -> dict[str, FittedColumn]:
    """Return the columns that the estimator uses, by name and in its order, with what it has learned of them.

    An estimator that was trained on an array takes all chosen columns, by position. Raises TrainingError if the chosen
    columns do not fit.
    """
    names = get_feature_names(estimator, chosen)
    if names is None:
        count = _count_columns(estimator)
        if count not in (None, len(chosen)):
            raise TrainingError(
                f"The estimator was trained on {count} columns without names, but {len(chosen)} columns are given "
                f"({quote_names(chosen)}): choose the columns in the order of training with --feature, or leave some "
                "out with --drop."
            )
        return dict(zip(chosen, inspect_columns(estimator, len(chosen)), strict=True))
    columns = dict(zip(names, inspect_columns(estimator, len(names)), strict=True))
    if any(column.is_used for column in columns.values()):
        columns = {name: column for name, column in columns.items() if column.is_used}
    for target in targets:
        if target in columns:
            raise TrainingError(
                f"The target {target!r} is one of the estimator's features: choose the column that it predicts."
            )
    missing = [name for name in columns if name not in chosen]
    if missing:
        others = [name for name in chosen if name not in columns]
        also = f" The columns that it does not need are {quote_names(others)}." if others else ""
        raise TrainingError(
            f"The estimator needs {quote_names(missing)}, missing in the table or left out by --feature or --drop: "
            f"give the columns that the estimator was trained on.{also}"
        )
    return columns


def call_estimator[T](action: str, call: Callable[[], T]) -> T:
    """Return what `call` returns. Raises TrainingError for any exception in it; `action` says what was tried."""
    try:
        return call()
    except (TrainingError, MemoryError):
        raise
    except NotFittedError as error:
        raise TrainingError(
            f"A part of the estimator was never fitted ({describe_error(error)}): fit the whole estimator, then dump "
            "it."
        ) from None
    except Exception as error:  # noqa: BLE001
        # A transformer may raise any exception.
        raise TrainingError(
            f"The estimator fails to {action} ({describe_error(error)}): give a table like the one that it was trained "
            "on."
        ) from None
