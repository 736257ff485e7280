"""Adapt models of XGBoost, LightGBM and CatBoost, so that they are estimators as those of scikit-learn."""

import io
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from training.compile.ubjson import parse_ubjson
from training.compile.xgboost_inputs import read_categories
from training.estimators.native_models import (
    AdaptedClassifier,
    AdaptedRegressor,
    LightGBMClassifier,
    LightGBMRegressor,
    XGBoostClassifier,
    XGBoostRegressor,
)
from training.estimators.native_tables import Categories
from training.estimators.pickle_contents import read_contents

XGBOOST, LIGHTGBM, CATBOOST = "xgboost", "lightgbm", "catboost"
LIBRARY_NAMES = {XGBOOST: "XGBoost", LIGHTGBM: "LightGBM", CATBOOST: "CatBoost"}
# Objectives of XGBoost and LightGBM with which a model predicts classes.
_XGBOOST_CLASSES = ("binary:logistic", "binary:hinge", "multi:softprob", "multi:softmax")
_LIGHTGBM_CLASSES = ("binary", "multiclass", "multiclassova")
_CATEGORICAL_PLACES = re.compile(r"^\[categorical_feature: ([\d,]*)\]$", re.MULTILINE)


def name_library(model: Any) -> str:
    """Return the package that the model's class comes from."""
    return type(model).__module__.partition(".")[0].lstrip("_")


def name_model(estimator: Any) -> str:
    """Return the name of the estimator's class, or of the one of its library that it adapts."""
    is_adapted = isinstance(estimator, (AdaptedClassifier, AdaptedRegressor))
    is_booster = isinstance(estimator, (LightGBMClassifier, LightGBMRegressor, XGBoostClassifier, XGBoostRegressor))
    return "Booster" if is_booster else type(estimator.estimator_ if is_adapted else estimator).__name__


def adapt_model(model: Any) -> Any:
    """Return an estimator that predicts as the model does; the model itself if it is one already."""
    library, name = name_library(model), type(model).__name__
    if library == XGBOOST and name == "Booster":
        return adapt_xgboost(model)
    if library == LIGHTGBM and name == "Booster":
        return adapt_lightgbm(model)
    if library == CATBOOST and name == "CatBoost":
        model = convert_catboost(model)
    last = _find_last(model)
    if hasattr(last, "get_booster"):
        # The gate predicts many small tables, for which more threads take longer.
        last.get_booster().set_param({"nthread": 1})
    categories = _find_categories(model)
    if not categories and name_library(last) != CATBOOST and not type(last).__name__.endswith("Ranker"):
        return model
    codes = model.get_cat_feature_indices() if library == CATBOOST else ()
    adapter = AdaptedClassifier if is_classifier(model) else AdaptedRegressor
    return adapter(model, categories, codes)


def is_unfitted(model: Any) -> bool:
    """Tell whether the model is one of CatBoost that was never fitted; scikit-learn tells it of others."""
    return name_library(model) == CATBOOST and hasattr(model, "is_fitted") and not model.is_fitted()


def is_lightgbm(estimator: Any) -> bool:
    """Tell whether the estimator is a bare model of LightGBM, adapted or not, or a search that chose one."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    inner = getattr(estimator, "booster_", None) or getattr(estimator, "estimator_", None)
    return name_library(estimator) == LIGHTGBM or name_library(inner) == LIGHTGBM


def find_library(pickled: bytes) -> str | None:
    """Find the library that a pickled estimator needs, and that the image does not have."""
    names = {module.partition(".")[0].lstrip("_") for module, _ in read_contents(io.BytesIO(pickled)).names}
    return next((library for library in LIBRARY_NAMES if library in names), None)


def adapt_xgboost(booster: Any, *, is_best: bool = False) -> Any:
    """Adapt a Booster of XGBoost."""
    learner = parse_ubjson(bytes(booster.save_raw("ubj")))["learner"]
    objective = learner["objective"]["name"]
    booster.set_param({"nthread": 1})
    shares = booster
    if objective == "multi:softmax":
        shares = booster.copy()
        shares.set_param({"objective": "multi:softprob"})
    adapter = XGBoostClassifier if objective in _XGBOOST_CLASSES else XGBoostRegressor
    return adapter(booster, shares, read_categories(learner), is_best=is_best)


def adapt_lightgbm(booster: Any) -> Any:
    """Adapt a Booster of LightGBM."""
    found = re.search(r"^objective=(\w+)", booster.model_to_string(num_iteration=1), re.MULTILINE)
    is_of_classes = found is not None and found[1] in _LIGHTGBM_CLASSES
    adapter = LightGBMClassifier if is_of_classes else LightGBMRegressor
    return adapter(booster, _find_lightgbm_categories(booster))


def convert_catboost(model: Any) -> Any:
    """Make a CatBoostClassifier or CatBoostRegressor of a CatBoost."""
    catboost = import_module(CATBOOST)  # no requirement of training: who has its models installs it

    kind = catboost.CatBoostClassifier if len(model.classes_) > 1 else catboost.CatBoostRegressor
    # Loaded from bytes, it would lose its parameters, among them the loss that says how sums become predictions.
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.cbm")
        model.save_model(path)
        return kind().load_model(path)


def _find_last(estimator: Any) -> Any:
    """Return the last step of a pipeline, or the best estimator of a search."""
    while True:
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator


def _find_categories(model: Any) -> Categories:
    """Find the columns that were pandas' categories when a bare model of XGBoost or LightGBM was trained."""
    library = name_library(model)
    if library == XGBOOST and getattr(model, "enable_categorical", False):
        return read_categories(parse_ubjson(bytes(model.get_booster().save_raw("ubj")))["learner"])
    return _find_lightgbm_categories(model.booster_) if library == LIGHTGBM else {}


def _find_lightgbm_categories(booster: Any) -> Categories:
    categories: Sequence[Sequence[Any]] = getattr(booster, "pandas_categorical", None) or []
    text = booster.model_to_string(num_iteration=1)
    found = _CATEGORICAL_PLACES.search(text)
    places = [int(place) for place in found[1].split(",") if place] if found else []
    if len(places) != len(categories):
        # The text lists the values of a category, and the range of a number.
        infos = re.search(r"^feature_infos=(.*)$", text, re.MULTILINE)
        places = [place for place, info in enumerate(infos[1].split() if infos else ()) if info[0] not in "[n"]
    return dict(zip(places, categories, strict=True)) if len(places) == len(categories) else {}
