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
from training.estimators.file_kinds import DUMP
from training.estimators.pickle_contents import Contents, Named, Standin

# What people call a library, by the module that is imported.
_CALLED = {
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
_OURS = {*_INSTALLED, *_CYTHON, *_PYTHON_2} | (sys.stdlib_module_names - {_MAIN})
_TORCH = 0x1950A86A20F9469CFC6C  # https://github.com/pytorch/pytorch: torch/serialization.py, MAGIC_NUMBER
_MOST_MEMBERS = 8
_AN = re.compile("[AEIOaeiou]|[FHLMNRSX][A-Z]")  # an SVC, but a Stack


def check_contents(path: Path, contents: Contents) -> None:
    """Raises TrainingError where the file in `path` holds no estimator that can be loaded here, as far as it tells."""
    root = contents.root
    lacking = foreign_of(module for module, _ in contents.names)
    if lacking and lacking.startswith("_") and lacking not in (_MAIN, *_CALLED, *_PICKLERS):
        # An extension module that some release of scikit-learn names without its package.
        check_versions(path, contents)
    if lacking:
        raise _foreign(path, contents, lacking)
    if isinstance(root, (dict, list, tuple, set)):
        raise TrainingError(
            f"{path} holds {_described(root, members=True)}, no scikit-learn estimator: {_alone(root)}."
        )
    check_versions(path, contents)
    if root == _TORCH:
        raise TrainingError(f"{path} is a PyTorch model: {DUMP}.")
    if isinstance(root, Named):
        raise TrainingError(f"{path} holds {root.name} itself, no fitted instance of it: {DUMP}.")


def check_versions(path: Path, contents: Contents) -> None:
    """Raises TrainingError where another release of scikit-learn wrote some estimator in the file."""
    here = version("scikit-learn")
    others = list(dict.fromkeys(release for release in contents.versions if release != here))
    if others:
        raise _other_release(path, f"scikit-learn {' and '.join(others)}")
    old = next((module for module, _ in contents.names if module.startswith("sklearn.") and not _is_here(module)), None)
    if old:
        release = "another release of scikit-learn" if contents.versions else "a scikit-learn before 0.22"
        raise _other_release(path, f"{release} (it names {old})")


def _other_release(path: Path, release: str) -> TrainingError:
    return TrainingError(
        f"The estimator in {path} comes from {release} and this is {version('scikit-learn')}: train it again with the "
        "versions in function/requirements.txt."
    )


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def foreign_of(modules: Iterable[str]) -> str | None:
    """The first of the modules that the image does not have."""
    return next((module for module in modules if module.partition(".")[0] not in _OURS), None)


def foreign(module: str, name: str = "") -> TrainingError:
    """The error for an estimator that needs code (the class or function `name`) of a module that the image lacks."""
    top = module.partition(".")[0]
    what = f"{name} of" if name else "code from"
    if top == _MAIN:
        where = "a script or notebook (__main__)"
    elif top in _PICKLERS:
        what, where = "code from", f"a lambda or a script of one's own, pickled by {top.lstrip('_')}"
    elif top in _CALLED:
        where = f"{_CALLED[top]} (the package {top!r})"
    else:
        where = f"the module {top!r}"
    return TrainingError(
        f"The estimator needs {what} {where}, which the image does not have: build it from what "
        f"{', '.join(LIBRARIES)} bring."
    )


def _foreign(path: Path, contents: Contents, module: str) -> TrainingError:
    root = contents.root
    top = module.partition(".")[0]
    if isinstance(root, Standin) and root.module.partition(".")[0] == top and top in _CALLED:
        return TrainingError(
            f"{path} holds {_described(root)} of {_CALLED[top]} (the package {top!r}), no scikit-learn estimator, and "
            f"the image does not have that: train one that {', '.join(LIBRARIES)} bring."
        )
    return foreign(module, next(name for where, name in contents.names if where == module))


def _described(value: Any, *, members: bool = False) -> str:
    """The value with its article; with its members where asked for."""
    if isinstance(value, (dict, list, tuple, set)):
        kind = type(value).__name__
        return f"a {kind}{_members(value)}" if members else f"a {kind}"
    if isinstance(value, Named):
        return value.name
    if isinstance(value, Standin):
        name = "array" if _is_array(value) else value.name or "object"
        return f"{'an' if _AN.match(name) else 'a'} {name}"
    if isinstance(value, (bool, int, float, complex)):
        return "a number"
    return {str: "a text", type(None): "None"}.get(type(value), f"a {type(value).__name__}")


def _members(value: Any) -> str:
    if not value:
        return " with nothing in it"
    if isinstance(value, dict):
        shown = [f"{_key(key)} ({_described(member)})" for key, member in list(value.items())[:_MOST_MEMBERS]]
        named = "keys"
    else:
        shown, named = [_described(member) for member in list(value)[:_MOST_MEMBERS]], "members"
    more = f" and {len(value) - len(shown)} more" if len(value) > len(shown) else ""
    return f" with the {named if len(value) > 1 else named[:-1]} {', '.join(shown)}{more}"


def _key(key: Any) -> str:
    return repr(key)[:40] if isinstance(key, (str, int, float, tuple)) else _described(key)


def _alone(root: Any) -> str:
    """What to do with a container."""
    pairs = root.items() if isinstance(root, dict) else enumerate(root)
    places = [_key(key) for key, member in pairs if _is_estimator(member)]
    if not places:
        return DUMP
    if len(places) == 1 and not isinstance(root, set):
        return f"dump the estimator alone, with joblib.dump(it[{places[0]}], FILE)"
    return "put its steps into one Pipeline, fit it, and dump that alone with joblib.dump"


def _is_estimator(value: Any) -> bool:
    return isinstance(value, Standin) and value.module.startswith("sklearn.")


def _is_array(value: Standin) -> bool:
    return value.name in ("NumpyArrayWrapper", "ndarray", "_frombuffer")
