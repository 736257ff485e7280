"""Outliers, clusters and several targets, as estimators answer them through the joblib runtime. Touches nothing."""

from typing import Any

import numpy
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import Birch, KMeans, MeanShift
from sklearn.datasets import load_iris
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from function.model.contract import NUMBER, Feature
from function.model.runtime import list_outputs
from function.model.target import (
    CLASSIFICATION,
    DISTANCES,
    OUTLIER_CLASSES,
    PROBABILITIES,
    REGRESSION,
    RESPONSIBILITIES,
    SCORE,
    Label,
    Target,
)
from function.runtimes.joblib import JoblibRuntime
from training.estimators.inspection import describe_targets, find_task

IRIS: Any = load_iris()
X = IRIS.data
FEATURES = [Feature(f"x{place}", NUMBER) for place in range(4)]
NAMES = IRIS.target_names[IRIS.target]
WIDTHS = numpy.where(X[:, 1] > 3, "wide", "narrow")
LABELS = numpy.column_stack([IRIS.target == 1, X[:, 1] > 3, X[:, 0] > 6]).astype(int)

# The estimators are trained for a moment, not until they converge.
pytestmark = pytest.mark.filterwarnings("ignore")


def predict(estimator: Any) -> tuple[list[Target], list[list[Label]]]:
    """Return the targets that training finds, and the outputs for the table, which are those for records too."""
    task = find_task(estimator)
    assert task is not None
    count = 1 if (shape := estimator.predict(X[:1]).shape) == (1,) else shape[1]
    targets = describe_targets(estimator, task, [f"t{place}" for place in range(count)], None, X[:1])
    runtime = JoblibRuntime(estimator, FEATURES, task, targets, "array")
    columns = runtime.predict_arrays(list(X.T))
    assert {str(column.dtype) for column in columns} <= {"float64", "int64"}
    outputs = list_outputs(targets, columns)
    assert runtime.predict(X.T.tolist()) == outputs
    assert all(type(value) in (str, int, float) for output in outputs for value in output)
    return targets, [list(output) for output in outputs]


@pytest.mark.parametrize(
    "estimator",
    [
        IsolationForest(n_estimators=10, random_state=0),
        make_pipeline(StandardScaler(), LocalOutlierFactor(novelty=True)),
        OneClassSVM(nu=0.2),
    ],
)
def test_outliers_have_a_word_and_a_score(estimator: Any) -> None:
    (target,), outputs = predict(estimator.fit(X))
    assert (target.classes, target.scores) == (OUTLIER_CLASSES, SCORE)
    words = ["inlier" if sign > 0 else "outlier" for sign in estimator.predict(X)]
    assert outputs == [list(pair) for pair in zip(words, estimator.decision_function(X).tolist(), strict=True)]
    assert set(words) == {"inlier", "outlier"}


def test_clusters_have_distances() -> None:
    estimator = make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0)).fit(X)
    (target,), outputs = predict(estimator)
    assert target == Target("t0", None, (0, 1, 2), DISTANCES)
    distances = estimator.transform(X).tolist()
    assert outputs == [[row.index(min(row)), *row] for row in distances]


def test_components_have_responsibilities() -> None:
    estimator = GaussianMixture(3, random_state=0).fit(X)
    (target,), outputs = predict(estimator)
    assert target == Target("t0", None, (0, 1, 2), RESPONSIBILITIES)
    expected = zip(estimator.predict(X).tolist(), estimator.predict_proba(X).tolist(), strict=True)
    assert outputs == [[place, *row] for place, row in expected]


@pytest.mark.parametrize("estimator", [MeanShift(), Birch(n_clusters=3, threshold=0.1)])
def test_clusters_whose_distances_are_to_something_else_have_none(estimator: Any) -> None:
    (target,), outputs = predict(estimator.fit(X))
    assert target.scores is None
    assert outputs == [[place] for place in estimator.predict(X).tolist()]
    assert {row[0] for row in outputs} <= set(target.classes or ())


def test_several_numbers() -> None:
    estimator = LinearRegression().fit(X[:, :4], X[:, [0, 3]] * 2)
    targets, outputs = predict(estimator)
    assert targets == [Target("t0"), Target("t1")]
    assert outputs == estimator.predict(X).tolist()


@pytest.mark.parametrize("target", [IRIS.target.astype(float), IRIS.target.reshape(-1, 1)])
def test_one_number_of_any_shape(target: Any) -> None:
    estimator = LinearRegression().fit(X, target)
    targets, outputs = predict(estimator)
    assert targets == [Target("t0")]
    assert outputs == estimator.predict(X).reshape(-1, 1).tolist()


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(5, random_state=0),
        KNeighborsClassifier(3),
        MultiOutputClassifier(LogisticRegression()),
    ],
)
def test_several_classes_have_a_list_of_probabilities(estimator: Any) -> None:
    estimator.fit(X, numpy.column_stack([NAMES, WIDTHS]))
    targets, outputs = predict(estimator)
    assert [target.classes for target in targets] == [("setosa", "versicolor", "virginica"), ("narrow", "wide")]
    assert {target.scores for target in targets} == {PROBABILITIES}
    shares = [part.tolist() for part in estimator.predict_proba(X)]
    labels = estimator.predict(X).tolist()
    assert outputs == [
        [kind, *one, width, *two] for (kind, width), one, two in zip(labels, shares[0], shares[1], strict=True)
    ]


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier((4,), max_iter=40, random_state=0),
        OneVsRestClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression(), random_state=0),
    ],
)
def test_labels_have_the_probabilities_that_they_are_not_and_are(estimator: Any) -> None:
    targets, outputs = predict(estimator.fit(X, LABELS))
    assert [target.classes for target in targets] == [(0, 1)] * 3
    shares = estimator.predict_proba(X)
    assert numpy.allclose([[row[2], row[5], row[8]] for row in outputs], shares, rtol=0, atol=0)
    assert numpy.allclose([[row[1], row[4], row[7]] for row in outputs], 1 - shares, rtol=0, atol=0)
    assert [[row[0], row[3], row[6]] for row in outputs] == estimator.predict(X).tolist()


def test_labels_without_probabilities_have_none() -> None:
    targets, outputs = predict(estimator := RidgeClassifier().fit(X, LABELS))
    assert {target.scores for target in targets} == {None}
    assert outputs == estimator.predict(X).tolist()


class Single(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose probabilities are float32, as those of other libraries are."""

    classes_ = numpy.array(["a", "b"])

    def predict(self, table: Any) -> Any:
        return self.classes_[(numpy.asarray(table)[:, 0] > 5).astype(int)]

    def predict_proba(self, table: Any) -> Any:
        share = (numpy.asarray(table)[:, 0] / 10).astype(numpy.float32)
        return numpy.column_stack([1 - share, share])


def test_scores_of_float32_are_the_same_numbers_in_float64() -> None:
    (target,), outputs = predict(Single())
    assert (find_task(Single()), target.scores) == (CLASSIFICATION, PROBABILITIES)
    assert [output[2] for output in outputs] == Single().predict_proba(X)[:, 1].astype(float).tolist()


def test_no_records_have_no_outputs_of_several_targets() -> None:
    estimator = LinearRegression().fit(X, X[:, :2])
    runtime = JoblibRuntime(estimator, FEATURES, REGRESSION, [Target("a"), Target("b")], "array")
    assert runtime.predict([[], [], [], []]) == []
