"""Models of XGBoost, LightGBM and CatBoost come in as wrappers, as Boosters and as their native files."""

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy
import pandas
import pytest
import xgboost
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.errors import TrainingError
from training.estimators.adapting import find_library
from training.estimators.inspection import get_feature_names
from training.estimators.loading import load_estimator

catboost = pytest.importorskip("catboost")

GENERATOR = numpy.random.default_rng(3)
FRAME = pandas.DataFrame(
    {"size": GENERATOR.normal(size=120), "kind of": GENERATOR.choice(["a", "b", "ü"], 120), "n": [1, 2, 5] * 40}
)
CATEGORIES = FRAME.astype({"kind of": "category", "n": "category"})
NUMBERS = FRAME["size"] + (FRAME["kind of"] == "a") * 2 + FRAME["n"]
LABELS = numpy.digitize(NUMBERS, [2, 4])
FEW: dict[str, Any] = {"n_estimators": 4, "n_jobs": 1}
QUIET: dict[str, Any] = {**FEW, "verbose": -1, "min_child_samples": 5}
SILENT: dict[str, Any] = {"iterations": 4, "thread_count": 1, "silent": True, "allow_writing_files": False}


def fit_xgboost(kind: type[Any], target: Any, **options: Any) -> Any:
    return kind(enable_categorical=True, **FEW, **options).fit(CATEGORIES, target)


def fit_catboost(kind: type[Any], target: Any, **options: Any) -> Any:
    return kind(cat_features=["kind of", "n"], **SILENT, **options).fit(FRAME, target)


def save_booster(model: Any, path: Path) -> Path:
    model.save_model(path)
    return path


def load_pickled(model: Any, path: Path) -> Any:
    joblib.dump(model, path / "model.joblib")
    return load_estimator(path / "model.joblib")


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize("target", [NUMBERS, LABELS > 0, LABELS], ids=["numbers", "two", "three"])
def test_a_file_of_xgboost_predicts_as_its_wrapper(tmp_path: Path, suffix: str, target: Any) -> None:
    kind = xgboost.XGBRegressor if target is NUMBERS else xgboost.XGBClassifier
    model = fit_xgboost(kind, target if target is NUMBERS else target.astype(int))
    loaded = load_estimator(save_booster(model, tmp_path / f"model.{suffix}"))

    assert is_classifier(loaded) == (target is not NUMBERS)
    assert get_feature_names(loaded, []) == ["size", "kind of", "n"]
    assert loaded.predict(FRAME).tolist() == model.predict(CATEGORIES).tolist()
    if is_classifier(loaded):
        assert loaded.classes_.tolist() == model.classes_.tolist()
        assert loaded.predict_proba(FRAME).tolist() == model.predict_proba(CATEGORIES).tolist()


def test_a_booster_that_gives_labels_has_probabilities(tmp_path: Path) -> None:
    model = fit_xgboost(xgboost.XGBClassifier, LABELS, objective="multi:softmax")
    loaded = load_pickled(model.get_booster(), tmp_path)

    assert loaded.predict(FRAME).tolist() == model.predict(CATEGORIES).tolist()
    assert numpy.allclose(loaded.predict_proba(FRAME), model.predict_proba(CATEGORIES))


@pytest.mark.parametrize("saves_wrapper", [True, False])
def test_only_a_wrapper_stops_at_its_best_round(tmp_path: Path, saves_wrapper: bool) -> None:
    options = {"learning_rate": 1.0, "early_stopping_rounds": 2, **FEW, "n_estimators": 40}
    model = xgboost.XGBRegressor(**options)
    model.fit(FRAME[["size"]][:80], NUMBERS[:80], eval_set=[(FRAME[["size"]][80:], NUMBERS[80:])], verbose=False)
    loaded = load_estimator(save_booster(model if saves_wrapper else model.get_booster(), tmp_path / "model.json"))
    rounds = model.best_iteration + 1 if saves_wrapper else 0
    matrix = xgboost.DMatrix(FRAME[["size"]])

    expected = model.get_booster().predict(matrix, iteration_range=(0, rounds))
    assert loaded.predict(FRAME[["size"]]).tolist() == expected.tolist()


@pytest.mark.parametrize("target", [NUMBERS, LABELS > 0, LABELS], ids=["numbers", "two", "three"])
def test_a_file_of_lightgbm_predicts_as_its_wrapper(tmp_path: Path, target: Any) -> None:
    kind = lightgbm.LGBMRegressor if target is NUMBERS else lightgbm.LGBMClassifier
    model: Any = kind(**QUIET).fit(CATEGORIES, target if target is NUMBERS else target.astype(int))
    loaded = load_estimator(save_booster(model.booster_, tmp_path / "model.txt"))

    assert get_feature_names(loaded, ["size", "kind of", "n"]) == ["size", "kind of", "n"]
    assert loaded.predict(FRAME).tolist() == model.predict(CATEGORIES).tolist()
    if is_classifier(loaded):
        assert loaded.predict_proba(FRAME).tolist() == model.predict_proba(CATEGORIES).tolist()


