"""An estimator that exists already: loaded, and refused where it could not be served."""

import io
import pickle
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from function.model.manifest import CLASSIFICATION, REGRESSION
from training.errors import TrainingError, describe_error, quote_names
from training.estimators.file_kinds import check_folder, check_start, check_text
from training.estimators.fitted_columns import FittedColumn, inspect_columns
from training.estimators.pickle_checks import check_contents, find_missing_module, make_missing_module_error
from training.estimators.pickle_contents import read_contents
from training.tables.targets import Task


def load_estimator(path: Path) -> Any:
    """The fitted regressor or classifier in the file. Raises TrainingError where it is none that can be served."""
    estimator = _unpickle(path)
    if not isinstance(estimator, BaseEstimator):
        raise TrainingError(f"{path} holds {type(estimator).__name__}, no scikit-learn estimator: dump the estimator.")
    check_modules(estimator)
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        raise TrainingError(
            f"The estimator in {path} was never fitted: call its fit, and dump it after that."
        ) from None
    if not (is_regressor(estimator) or is_classifier(estimator)):
        raise TrainingError(
            f"The estimator in {path}, a {type(estimator).__name__}, is neither a regressor nor a classifier: "
            "only these can be served."
        )
    tags = _get_input_tags(estimator)
    if tags is not None and not tags.two_d_array and tags.one_d_array:
        raise TrainingError(
            f"The estimator in {path}, a {type(estimator).__name__}, takes one single column instead of a table: put a "
            "first step before it that makes that column of a table."
        )
    if tags is not None and not tags.two_d_array:
        raise TrainingError(
            f"The estimator in {path} takes raw texts or dicts instead of a table: train it with a ColumnTransformer "
            "that applies its first step to a named column."
        )
    _check_classes(path, estimator)
    return estimator


def _check_classes(path: Path, estimator: Any) -> None:
    """Raises TrainingError where the estimator has no answers to choose from."""
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, list) and classes is not None and len(classes) < 2:
        raise TrainingError(
            f"The estimator in {path} was trained on one single class ({classes.tolist()[0]!r}) and answers nothing "
            "else: train it on rows of at least two."
        )
    if not isinstance(classes, list) and classes is not None and any(isinstance(label, bytes) for label in classes):
        raise TrainingError(
            f"The classes of the estimator in {path} are bytes, which JSON does not have: train it on texts, such as "
            f"{classes.tolist()[0].decode(errors='replace')!r}."
        )
    if getattr(estimator, "refit", True) is False and not hasattr(estimator, "best_estimator_"):
        raise TrainingError(
            f"The {type(estimator).__name__} in {path} has searched and kept no estimator (refit=False): fit it with "
            "refit=True, or dump the estimator that you choose."
        )


def _unpickle(path: Path) -> Any:
    check_folder(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            check_start(path, file)
            contents = read_contents(file)
            check_contents(path, contents)
            file.seek(0)
            if not contents.whole:
                check_text(path, file)
            return joblib.load(file)
    except TrainingError:
        raise
    except FileNotFoundError as error:
        if error.filename not in (None, str(path)):
            raise _make_unreadable_error(path, error) from None
        raise TrainingError(f"There is no file {path}: check the path after --model.") from None
    except InconsistentVersionWarning as warning:
        raise TrainingError(
            f"The estimator in {path} comes from scikit-learn {warning.original_sklearn_version} and this is "
            f"{warning.current_sklearn_version}: train it again with the versions in function/requirements.txt."
        ) from None
    except ModuleNotFoundError as error:
        raise make_missing_module_error(str(error.name)) from None
    except MemoryError:
        raise
    except PermissionError as error:
        raise TrainingError(f"{path} cannot be read ({describe_error(error)}): check the path after --model.") from None
    except Exception as error:  # noqa: BLE001
        # Unpickling raises whatever the pickled classes, or bytes that are no pickle, raise.
        if "__main__" in str(error):
            raise make_missing_module_error("__main__") from None
        if not contents.whole:
            raise TrainingError(
                f"{path} cannot be loaded as a joblib or pickle file ({describe_error(error)}): it is cut short, "
                "damaged or "
                "something else; copy it again, or dump the estimator with joblib.dump."
            ) from None
        raise _make_unreadable_error(path, error) from None


def _make_unreadable_error(path: Path, error: Exception) -> TrainingError:
    return TrainingError(
        f"{path} cannot be loaded as a joblib or pickle file ({describe_error(error)}): dump the estimator with "
        "joblib.dump, "
        f"under scikit-learn {version('scikit-learn')}."
    )


def check_modules(estimator: Any) -> None:
    """Raises TrainingError where unpickling the estimator imports what function/requirements.txt does not install."""
    found: set[str] = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str, /) -> Any:
            found.add(module.partition(".")[0])
            return super().find_class(module, name)

    try:
        Recorder(io.BytesIO(pickle.dumps(estimator))).load()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # Pickling raises whatever the pickled classes raise.
        raise TrainingError(
            f"The estimator cannot be pickled ({describe_error(error)}): build it without lambdas and open files."
        ) from None
    if lacking := find_missing_module(sorted(found)):
        raise make_missing_module_error(lacking)


def _get_input_tags(estimator: Any) -> Any:
    """What the estimator, or a pipeline's first step, takes; None where that does not say."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[0][1]
    return get_tags(estimator).input_tags if isinstance(estimator, BaseEstimator) else None


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
