"""Packaging estimators that exist already: bare and Pipeline, trained on frames and on arrays."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC

from tests.unit.small_models import make_targets
from tests.unit.training.conftest import Run
from tests.unit.training.test_own_tables import make_mixed_table

REGRESSORS: dict[str, Callable[[], Any]] = {
    "forest": lambda: RandomForestRegressor(5, random_state=0, n_jobs=2),
    "linear": LinearRegression,
    "histogram": lambda: HistGradientBoostingRegressor(max_iter=5),
    "neighbours": KNeighborsRegressor,
    "svr": SVR,
    "network": lambda: make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=30)
    ),
    "transformed target": lambda: TransformedTargetRegressor(Ridge(), func=numpy.log1p, inverse_func=numpy.expm1),
    "grid": lambda: GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=3),
    "stack": lambda: StackingRegressor([("r", Ridge()), ("l", LinearRegression())], cv=3),
}
CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "forest": lambda: RandomForestClassifier(5, random_state=0),
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=3),
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "svc": SVC,
    "linear svc": LinearSVC,
    "neighbours": KNeighborsClassifier,
    "hard votes": lambda: VotingClassifier([("f", RandomForestClassifier(3)), ("k", KNeighborsClassifier())]),
    "soft votes": lambda: VotingClassifier(
        [("f", RandomForestClassifier(3)), ("k", KNeighborsClassifier())], voting="soft"
    ),
}
WITHOUT_PROBABILITIES = {"svc", "linear svc", "hard votes"}


def fit_quietly(fit: Callable[[], Any]) -> Any:
    """Call `fit` without the warnings of scikit-learn, which are not tested."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["frame", "array"])
@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_are_packaged(run: Run, name: str, form: str) -> None:
    frame = load_diabetes(as_frame=True).frame
    table = frame.drop(columns="target")
    passed = table if form == "frame" else table.to_numpy()
    estimator = fit_quietly(lambda: REGRESSORS[name]().fit(passed, frame["target"]))
    manifest = run("--target", "target", "--keep-joblib", frame=frame, estimator=estimator).manifest

    assert manifest["name"] == "mine"
    assert manifest["task"] == "regression"
    assert manifest["artifacts"]["model.joblib"]["input"] == "array"
    assert manifest["metrics"]["method"] == "on the given table (442 rows), which may hold its training rows"
    assert isinstance(manifest["metrics"]["r2"], float)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["frame", "array"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_are_packaged(run: Run, name: str, form: str) -> None:
    data = load_iris(as_frame=True)
    species = data.target_names[data.target]
    passed = data.data if form == "frame" else data.data.to_numpy()
    estimator = fit_quietly(lambda: CLASSIFIERS[name]().fit(passed, species))
    manifest = run("--target", "species", frame=data.data.assign(species=species), estimator=estimator).manifest

    assert manifest["targets"][0]["classes"] == ["setosa", "versicolor", "virginica"]
    assert manifest["metrics"]["accuracy"] > 0.8
    assert ("probabilities" in manifest["examples"][0]) == (name not in WITHOUT_PROBABILITIES)


def test_an_svc_with_probability_keeps_its_own_label(run: Run) -> None:
    data = load_breast_cancer(as_frame=True)
    estimator = fit_quietly(lambda: SVC(probability=True, random_state=0).fit(data.data, data.target))
    manifest = run("--target", "target", frame=data.frame, estimator=estimator).manifest

    assert "probabilities" in manifest["examples"][0]
    assert manifest["metrics"].keys() == {"method", "accuracy", "f1_macro", "roc_auc"}


def test_a_process_of_pairs_of_classes_has_no_probabilities(run: Run) -> None:
    frame = load_iris(as_frame=True).frame.iloc[::3]
    process = GaussianProcessClassifier(multi_class="one_vs_one", optimizer=None)
    estimator = process.fit(frame.drop(columns="target"), frame["target"])
    manifest = run("--target", "target", frame=frame, estimator=estimator).manifest

    assert "probabilities" not in manifest["examples"][0]
    assert "refused_exports" not in manifest


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_mixed_pipeline_that_refuses_unknown_categories_is_packaged(run: Run, suffix: str) -> None:
    frame = make_mixed_table().dropna(subset=["city"])
    table = frame.drop(columns="price")
    columns = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["area", "rooms"]),
            ("c", OneHotEncoder(handle_unknown="error"), ["city", "garden"]),
        ]
    )
    estimator = make_pipeline(columns, Ridge()).fit(table, frame["price"])
    manifest = run("--target", "price", "--keep-joblib", frame=frame, suffix=suffix, estimator=estimator).manifest

    assert manifest["artifacts"]["model.joblib"]["input"] == "frame"
    assert len(manifest["examples"]) > 5


@pytest.mark.slow
def test_categories_of_parquet_are_served_as_texts(run: Run) -> None:
    frame = make_mixed_table().drop(columns="heated").astype({"city": "category"})
    estimator = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=10, min_samples_leaf=2)
    estimator.fit(frame.drop(columns="price"), frame["price"])
    manifest = run("--target", "price", "--keep-joblib", frame=frame, suffix=".parquet", estimator=estimator).manifest

    assert manifest["features"][2]["type"] == "string"
    assert manifest["artifacts"]["model.joblib"]["input"] == "frame"