@pytest.mark.parametrize("suffix", ["cbm", "json"])
@pytest.mark.parametrize("target", [NUMBERS, FRAME["kind of"]], ids=["numbers", "texts"])
def test_a_file_of_catboost_predicts_as_its_wrapper(tmp_path: Path, suffix: str, target: Any) -> None:
    kind = catboost.CatBoostRegressor if target is NUMBERS else catboost.CatBoostClassifier
    model = fit_catboost(kind, target)
    pool = catboost.Pool(FRAME, cat_features=["kind of", "n"])
    model.save_model(str(tmp_path / "model"), format=suffix, pool=pool)
    loaded = load_estimator(tmp_path / "model")
    floats = FRAME.astype({"n": float})

    assert get_feature_names(loaded, []) == ["size", "kind of", "n"]
    # JSON's numbers have lost their last digits.
    is_equal = numpy.array_equal if suffix == "cbm" or is_classifier(loaded) else numpy.allclose
    assert is_equal(loaded.predict(floats), model.predict(FRAME).ravel())
    if is_classifier(loaded):
        assert loaded.classes_.tolist() == ["a", "b", "ü"]
        assert numpy.allclose(loaded.predict_proba(floats), model.predict_proba(FRAME), rtol=1e-12)


def test_a_file_of_catboost_keeps_the_loss_that_says_what_it_predicts(tmp_path: Path) -> None:
    model = fit_catboost(catboost.CatBoostRegressor, NUMBERS.abs().round(), loss_function="Poisson")
    model.save_model(str(tmp_path / "model.cbm"))
    loaded = load_estimator(tmp_path / "model.cbm")
    assert numpy.array_equal(loaded.predict(FRAME.astype({"n": float})), model.predict(FRAME))
    assert loaded.predict(FRAME.astype({"n": float})).min() > 0


def make_models() -> dict[str, Callable[[], Any]]:
    plain = FRAME[["size", "n"]]
    return {
        "XGBoost": lambda: xgboost.XGBRegressor(**FEW).fit(plain, NUMBERS),
        "LightGBM": lambda: lightgbm.LGBMRegressor(**QUIET).fit(plain, NUMBERS),
        "CatBoost": lambda: catboost.CatBoostRegressor(**SILENT).fit(plain, NUMBERS),
        "a pipeline of CatBoost": lambda: make_pipeline(StandardScaler(), catboost.CatBoostClassifier(**SILENT)).fit(
            plain, LABELS
        ),
        "a ranker of XGBoost": lambda: xgboost.XGBRanker(**FEW).fit(plain, LABELS, qid=[0] * 120),
        "a ranker of LightGBM": lambda: lightgbm.LGBMRanker(**QUIET).fit(plain, LABELS, group=[120]),
        "a ranker of CatBoost": lambda: catboost.CatBoostRanker(**SILENT).fit(plain, LABELS, group_id=[0] * 120),
        "a CatBoost": lambda: catboost.CatBoost({**SILENT, "loss_function": "MultiClass"}).fit(plain, LABELS),
    }


@pytest.mark.parametrize("name", make_models())
def test_a_pickled_model_predicts_one_column(tmp_path: Path, name: str) -> None:
    model = make_models()[name]()
    loaded = load_pickled(model, tmp_path)
    plain = FRAME[["size", "n"]]
    predicted = loaded.predict(plain)

    assert is_classifier(loaded) or is_regressor(loaded)
    assert find_library(pickle.dumps(loaded)) == next(
        n for n in ("xgboost", "lightgbm", "catboost") if n in name.lower()
    )
    assert predicted.shape == (120,)
    if name != "a CatBoost":  # its own predictions are not of classes
        assert predicted.tolist() == model.predict(plain).ravel().tolist()


def test_an_unknown_category_is_what_it_is_to_the_library(tmp_path: Path) -> None:
    unknown = FRAME.assign(**{"kind of": "never seen"})
    missing = FRAME.assign(**{"kind of": None})
    of_xgboost = load_pickled(fit_xgboost(xgboost.XGBRegressor, NUMBERS), tmp_path)
    of_lightgbm = load_pickled(lightgbm.LGBMRegressor(**QUIET).fit(CATEGORIES, NUMBERS), tmp_path)

    with pytest.raises(xgboost.core.XGBoostError, match="category not in the training set"):
        of_xgboost.predict(unknown)
    assert of_lightgbm.predict(unknown).tolist() == of_lightgbm.predict(missing).tolist()


@pytest.mark.parametrize("library", ["xgboost", "catboost"])
def test_a_library_that_is_not_installed_is_named(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {"xgboost": b'{"learner":{', "catboost": b"CBM1"}[library]
    (tmp_path / "model").write_bytes(content)
    (tmp_path / "model.pkl").write_bytes(b"c" + library.encode() + b".core\nModel\n)R.")
    monkeypatch.setitem(sys.modules, library, None)
    for name in ("model", "model.pkl"):
        with pytest.raises(TrainingError, match=r"\.venv/bin/python -m pip install " + library):
            load_estimator(tmp_path / name)


@pytest.mark.parametrize(
    "model",
    [xgboost.XGBRegressor(enable_categorical=True), lightgbm.LGBMClassifier(), catboost.CatBoostClassifier()],
    ids=["XGBoost", "LightGBM", "CatBoost"],
)
def test_a_model_that_was_never_fitted_is_refused(tmp_path: Path, model: Any) -> None:
    with pytest.raises(TrainingError, match="never fitted"):
        load_pickled(model, tmp_path)
