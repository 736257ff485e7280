"""An estimator that exists already: loaded, and refused where it could not be served."""

import io
import pickle
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from training.errors import TrainingError, describe_error
from training.estimators.file_kinds import check_folder, check_start, check_text
from training.estimators.pickle_checks import check_contents, find_missing_module, make_missing_module_error
from training.estimators.pickle_contents import read_contents


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