def test_a_numbers_only_frame_with_a_column_transformer_is_served_as_a_frame(run: Run) -> None:
    frame = make_mixed_table()[["area", "rooms", "price"]].dropna()
    columns = ColumnTransformer([("n", StandardScaler(), ["area", "rooms"])])
    estimator = make_pipeline(columns, Ridge()).fit(frame[["area", "rooms"]], frame["price"])

    assert (
        run("--target", "price", "--keep-joblib", frame=frame, estimator=estimator).manifest["artifacts"][
            "model.joblib"
        ]["input"]
        == "frame"
    )


def test_an_array_of_objects_with_texts_is_served(run: Run) -> None:
    frame = make_mixed_table()[["city", "rooms", "price"]].dropna()
    columns = ColumnTransformer([("c", OneHotEncoder(), [0])], remainder="passthrough")
    estimator = make_pipeline(columns, Ridge()).fit(frame[["city", "rooms"]].to_numpy(dtype=object), frame["price"])
    manifest = run("--target", "price", "--keep-joblib", frame=frame, estimator=estimator).manifest

    assert manifest["artifacts"]["model.joblib"]["input"] == "array"


def test_float32_columns_are_served_in_double_precision(run: Run) -> None:
    frame = load_diabetes(as_frame=True).frame.astype("float32")
    estimator = LinearRegression().fit(frame.drop(columns="target"), frame["target"])

    assert run("--target", "target", frame=frame, suffix=".parquet", estimator=estimator).code == 0


def test_columns_that_the_estimator_does_not_use_are_left_out_and_its_order_is_kept(run: Run) -> None:
    frame = make_mixed_table()[["area", "rooms", "city", "price"]].dropna()
    estimator = Ridge().fit(frame[["rooms", "area"]], frame["price"])
    outcome = run("--target", "price", frame=frame, estimator=estimator)

    assert [feature["name"] for feature in outcome.manifest["features"]] == ["rooms", "area"]
    assert "notice: the estimator does not use 'city': left out of the model's inputs.\n" in outcome.err


def test_unnamed_features_come_in_the_order_of_the_options(run: Run) -> None:
    frame = make_mixed_table()[["area", "rooms", "price"]].dropna()
    estimator = Ridge().fit(frame[["rooms", "area"]].to_numpy(), frame["price"])
    outcome = run("--target", "price", "--feature", "rooms", "--feature", "area", frame=frame, estimator=estimator)

    first = outcome.manifest["examples"][0]
    expected = estimator.predict([[first["input"]["rooms"], first["input"]["area"]]])[0]
    assert first["prediction"] == pytest.approx(expected)


@pytest.mark.parametrize("labels", [["0", "1"], [0, 1], [0.0, 1.0], [False, True]])
def test_labels_are_told_from_how_the_table_writes_them(run: Run, labels: list[Any]) -> None:
    frame = load_breast_cancer(as_frame=True).frame
    table = frame.drop(columns="target").iloc[:, :4]
    estimator = RandomForestClassifier(3, random_state=0).fit(table, numpy.array(labels)[frame["target"]])
    manifest = run("--target", "target", frame=frame, estimator=estimator).manifest

    assert manifest["targets"][0]["classes"] == labels
    assert manifest["metrics"]["accuracy"] > 0.9


def test_a_plain_pickle_is_packaged(run: Run, tmp_path: Path) -> None:
    frame = make_mixed_table()[["rooms", "area", "price"]].dropna()
    path = tmp_path / "plain.pkl"
    path.write_bytes(pickle.dumps(Ridge().fit(frame[["rooms", "area"]], frame["price"])))

    assert run("--model", str(path), "--target", "price", frame=frame).manifest["name"] == "plain"


def test_a_sample_of_few_rows_has_no_scores(run: Run) -> None:
    frame = make_mixed_table()[["rooms", "area", "price"]].dropna().head(10)
    estimator = Ridge().fit(frame[["rooms", "area"]], frame["price"])
    manifest = run("--target", "price", frame=frame, estimator=estimator).manifest

    assert "metrics" not in manifest


def test_no_golden_row_is_a_row_of_the_table() -> None:
    from function.model.contract import Feature
    from function.runtimes.joblib import JoblibRuntime
    from training.bundle.examples import make_examples

    numbers = numpy.random.default_rng(0).normal(size=(500, 6))
    frame = pandas.DataFrame(numbers, columns=list("abcdef"))
    features = [Feature(name, "number") for name in "abcdef"]
    estimator = JoblibRuntime(Ridge().fit(numbers, numbers[:, 0]), features, "regression", make_targets(), "array")
    found = make_examples(
        estimator, frame, features, make_targets(), lambda at: numpy.array([numbers[at[0], range(6)]])
    )

    rows = {tuple(row) for row in numbers.tolist()}
    assert not rows & {tuple(example["input"].values()) for example in found}
