"""A model of XGBoost, LightGBM or CatBoost becomes a bundle with its flat program alone, or is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import joblib
import lightgbm
import numpy
import pandas
import pytest
import scipy
import xgboost
from sklearn.compose import TransformedTargetRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from function.bundle.loading import load
from tests.unit.small_models import get_values
from tests.unit.training.conftest import Run

ROWS = 150
GENERATOR = numpy.random.default_rng(11)
FRAME = pandas.DataFrame(
    {
        "size": GENERATOR.normal(size=ROWS),
        "sold on": [f"2024-0{1 + row % 9}-11" for row in range(ROWS)],
        "zone": GENERATOR.choice([1, 2, 10], ROWS),
    }
)
CATEGORIES = FRAME.astype({"sold on": "category", "zone": "category"})
PRICES = (FRAME["size"] + FRAME["zone"] + (FRAME["sold on"] == "2024-03-11") * 4).round(3)
FEW: dict[str, Any] = {"n_estimators": 5, "n_jobs": 1}


def save_xgboost(path: Path) -> Any:
    model = xgboost.XGBRegressor(enable_categorical=True, **FEW).fit(CATEGORIES, PRICES)
    model.save_model(path)
    return model.predict(CATEGORIES)


def save_lightgbm(path: Path) -> Any:
    model = lightgbm.LGBMRegressor(verbose=-1, min_child_samples=5, **FEW).fit(CATEGORIES, PRICES)
    model.booster_.save_model(path)
    return model.predict(CATEGORIES)


def save_catboost(path: Path) -> Any:
    model = catboost.CatBoostRegressor(5, thread_count=1, silent=True, allow_writing_files=False)
    model.fit(FRAME, PRICES, cat_features=["sold on", "zone"]).save_model(str(path))
    return model.predict(FRAME)


@pytest.mark.parametrize(
    ("save", "file"),
    [
        (save_xgboost, "model.json"),
        (save_xgboost, "model.ubj"),
        (save_lightgbm, "model.txt"),
        (save_catboost, "model.cbm"),
    ],
    ids=["XGBoost JSON", "XGBoost UBJ", "LightGBM", "CatBoost"],
)
def test_a_file_of_a_library_is_served_without_it(
    run: Run, tmp_path: Path, save: Callable[..., Any], file: str
) -> None:
    expected = save(tmp_path / file)
    made = run("--model", str(tmp_path / file), "--target", "price", frame=FRAME.assign(price=PRICES))
    artifacts = made.manifest["artifacts"]
    model = load(made.bundle)
    records = FRAME.head(40).to_dict("records")

    assert list(artifacts) == ["model.flat"]
    assert artifacts["model.flat"]["largest_relative_error"] == 0
    assert sorted(made.manifest["environment"]) == ["python"]
    predicted = get_values(model.runtime.predict(model.manifest.contract.check(records).columns))
    assert predicted == expected[:40].tolist()


def test_keep_joblib_keeps_no_estimator_that_the_image_cannot_load(run: Run) -> None:
    model = xgboost.XGBRegressor(**FEW).fit(FRAME[["size"]], PRICES)
    made = run("--target", "price", "--keep-joblib", frame=FRAME.assign(price=PRICES), estimator=model)

    assert list(made.manifest["artifacts"]) == ["model.flat"]
    assert "(what the estimator, an XGBRegressor, does)" in made.out


def test_a_catboost_is_called_by_its_own_name(run: Run) -> None:
    model = catboost.CatBoostRegressor(iterations=3, silent=True, allow_writing_files=False)
    made = run("--target", "price", frame=FRAME.assign(price=PRICES), estimator=model.fit(FRAME[["size"]], PRICES))

    assert "(what the estimator, a CatBoostRegressor, does)" in made.out


def test_a_model_that_does_not_compile_is_refused(run: Run) -> None:
    kernel = Nystroem(kernel=scipy.spatial.distance.euclidean, n_components=5)
    model = make_pipeline(kernel, xgboost.XGBRegressor(**FEW)).fit(FRAME[["size"]], PRICES)
    refusal = run("--target", "price", frame=FRAME.assign(price=PRICES), estimator=model).refusal

    assert "needs XGBoost, which the image does not have" in refusal
    assert "Not exported: the kernel that is a function is not one of those that are compiled" in refusal


@pytest.mark.parametrize("file", ["model.joblib", "model.cbm"])
def test_catboost_of_an_array_takes_columns_by_position(run: Run, tmp_path: Path, file: str) -> None:
    model = catboost.CatBoostRegressor(5, thread_count=1, silent=True, allow_writing_files=False)
    model.fit(FRAME[["size", "zone"]].to_numpy(), PRICES)
    joblib.dump(model, tmp_path / file) if file == "model.joblib" else model.save_model(str(tmp_path / file))
    table = FRAME[["size", "zone"]].assign(price=PRICES)

    made = run("--model", str(tmp_path / file), "--target", "price", frame=table)
    assert made.manifest["columns_by"] == "place"

    refusal = run("--model", str(tmp_path / file), "--target", "price", frame=table.drop(columns="zone")).refusal
    assert "trained on 2 columns without names, but 1 columns are given" in refusal


@pytest.mark.parametrize("is_search", [True, False])
def test_catboost_in_another_estimator_takes_columns_by_name(run: Run, is_search: bool) -> None:
    inner = catboost.CatBoostRegressor(5, thread_count=1, silent=True, allow_writing_files=False)
    model = GridSearchCV(inner, {"depth": [2]}, cv=2) if is_search else TransformedTargetRegressor(inner)
    model.fit(FRAME[["size", "zone"]], PRICES)
    table = FRAME[["zone", "size"]].assign(price=PRICES)
    made = run("--target", "price", frame=table, estimator=model)

    assert made.manifest["columns_by"] == "name"
    assert [feature["name"] for feature in made.manifest["features"]] == ["size", "zone"]


def test_catboost_that_predicts_several_numbers_needs_a_name_for_each(run: Run) -> None:
    model = catboost.CatBoostRegressor(
        5, loss_function="MultiQuantile:alpha=0.1,0.9", thread_count=1, silent=True, allow_writing_files=False
    ).fit(FRAME[["size"]], PRICES)
    refusal = run("--target", "price", frame=FRAME.assign(price=PRICES), estimator=model).refusal

    assert "The estimator predicts 2 targets, but --target names 1" in refusal


def test_what_xgboost_says_stands_in_the_message_without_its_stack_trace(run: Run) -> None:
    model = xgboost.XGBRegressor(missing=None, **FEW).fit(FRAME[["size"]], PRICES)
    refusal = run("--target", "price", frame=FRAME.assign(price=PRICES), estimator=model).refusal

    assert "(XGBoostError: Invalid type for: `missing`" in refusal
    assert "Stack trace" not in refusal
