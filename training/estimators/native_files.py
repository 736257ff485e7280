"""Load the files that XGBoost, LightGBM and CatBoost write themselves."""

import json
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from training.compile.ubjson import parse_ubjson
from training.errors import TrainingError, describe_error
from training.estimators.adapting import (
    CATBOOST,
    LIBRARY_NAMES,
    LIGHTGBM,
    XGBOOST,
    adapt_lightgbm,
    adapt_model,
    adapt_xgboost,
)

_START_SIZE = 1 << 16
_UBJSON_STARTS = (b"{L\0\0\0\0\0\0\0\x07learner", b"{U\x07learner", b"{i\x07learner")


def load_native(path: Path) -> Any:
    """Load the model in the file as an estimator; None if it is no file of one of the libraries.

    Raises TrainingError if the library is not installed, or cannot load the file.
    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        library, load = _identify(file.read(_START_SIZE))
    if library is None or load is None:
        return None
    name = LIBRARY_NAMES[library]
    if find_spec(library) is None:
        raise TrainingError(f"{path} is a model of {name}: {advise_installation(library)}.")
    try:
        return load(path)
    except (TrainingError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        # The libraries' errors have no common class.
        raise TrainingError(
            f"{path} is a model of {name}, but {name} cannot load it ({describe_error(error)}): save the model again, "
            f"in its release {version(_name_package(library))} or an older one."
        ) from None


def _name_package(library: str) -> str:
    """Return the package that installs the library: of XGBoost, the one that is installed."""
    names = packages_distributions().get(library) or (["xgboost-cpu"] if library == XGBOOST else [library])
    return names[0]


def advise_installation(library: str) -> str:
    """Say what to do if the library of a model is not installed; the end of a sentence."""
    return (
        f"packaging compares its program with {LIBRARY_NAMES[library]} itself, which is not installed; install it with "
        f".venv/bin/python -m pip install {_name_package(library)}"
    )


def _identify(start: bytes) -> tuple[str | None, Callable[[Path], Any] | None]:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_json = text.startswith(b"{") and text[1:].lstrip().startswith(b'"')
    if start.startswith(_UBJSON_STARTS) or (is_json and b'"learner"' in start):
        return XGBOOST, _load_xgboost
    if start.replace(b"\r\n", b"\n").startswith(b"tree\nversion="):
        return LIGHTGBM, _load_lightgbm
    if start.startswith(b"CBM1"):
        return CATBOOST, lambda path: _load_catboost(path, "cbm")
    if is_json and (b'"oblivious_trees"' in start or b'"features_info"' in start or b'"ctr_data"' in start):
        return CATBOOST, lambda path: _load_catboost(path, "json")
    return None, None


def _load_xgboost(path: Path) -> Any:
    import xgboost

    data = path.read_bytes()
    _check_leaves(path, data)
    booster = xgboost.Booster()
    booster.load_model(bytearray(data))
    # A wrapper, which writes this attribute, predicts with the best rounds of a training that stopped early.
    return adapt_xgboost(booster, is_best=booster.attr("scikit_learn") is not None)


def _check_leaves(path: Path, data: bytes) -> None:
    """Raise TrainingError for leaves of several numbers in the form before XGBoost 3.2, with which 3.4 crashes."""
    document = parse_ubjson(data) if data.startswith(_UBJSON_STARTS) else json.loads(data)
    model = document["learner"]["gradient_booster"].get("model", {})
    if any("leaf_weights" not in tree and _count_numbers(tree) > 1 for tree in model.get("trees", [])):
        raise TrainingError(
            f"{path} is a model of XGBoost whose leaves hold several numbers (multi_output_tree), in a form before "
            "XGBoost 3.2: train it again with a newer release."
        )


def _count_numbers(tree: dict[str, Any]) -> int:
    return int(tree["tree_param"].get("size_leaf_vector", "1"))


def _load_lightgbm(path: Path) -> Any:
    import lightgbm

    return adapt_lightgbm(lightgbm.Booster(model_str=path.read_text(encoding="utf-8")))


def _load_catboost(path: Path, form: str) -> Any:
    catboost = import_module(CATBOOST)  # no requirement of training: who has its models installs it

    return adapt_model(catboost.CatBoost().load_model(str(path), format=form))
