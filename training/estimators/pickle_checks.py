"""Check what a pickle holds before any of it is loaded."""

import sys
from collections.abc import Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from function.model.manifest import LIBRARIES
from training.errors import TrainingError, add_article
from training.estimators.file_kinds import DUMP_ESTIMATOR
from training.estimators.native_files import advise_installation
from training.estimators.pickle_contents import GlobalName, PickleContents, StandIn

# The names of libraries by their packages.
_LIBRARY_NAMES = {
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "_catboost": "CatBoost",
    "statsmodels": "statsmodels",
    "imblearn": "imbalanced-learn",
    "category_encoders": "category_encoders",
    "torch": "PyTorch",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
}
# Packages whose models are compiled: only packaging needs them, if they are installed.
_COMPILED = {"xgboost", "lightgbm", "catboost", "_catboost"}
# Packages that pickle lambdas and the code of scripts, and are needed to load them.
_PICKLERS = {"cloudpickle", "dill", "_dill"}
_MAIN = "__main__"
_CYTHON = {"_loss"}  # an extension module of scikit-learn, which is pickled without its package
_PYTHON_2 = {"__builtin__", "copy_reg", "cPickle", "exceptions"}
_INSTALLED = {*LIBRARIES.values(), "pyarrow"}  # pandas keeps texts in it
_AVAILABLE = {*_INSTALLED, *_CYTHON, *_PYTHON_2} | (sys.stdlib_module_names - {_MAIN})
_TORCH = 0x1950A86A20F9469CFC6C  # https://github.com/pytorch/pytorch: torch/serialization.py, MAGIC_NUMBER
_MOST_MEMBERS = 8


def check_contents(path: Path, contents: PickleContents) -> None:
    """Raise TrainingError if the file's contents show that it holds no estimator, or one that cannot be loaded here."""
    root = contents.root
    missing = find_missing_module(module for module, _ in contents.names)
    if missing and missing.startswith("_") and missing not in (_MAIN, *_LIBRARY_NAMES, *_PICKLERS):
        # It may be an extension module that another release of scikit-learn pickles without its package.
        check_versions(path, contents)
    if missing:
        raise _make_foreign_error(path, contents, missing)
    if isinstance(root, (dict, list, tuple, set)):
        raise TrainingError(
            f"{path} holds {_describe_value(root, with_members=True)}, not a scikit-learn estimator: "
            f"{_advise_container(root)}."
        )
    check_versions(path, contents)
    if root == _TORCH:
        raise TrainingError(f"{path} is a PyTorch model: {DUMP_ESTIMATOR}.")
    if isinstance(root, GlobalName):
        raise TrainingError(f"{path} holds the class {root.name}, not a fitted instance of it: {DUMP_ESTIMATOR}.")


def check_versions(path: Path, contents: PickleContents) -> None:
    """Raise TrainingError if another release of scikit-learn wrote some estimator in the file."""
    installed = version("scikit-learn")
    others = list(dict.fromkeys(release for release in contents.versions if release != installed))
    if others:
        raise _make_release_error(path, f"scikit-learn {' and '.join(others)}")
    old = next(
        (module for module, _ in contents.names if module.startswith("sklearn.") and not _is_importable(module)), None
    )
    if old:
        release = "another release of scikit-learn" if contents.versions else "a scikit-learn before 0.22"
        raise _make_release_error(path, f"{release} (it names {old})")


def _make_release_error(path: Path, release: str) -> TrainingError:
    return TrainingError(
        f"The estimator in {path} was saved with {release}, but {version('scikit-learn')} is installed: train it again "
        "with the versions in function/requirements.txt."
    )


def _is_importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def find_missing_module(modules: Iterable[str]) -> str | None:
    """Return the first of the modules that neither the image has, nor packaging for the models that it compiles."""
    return next((module for module in modules if not _is_available(module.partition(".")[0])), None)


