"""Ask a fitted estimator for its task and columns, and call it."""

from collections.abc import Callable, Sequence
from typing import Any

from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from function.model.manifest import CLASSIFICATION, REGRESSION
from training.errors import TrainingError, describe_error, quote_names
from training.estimators.column_walk import inspect_columns
from training.estimators.fitted_columns import FittedColumn
from training.tables.targets import Task


def get_task(estimator: Any, asked: str | None) -> Task:
    """The estimator's task. Raises TrainingError where another was asked for."""
    task = REGRESSION if is_regressor(estimator) else CLASSIFICATION
    if asked not in (None, task):
        raise TrainingError(f"--task {asked} contradicts the estimator, which does {task}: leave the option out.")
    return Task(task, f"the estimator, a {type(estimator).__name__}, does it")


def get_feature_names(estimator: Any) -> list[str] | None:
    """The columns of the DataFrame that the estimator was trained on; None where it was trained on an array."""
    names = _get_attribute(estimator, "feature_names_in_")
    return None if names is None else [str(name) for name in names]


def _get_attribute(estimator: Any, name: str) -> Any:
    # A Pipeline asks its first step, which knows nothing where it is left out.
    while isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
        estimator = steps[0]
    return getattr(estimator, name, None)


def match_columns(estimator: Any, chosen: Sequence[str], target: str) -> dict[str, FittedColumn]:
    """What the estimator says of the columns that it wants, by name and in its order.

    Where it was trained on an array these are the chosen ones by place, else those that it uses: of a column that it
    drops no value is asked for. Raises TrainingError where the chosen columns are not these.
    """
    names = get_feature_names(estimator)
    if names is None:
        count = _get_attribute(estimator, "n_features_in_")
        if count not in (None, len(chosen)):
            raise TrainingError(
                f"The estimator was trained on {count} unnamed features and the table has {len(chosen)} "
                f"({quote_names(chosen)}): choose them in its order with --feature, or leave some out with --drop."
            )
        return dict(zip(chosen, inspect_columns(estimator, len(chosen)), strict=True))
    known = dict(zip(names, inspect_columns(estimator, len(names)), strict=True))
    if any(column.used for column in known.values()):
        known = {name: column for name, column in known.items() if column.used}
    if target in known:
        raise TrainingError(f"The target {target!r} is one of the estimator's features: name the column it predicts.")
    lacking = [name for name in known if name not in chosen]
    if lacking:
        extra = [name for name in chosen if name not in known]
        also = f", whose other columns are {quote_names(extra)}" if extra else ""
        raise TrainingError(
            f"The estimator wants {quote_names(lacking)}, which the table (or what --feature and --drop leave of it) "
            "lacks"
            f"{also}: give the columns that it was trained on."
        )
    return known


def call_estimator[T](what: str, call: Callable[[], T]) -> T:
    """What `call` returns. Raises TrainingError for whatever the estimator raises in it."""
    try:
        return call()
    except (TrainingError, MemoryError):
        raise
    except NotFittedError as error:
        raise TrainingError(
            f"A part of the estimator was never fitted ({describe_error(error)}): fit the whole of it, and dump it "
            "after that."
        ) from None
    except Exception as error:  # noqa: BLE001
        # Any transformer may raise anything of its own.
        raise TrainingError(
            f"The estimator fails {what} ({describe_error(error)}): give a table like the one that it was trained on."
        ) from None


def check_single_target(estimator: Any, predicted: Any) -> None:
    """Raises TrainingError where the estimator predicts several targets at once."""
    several = predicted.ndim > 1 and predicted.shape[1] > 1
    if several or isinstance(getattr(estimator, "classes_", None), list):
        raise TrainingError("The estimator predicts several targets at once: package one bundle per target.")
