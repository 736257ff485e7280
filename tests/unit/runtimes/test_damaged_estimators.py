"""Damaged joblib files whose digest is right are the typed refusal. Touches nothing but memory."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from function.bundle.folder import Folder
from function.bundle.loading import load_runtime
from function.errors import BundleError
from function.model.contract import NUMBER, Feature
from function.model.manifest import Artifact, Manifest
from function.model.runtime import wrap_bytes
from function.runtimes import joblib as joblib_runtime
from tests.unit import small_models
from tests.unit.small_models import get_values

IRIS = load_iris()
ARTIFACT = Artifact("model.joblib", "0" * 64, 1, "joblib", "array")


def manifest() -> Manifest:
    features = [Feature(f"x{place}", NUMBER, nullable=True) for place in range(4)]
    return small_models.manifest(small_models.classifier_document(["a", "b", "c"], features))


def load_damaged(estimator: Any) -> joblib_runtime.JoblibRuntime:
    data = io.BytesIO()
    joblib.dump(estimator, data)
    return joblib_runtime.load(wrap_bytes(data.getvalue()), manifest(), ARTIFACT)


def fit_estimator(estimator: Any) -> Any:
    return estimator.fit(IRIS.data, numpy.array(["a", "b", "c"])[IRIS.target])


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(),
        DecisionTreeClassifier(max_depth=1, min_samples_leaf=100),  # a root alone
        DecisionTreeClassifier(max_leaf_nodes=4),
        DecisionTreeClassifier(ccp_alpha=0.02),
        RandomForestClassifier(5, random_state=0),
        ExtraTreesClassifier(5, random_state=0),
        AdaBoostClassifier(n_estimators=3),
        GradientBoostingClassifier(n_estimators=3),
        HistGradientBoostingClassifier(max_iter=3),
        HistGradientBoostingClassifier(max_iter=3, categorical_features=[3]),
        make_pipeline(StandardScaler(), RandomForestClassifier(2)),
    ],
    ids=repr,
)
def test_whole_trees_are_loaded(estimator: Any) -> None:
    if isinstance(estimator, HistGradientBoostingClassifier) and estimator.categorical_features is not None:
        fit = estimator.fit(numpy.floor(IRIS.data), numpy.array(["a", "b", "c"])[IRIS.target])
    else:
        fit = fit_estimator(estimator)
    columns = IRIS.data[::10].T.tolist()
    assert get_values(load_damaged(fit).predict(columns)) == fit.predict(IRIS.data[::10]).tolist()


def forest(change: Callable[[Any], None]) -> Any:
    estimator = fit_estimator(RandomForestClassifier(3, random_state=0))
    change(estimator.estimators_[1].tree_)
    return estimator


def make_boosted(change: Callable[[Any], None]) -> Any:
    estimator = fit_estimator(HistGradientBoostingClassifier(max_iter=3))
    change(estimator._predictors[1][2].nodes)
    return estimator


def put(array: Any, value: int) -> None:
    array[0] = value


@pytest.mark.parametrize(
    "damaged",
    [
        forest(lambda tree: put(tree.children_left, 0)),  # around for ever
        forest(lambda tree: put(tree.children_right, 10_000)),
        forest(lambda tree: put(tree.children_right, -7)),
        forest(lambda tree: put(tree.children_left, -1)),
        forest(lambda tree: put(tree.children_right, tree.node_count)),
        forest(lambda tree: put(tree.feature, 4)),
        forest(lambda tree: put(tree.feature, -2)),
        make_boosted(lambda nodes: put(nodes["left"], 0)),
        make_boosted(lambda nodes: put(nodes["right"], 10_000)),
        make_boosted(lambda nodes: put(nodes["feature_idx"], 4)),
        make_boosted(lambda nodes: put(nodes["feature_idx"], -1)),
        make_boosted(lambda nodes: put(nodes["is_categorical"], 1)),
    ],
)
def test_tree_that_is_none_is_never_walked(damaged: Any) -> None:
    with pytest.raises(BundleError) as raised:
        load_damaged(damaged)
    assert raised.value.code == "artifact_unreadable"


class TooLarge:
    """Asks for more memory than there is when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (bytearray, (2**62,))


def test_pickle_that_asks_for_all_memory_is_refused_with_what_to_do() -> None:
    with pytest.raises(BundleError, match="more memory") as raised:
        joblib_runtime.load(wrap_bytes(pickle.dumps(TooLarge())), manifest(), ARTIFACT)
    assert raised.value.code == "artifact_unreadable"


@pytest.mark.parametrize("held", [None, 3, {"model": 1}, [1, 2], StandardScaler()], ids=repr)
def test_pickle_of_something_else_is_refused(full_bundle: Path, held: Any) -> None:
    found = Folder(str(full_bundle)).read_manifest()
    data = io.BytesIO()
    joblib.dump(held, data)
    artifact = next(artifact for artifact in found.artifacts if artifact.runtime == "joblib")
    with pytest.raises(BundleError) as raised:
        load_runtime(found, artifact, wrap_bytes(data.getvalue()))
    assert raised.value.code in ("artifact_unreadable", "golden_mismatch")


class AnswersALine:
    """Predicts no array."""

    def predict(self, table: Any) -> str:
        return f"{len(table)} rows"


def test_estimator_that_answers_in_another_form_is_refused(full_bundle: Path) -> None:
    found = Folder(str(full_bundle)).read_manifest()
    data = io.BytesIO()
    joblib.dump(AnswersALine(), data)
    artifact = next(artifact for artifact in found.artifacts if artifact.runtime == "joblib")
    with pytest.raises(BundleError, match=r"cannot predict \(ValueError\)") as raised:
        load_runtime(found, artifact, wrap_bytes(data.getvalue()))
    assert raised.value.code == "artifact_unreadable"
