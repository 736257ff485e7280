"""What scikit-learn estimators answer once they are loaded from bytes. Touches nothing but memory."""

import io
import json
from pathlib import Path
from typing import Any

import joblib
import numpy
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from function.bundle import loading
from function.model.contract import Columns
from function.model.manifest import JOBLIB, Artifact, Manifest
from function.model.runtime import Model, NotPredictable, wrap_bytes
from function.runtimes.joblib import JoblibRuntime, find_nested_estimators, list_versions, load
from tests.unit.small_models import get_values

ARTIFACT = Artifact("model.joblib", "", 0, "joblib", "array")


# The bundles hold other runtimes too, which would be chosen.
@pytest.fixture(scope="module")
def houses(full_bundle: Path) -> Model:
    return loading.load(full_bundle, JOBLIB)


@pytest.fixture(scope="module")
def iris(iris_bundle: Path) -> Model:
    return loading.load(iris_bundle, JOBLIB)


@pytest.fixture(scope="module")
def mixed(mixed_bundle: Path) -> Model:
    return loading.load(mixed_bundle, JOBLIB)


@pytest.fixture(scope="module")
def picky(picky_bundle: Path) -> Model:
    return loading.load(picky_bundle, JOBLIB)


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0)


def everything_nested() -> Any:
    """A search over a pipeline of a union and an ensemble of ensembles."""
    union = FeatureUnion([("scaled", StandardScaler()), ("same", FunctionTransformer())])
    columns = ColumnTransformer([("all", union, [0, 1, 2, 3])])
    voting = VotingClassifier([("forest", forest()), ("rest", OneVsRestClassifier(forest()))], voting="soft")
    stacking = StackingClassifier([("voting", voting), ("forest", forest())], LogisticRegression(), cv=2)
    return GridSearchCV(make_pipeline(columns, stacking), {"stackingclassifier__passthrough": [False]}, cv=2)


def fit_estimator(estimator: Any) -> Any:
    iris = load_iris()
    return estimator.fit(iris.data, iris.target_names[iris.target])


def dump(estimator: Any) -> bytes:
    data = io.BytesIO()
    joblib.dump(estimator, data)
    return data.getvalue()


def load_dumped(estimator: Any, manifest: Manifest) -> JoblibRuntime:
    return load(wrap_bytes(dump(estimator)), manifest, ARTIFACT)


def columns_of(model: Model) -> list[list[Any]]:
    records = [example.record for example in model.manifest.examples]
    return model.manifest.contract.check(records).columns


def estimator_of(runtime: Any) -> Any:
    return runtime._estimator


def test_every_nested_estimator_runs_alone_after_loading(iris: Model) -> None:
    estimator = fit_estimator(everything_nested())
    parallel = [nested for nested in find_nested_estimators(estimator) if hasattr(nested, "n_jobs")]
    for nested in parallel:
        nested.n_jobs = -1  # as it was saved by who trained on many cores
    runtime = load_dumped(estimator, iris.manifest)
    found = [nested.n_jobs for nested in find_nested_estimators(estimator_of(runtime)) if hasattr(nested, "n_jobs")]
    assert len(parallel) > 15
    assert found == [1] * len(parallel)
    assert set(get_values(runtime.predict(columns_of(iris)))) <= set(iris.manifest.targets[0].classes or ())


def test_bundled_estimators_run_alone(houses: Model, iris: Model, mixed: Model, picky: Model) -> None:
    for model in (houses, iris, mixed, picky):
        jobs = {getattr(nested, "n_jobs", None) for nested in find_nested_estimators(estimator_of(model.runtime))}
        assert jobs <= {None, 1}


def test_nested_estimators_are_found_once_and_circles_end() -> None:
    shared = forest()
    pipeline = make_pipeline(StandardScaler(), shared)
    pipeline.again = pipeline
    pipeline.kept = {"in": [numpy.array([shared, None], dtype=object)]}
    assert len([nested for nested in find_nested_estimators(pipeline) if nested is shared]) == 1
    kinds = sorted(type(nested).__name__ for nested in find_nested_estimators(pipeline))
    assert kinds == ["DecisionTreeClassifier", "Pipeline", "RandomForestClassifier", "StandardScaler"]


def test_classifier_without_probabilities_has_none(iris: Model) -> None:
    without = iris.manifest._replace(targets=(iris.manifest.targets[0]._replace(scores=None),))
    outputs = load_dumped(fit_estimator(SVC()), without).predict(columns_of(iris))
    assert [len(output) for output in outputs] == [1] * len(iris.manifest.examples)


def test_labels_and_numbers_are_plain_python(iris: Model, houses: Model) -> None:
    for output in iris.runtime.predict(columns_of(iris)):
        assert [type(value) for value in output] == [str, float, float, float]
    for output in houses.runtime.predict(columns_of(houses)):
        assert [type(value) for value in output] == [float]


def test_no_records_have_no_outputs(houses: Model, iris: Model, mixed: Model, picky: Model) -> None:
    for model in (houses, iris, mixed, picky):
        empty: list[list[Any]] = [[] for _ in model.manifest.contract.names]
        assert model.runtime.predict(empty) == []


def test_refusal_does_not_quote_what_the_estimator_said(picky: Model) -> None:
    with pytest.raises(NotPredictable) as raised:
        picky.runtime.predict([[1.0], ["canary"]])
    assert str(raised.value) == "ValueError"
    assert raised.value.__suppress_context__


def test_null_is_not_a_number_to_the_estimator(mixed: Model) -> None:
    columns: Columns = [[50.0, 50.0], [None, 1990.0], [True, True], [None, "gas"], ["flat", "flat"]]
    with_null, without = get_values(mixed.runtime.predict(columns))
    assert isinstance(with_null, float)
    assert isinstance(without, float)


def test_versions_are_those_of_the_manifest(mixed: Model) -> None:
    found = list_versions(mixed.manifest.environment)
    environment = mixed.manifest.environment
    assert {name: found[name] for name in environment if name != "python"} == {
        name: version for name, version in environment.items() if name != "python"
    }
    assert json.dumps(found)
