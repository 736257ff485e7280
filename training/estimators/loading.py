"""Load an existing estimator, and refuse one that cannot be served."""

import io
import pickle
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from training.errors import TrainingError, add_article, describe_error
from training.estimators.adapting import adapt_model, is_unfitted, name_model
from training.estimators.column_walk import takes_texts
from training.estimators.file_kinds import check_folder, check_start, check_text
from training.estimators.inspection import find_task
from training.estimators.native_files import load_native
from training.estimators.pickle_checks import check_contents, find_missing_module, make_missing_module_error
from training.estimators.pickle_contents import read_contents


def load_estimator(path: Path) -> Any:
    """Load the fitted regressor or classifier in the file. Raises TrainingError if it cannot be served."""
    check_folder(path)
    loaded = load_native(path)
    is_native = loaded is not None
    if not is_native:
        loaded = _unpickle(path)
    estimator = loaded if is_native else _adapt(path, loaded)
    if not isinstance(estimator, BaseEstimator):
        raise TrainingError(
            f"{path} holds a value of the type {type(estimator).__name__}, not a scikit-learn estimator: dump the "
            "estimator itself."
        )
    if not is_native:
        check_modules(loaded)
    _check_fitted(path, loaded)
    _check_search(path, estimator)
    if find_task(estimator) is None:
        raise TrainingError(
            f"The estimator in {path}, {add_article(name_model(estimator))}, does not predict: only regressors, "
            "classifiers, outlier detectors and cluster models can be served. Give one of them after --model."
        )
    tags = _get_input_tags(estimator)
    if tags is not None and not tags.two_d_array and tags.one_d_array:
        raise TrainingError(
            f"The estimator in {path}, {add_article(name_model(estimator))}, takes one single column instead of a "
            "table: train it in a Pipeline whose first step takes that column from a table."
        )
    if tags is not None and not tags.two_d_array and not takes_texts(estimator):
        raise TrainingError(
            f"The estimator in {path} takes dicts instead of a table, or lists of words: train it with a "
            "ColumnTransformer that applies its first step to one column, or with a vectorizer of texts."
        )
    _check_classes(path, estimator)
    return estimator


def _adapt(path: Path, loaded: Any) -> Any:
    if is_unfitted(loaded):
        raise _make_unfitted_error(path)
    try:
        return adapt_model(loaded)
    except NotFittedError:
        raise _make_unfitted_error(path) from None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # The libraries raise exceptions of their own for a model of another release.
        raise _make_unreadable_error(path, error) from None


def _check_fitted(path: Path, loaded: Any) -> None:
    try:
        if hasattr(loaded, "fit"):  # a Booster has no such method, and is always fitted
            check_is_fitted(loaded)
    except NotFittedError:
        raise _make_unfitted_error(path) from None
    except Exception as error:  # noqa: BLE001
        # An estimator of another library's release may lack what its tags are made of.
        raise _make_unreadable_error(path, error) from None


def _make_unfitted_error(path: Path) -> TrainingError:
    return TrainingError(f"The estimator in {path} was never fitted: call its method fit, then dump it.")


def _check_classes(path: Path, estimator: Any) -> None:
    """Raise TrainingError if the estimator has one class, or classes of bytes."""
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, list) and classes is not None and len(classes) < 2:
        raise TrainingError(
            f"The estimator in {path} was trained on one single class ({classes.tolist()[0]!r}), so it always predicts "
            "that class: train it on rows of at least two classes."
        )
    if not isinstance(classes, list) and classes is not None and any(isinstance(label, bytes) for label in classes):
        raise TrainingError(
            f"The classes of the estimator in {path} are bytes, which JSON cannot hold: train it on texts, such as "
            f"{classes.tolist()[0].decode(errors='replace')!r}."
        )


def _check_search(path: Path, estimator: Any) -> None:
    """Raise TrainingError if the estimator is a search that has kept no member to predict with."""
    if getattr(estimator, "refit", True) is False and not hasattr(estimator, "best_estimator_"):
        raise TrainingError(
            f"The {type(estimator).__name__} in {path} was fitted with refit=False, so it has kept no estimator that "
            "could predict: fit it with refit=True, or dump the estimator that you choose."
        )


def _unpickle(path: Path) -> Any:
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            check_start(path, file)
            contents = read_contents(file)
            check_contents(path, contents)
            file.seek(0)
            if not contents.is_complete:
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
            f"The estimator in {path} was saved with scikit-learn {warning.original_sklearn_version}, but "
            f"{warning.current_sklearn_version} is installed: train it again with the versions in "
            "function/requirements.txt."
        ) from None
    except ModuleNotFoundError as error:
        raise make_missing_module_error(str(error.name)) from None
    except MemoryError:
        raise
    except PermissionError as error:
        raise TrainingError(f"{path} cannot be read ({describe_error(error)}): check the path after --model.") from None
    except Exception as error:  # noqa: BLE001
        # Pickled classes may raise any exception, and so may bytes that are not a pickle.
        if "__main__" in str(error):
            raise make_missing_module_error("__main__") from None
        if not contents.is_complete:
            raise TrainingError(
                f"{path} cannot be loaded as a joblib or pickle file ({describe_error(error)}), because it is cut "
                "short, damaged, or a file of another kind: copy it again, or dump the estimator with joblib.dump."
            ) from None
        raise _make_unreadable_error(path, error) from None


def _make_unreadable_error(path: Path, error: Exception) -> TrainingError:
    return TrainingError(
        f"{path} cannot be loaded as a joblib or pickle file ({describe_error(error)}): dump the estimator again, with "
        f"joblib.dump and scikit-learn {version('scikit-learn')}."
    )


def check_modules(estimator: Any) -> None:
    """Raise TrainingError if unpickling the estimator imports a module that the image does not have."""
    modules: set[str] = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str, /) -> Any:
            modules.add(module.partition(".")[0])
            return super().find_class(module, name)

    try:
        Recorder(io.BytesIO(pickle.dumps(estimator))).load()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # Pickled classes may raise any exception.
        raise TrainingError(
            f"The estimator cannot be pickled ({describe_error(error)}): build it without lambdas and open files."
        ) from None
    if missing := find_missing_module(sorted(modules)):
        raise make_missing_module_error(missing)


def _get_input_tags(estimator: Any) -> Any:
    """Return scikit-learn's input tags of the estimator, or of a pipeline's first step; None if it has none."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[0][1]
    return get_tags(estimator).input_tags if isinstance(estimator, BaseEstimator) else None