def _is_available(package: str) -> bool:
    return package in _AVAILABLE or (package in _COMPILED and _is_importable(package.lstrip("_")))


def make_missing_module_error(module: str, name: str = "") -> TrainingError:
    """Make the error for an estimator that needs `name`, or other code, of a module that the image does not have."""
    top = module.partition(".")[0]
    if top in _COMPILED:
        library = top.lstrip("_")
        return TrainingError(f"The estimator is a model of {_LIBRARY_NAMES[top]}: {advise_installation(library)}.")
    what = f"{name} of" if name else "code from"
    if top == _MAIN:
        where = "a script or notebook (__main__)"
    elif top in _PICKLERS:
        what, where = "code from", f"a lambda or a script, pickled by {top.lstrip('_')}"
    elif top in _LIBRARY_NAMES:
        where = f"{_LIBRARY_NAMES[top]} (the package {top!r})"
    else:
        where = f"the module {top!r}"
    return TrainingError(
        f"The estimator needs {what} {where}, which the image does not have: build it only with {', '.join(LIBRARIES)}."
    )


def _make_foreign_error(path: Path, contents: PickleContents, module: str) -> TrainingError:
    root = contents.root
    top = module.partition(".")[0]
    is_foreign = top in _LIBRARY_NAMES and top not in _COMPILED
    if isinstance(root, StandIn) and root.module.partition(".")[0] == top and is_foreign:
        return TrainingError(
            f"{path} holds {_describe_value(root)} of {_LIBRARY_NAMES[top]} (the package {top!r}), not a scikit-learn "
            f"estimator, and the image does not have that package: train an estimator of {', '.join(LIBRARIES)}."
        )
    return make_missing_module_error(module, next(name for where, name in contents.names if where == module))


def _describe_value(value: Any, *, with_members: bool = False) -> str:
    """Describe the value with its article, and a container with its members."""
    if isinstance(value, (dict, list, tuple, set)):
        class_name = type(value).__name__
        return f"a {class_name}{_describe_members(value)}" if with_members else f"a {class_name}"
    if isinstance(value, GlobalName):
        return value.name
    if isinstance(value, StandIn):
        name = "array" if _is_array(value) else value.name or "object"
        return add_article(name)
    if isinstance(value, (bool, int, float, complex)):
        return "a number"
    return {str: "a text", type(None): "None"}.get(type(value), add_article(type(value).__name__))


def _describe_members(value: Any) -> str:
    if not value:
        return " with nothing in it"
    if isinstance(value, dict):
        shown = [
            f"{_format_key(key)} ({_describe_value(member)})" for key, member in list(value.items())[:_MOST_MEMBERS]
        ]
        named = "keys"
    else:
        shown, named = [_describe_value(member) for member in list(value)[:_MOST_MEMBERS]], "members"
    more = f" and {len(value) - len(shown)} more" if len(value) > len(shown) else ""
    return f" with the {named if len(value) > 1 else named[:-1]} {', '.join(shown)}{more}"


def _format_key(key: Any) -> str:
    return repr(key)[:40] if isinstance(key, (str, int, float, tuple)) else _describe_value(key)


def _advise_container(root: Any) -> str:
    """Say how to get the estimator out of a dict, list, tuple or set."""
    pairs = root.items() if isinstance(root, dict) else enumerate(root)
    keys = [_format_key(key) for key, member in pairs if _is_estimator(member)]
    if not keys:
        return DUMP_ESTIMATOR
    if len(keys) == 1 and not isinstance(root, set):
        return f"dump the estimator alone, with joblib.dump(content[{keys[0]}], FILE)"
    return "put its steps into one Pipeline, fit it, and dump that alone with joblib.dump"


def _is_estimator(value: Any) -> bool:
    return isinstance(value, StandIn) and value.module.startswith("sklearn.")


def _is_array(value: StandIn) -> bool:
    return value.name in ("NumpyArrayWrapper", "ndarray", "_frombuffer")
