"""Judges what a pickle holds before anything of it is loaded, in sentences that name it."""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from function.model.manifest import LIBRARIES
from training.errors import TrainingError
from training.estimators.file_kinds import DUMP_ESTIMATOR
from training.estimators.pickle_contents import Contents, GlobalName, StandIn

# What people call a library, by the module that is imported.
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
# They pickle lambdas and a script's own code, and must be there to load them.
_PICKLERS = {"cloudpickle", "dill", "_dill"}
_MAIN = "__main__"
_CYTHON = {"_loss"}  # scikit-learn's own: its classes name no package
_PYTHON_2 = {"__builtin__", "copy_reg", "cPickle", "exceptions"}
_INSTALLED = {*LIBRARIES.values(), "pyarrow"}  # pandas keeps texts in it
_AVAILABLE = {*_INSTALLED, *_CYTHON, *_PYTHON_2} | (sys.stdlib_module_names - {_MAIN})
_TORCH = 0x1950A86A20F9469CFC6C  # https://github.com/pytorch/pytorch: torch/serialization.py, MAGIC_NUMBER
_MOST_MEMBERS = 8
_TAKES_AN = re.compile("[AEIOaeiou]|[FHLMNRSX][A-Z]")  # an SVC, but a Stack


def check_contents(path: Path, contents: Contents) -> None:
    """Raises TrainingError where the file in `path` holds no estimator that can be loaded here, as far as it tells."""
    root = contents.root
    lacking = find_missing_module(module for module, _ in contents.names)
    if lacking and lacking.startswith("_") and lacking not in (_MAIN, *_LIBRARY_NAMES, *_PICKLERS):
        # An extension module that some release of scikit-learn names without its package.
        check_versions(path, contents)
    if lacking:
        raise _make_foreign_error(path, contents, lacking)
    if isinstance(root, (dict, list, tuple, set)):
        raise TrainingError(
            f"{path} holds {_describe_value(root, members=True)}, no scikit-learn estimator: {_advise_container(root)}."
        )
    check_versions(path, contents)
    if root == _TORCH:
        raise TrainingError(f"{path} is a PyTorch model: {DUMP_ESTIMATOR}.")
    if isinstance(root, GlobalName):
        raise TrainingError(f"{path} holds {root.name} itself, no fitted instance of it: {DUMP_ESTIMATOR}.")


def check_versions(path: Path, contents: Contents) -> None:
    """Raises TrainingError where another release of scikit-learn wrote some estimator in the file."""
    here = version("scikit-learn")
    others = list(dict.fromkeys(release for release in contents.versions if release != here))
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
        f"The estimator in {path} comes from {release} and this is {version('scikit-learn')}: train it again with the "
        "versions in function/requirements.txt."
    )


def _is_importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def find_missing_module(modules: Iterable[str]) -> str | None:
    """The first of the modules that the image does not have."""
    return next((module for module in modules if module.partition(".")[0] not in _AVAILABLE), None)


def make_missing_module_error(module: str, name: str = "") -> TrainingError:
    """The error for an estimator that needs code (the class or function `name`) of a module that the image lacks."""
    top = module.partition(".")[0]
    what = f"{name} of" if name else "code from"
    if top == _MAIN:
        where = "a script or notebook (__main__)"
    elif top in _PICKLERS:
        what, where = "code from", f"a lambda or a script of one's own, pickled by {top.lstrip('_')}"
    elif top in _LIBRARY_NAMES:
        where = f"{_LIBRARY_NAMES[top]} (the package {top!r})"
    else:
        where = f"the module {top!r}"
    return TrainingError(
        f"The estimator needs {what} {where}, which the image does not have: build it from what "
        f"{', '.join(LIBRARIES)} bring."
    )


def _make_foreign_error(path: Path, contents: Contents, module: str) -> TrainingError:
    root = contents.root
    top = module.partition(".")[0]
    if isinstance(root, StandIn) and root.module.partition(".")[0] == top and top in _LIBRARY_NAMES:
        return TrainingError(
            f"{path} holds {_describe_value(root)} of {_LIBRARY_NAMES[top]} (the package {top!r}), no scikit-learn "
            "estimator, and "
            f"the image does not have that: train one that {', '.join(LIBRARIES)} bring."
        )
    return make_missing_module_error(module, next(name for where, name in contents.names if where == module))


def _describe_value(value: Any, *, members: bool = False) -> str:
    """The value with its article; with its members where asked for."""
    if isinstance(value, (dict, list, tuple, set)):
        kind = type(value).__name__
        return f"a {kind}{_describe_members(value)}" if members else f"a {kind}"
    if isinstance(value, GlobalName):
        return value.name
    if isinstance(value, StandIn):
        name = "array" if _is_array(value) else value.name or "object"
        return f"{'an' if _TAKES_AN.match(name) else 'a'} {name}"
    if isinstance(value, (bool, int, float, complex)):
        return "a number"
    return {str: "a text", type(None): "None"}.get(type(value), f"a {type(value).__name__}")


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
    """What to do with a container."""
    pairs = root.items() if isinstance(root, dict) else enumerate(root)
    places = [_format_key(key) for key, member in pairs if _is_estimator(member)]
    if not places:
        return DUMP_ESTIMATOR
    if len(places) == 1 and not isinstance(root, set):
        return f"dump the estimator alone, with joblib.dump(it[{places[0]}], FILE)"
    return "put its steps into one Pipeline, fit it, and dump that alone with joblib.dump"


def _is_estimator(value: Any) -> bool:
    return isinstance(value, StandIn) and value.module.startswith("sklearn.")


def _is_array(value: StandIn) -> bool:
    return value.name in ("NumpyArrayWrapper", "ndarray", "_frombuffer")
