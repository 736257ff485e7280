"""Estimators are compiled to what predicts as they do, or a sentence says why not."""

from typing import Any

import numpy
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

from function.model.contract import NUMBER, Feature
from function.runtimes.flat import kinds
from function.runtimes.flat.file import parse
from function.runtimes.flat.program import Program
from tests.unit.small_models import make_targets
from tests.unit.training.parity_case import (
    CANCER,
    DIABETES,
    IRIS,
    WINE,
    Case,
    Data,
    add_nulls,
    add_scaler,
    get_class_name,
)
from training.compile.accuracy import Accuracy
from training.compile.blocks import NotCompiled
from training.compile.compiling import compile_estimator
from training.compile.thresholds import find_decisions

COUNTS = (DIABETES[0], DIABETES[1].astype(float))

EXACT = [
    (DecisionTreeRegressor(random_state=0), DIABETES),
    (DecisionTreeRegressor(max_leaf_nodes=9, random_state=0), add_nulls(DIABETES)),
    (ExtraTreeRegressor(random_state=0), DIABETES),
    (RandomForestRegressor(15, random_state=0), DIABETES),
    (RandomForestRegressor(15, max_leaf_nodes=30, random_state=0), add_nulls(DIABETES)),
    (ExtraTreesRegressor(10, random_state=0), add_nulls(DIABETES)),
    (GradientBoostingRegressor(n_estimators=30, random_state=0), DIABETES),
    (GradientBoostingRegressor(n_estimators=20, loss="huber", init="zero", random_state=0), DIABETES),
    (HistGradientBoostingRegressor(max_iter=30), add_nulls(DIABETES)),
    (HistGradientBoostingRegressor(max_iter=20, loss="absolute_error"), DIABETES),
    (add_scaler(RandomForestRegressor(10, random_state=0)), DIABETES),
    (add_scaler(HistGradientBoostingRegressor(max_iter=20)), add_nulls(DIABETES)),
    (RandomForestRegressor(3, max_depth=1, random_state=0), DIABETES),
    (DecisionTreeRegressor(max_leaf_nodes=2, min_samples_leaf=200, random_state=0), DIABETES),
    (DecisionTreeClassifier(random_state=0), WINE),
    (RandomForestClassifier(15, class_weight="balanced", random_state=0), add_nulls(WINE)),
    (ExtraTreesClassifier(10, random_state=0), CANCER),
]
CLOSE = [
    (HistGradientBoostingRegressor(max_iter=20, loss="poisson"), COUNTS),
    (HistGradientBoostingRegressor(max_iter=20, loss="gamma"), COUNTS),
    (GradientBoostingClassifier(n_estimators=15, random_state=0), IRIS),
    (GradientBoostingClassifier(n_estimators=15, loss="exponential", random_state=0), CANCER),
    (HistGradientBoostingClassifier(max_iter=15), add_nulls(CANCER)),
    (HistGradientBoostingClassifier(max_iter=10), IRIS),
    (LinearRegression(), DIABETES),
    (Ridge(), DIABETES),
    (Lasso(0.1), DIABETES),
    (ElasticNet(0.01), DIABETES),
    (add_scaler(LogisticRegression()), CANCER),
    (add_scaler(LogisticRegression()), IRIS),
    (add_scaler(Ridge()), DIABETES),
]


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "data"), EXACT, ids=get_class_name)
def test_trees_are_compiled_to_the_last_bit(estimator: Any, data: Data) -> None:
    case = Case(estimator, data)
    assert case.compile().accuracy == Accuracy(is_exact=True, is_single=False, is_decided_near=False)
    assert case.measure_error() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "data"), CLOSE, ids=get_class_name)
def test_what_ends_in_other_arithmetic_is_compiled_within_rounding(estimator: Any, data: Data) -> None:
    case = Case(estimator, data)
    assert not case.compile().accuracy.is_exact
    assert case.measure_error() < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("data", [CANCER, IRIS], ids=["two classes", "three classes"])
def test_sparse_coefficients_are_compiled(data: Data) -> None:
    case = Case(LogisticRegression(max_iter=5000), data)
    case.estimator.sparsify()
    assert case.measure_error() < 1e-9


def test_program_has_the_same_bytes_each_time() -> None:
    case = Case(RandomForestRegressor(5, random_state=0), DIABETES)
    assert case.compile() == case.compile()


def test_program_of_float32_says_so() -> None:
    case = Case(Ridge(), (DIABETES[0].astype(numpy.float32), DIABETES[1].astype(numpy.float32)))
    assert case.compile().accuracy == Accuracy(is_exact=False, is_single=True, is_decided_near=False)
    assert 1e-9 < case.measure_error() < 1e-5


@pytest.mark.filterwarnings("ignore:The `probability` parameter")
def test_probabilities_of_pairs_tell_of_float32_before_them() -> None:
    steps = make_pipeline(PCA(2), SVC(probability=True, random_state=0))
    case = Case(steps, (IRIS[0].astype(numpy.float32), IRIS[1]))
    assert case.compile().accuracy.is_single
    assert case.measure_error() < 1e-5


def test_program_that_decides_by_inexact_numbers_says_so() -> None:
    exponentials = FunctionTransformer(numpy.exp)
    case = Case(make_pipeline(exponentials, RandomForestRegressor(5, random_state=0)), DIABETES)
    assert case.compile().accuracy == Accuracy(is_exact=False, is_single=False, is_decided_near=True)
    assert not Case(make_pipeline(exponentials, Ridge()), DIABETES).compile().accuracy.is_decided_near


def test_thresholds_are_traced_to_the_record() -> None:
    case = Case(make_pipeline(MinMaxScaler(), StandardScaler(), DecisionTreeRegressor(max_leaf_nodes=2)), DIABETES)
    found = find_decisions(*parse(memoryview(case.compile().data)))
    scaled, tree = case.estimator[:2].transform, case.estimator[-1].tree_
    ((feature, (low, high)),) = found.thresholds.items()

    assert feature == tree.feature[0]
    assert found.categories == {}
    # One is the threshold itself, the other is where rounding to float32 begins to be past it.
    row = DIABETES[0][:1].copy()
    for value in (low, high):
        row[0, feature] = value
        assert scaled(row)[0, feature] == pytest.approx(tree.threshold[0], rel=1e-7)
    assert low != high


class OwnRegression(LinearRegression):  # type: ignore[misc]
    """A class of somebody's own, which nothing is known of."""


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (OwnRegression(), "OwnRegression is not one of"),
        (make_pipeline(FunctionTransformer(lambda x: x), LinearRegression()), "calls a function of its own"),
        (make_pipeline(PCA(2), OwnRegression()), "is not one of"),
    ],
    ids=get_class_name,
)
def test_what_is_not_compiled_says_why(estimator: Any, sentence: str) -> None:
    features = [Feature(f"x{place}", NUMBER) for place in range(10)]
    with pytest.raises(NotCompiled, match=sentence):
        compile_estimator(estimator.fit(*DIABETES), features, make_targets())


def test_classifier_of_one_class_always_answers_it() -> None:
    estimator = DecisionTreeClassifier().fit([[1.0], [2.0]], ["a", "a"])
    data = compile_estimator(estimator, [Feature("x", NUMBER)], make_targets(["a"])).data
    assert Program(*parse(memoryview(data)), len(data), kinds.NUMBER).run_row([5.0]) == [0, 1.0]


@pytest.mark.parametrize("name", ["coef_", "intercept_"])
def test_number_that_is_not_finite_is_not_compiled(name: str) -> None:
    case = Case(LinearRegression(), DIABETES)
    setattr(case.estimator, name, getattr(case.estimator, name) * numpy.inf)
    with pytest.raises(NotCompiled, match="infinite or NaN"):
        case.compile()


def test_scaling_that_is_not_finite_is_not_compiled() -> None:
    case = Case(add_scaler(Ridge()), DIABETES)
    case.estimator[0].mean_ = case.estimator[0].mean_ * numpy.nan  # as of a column that holds nulls alone
    with pytest.raises(NotCompiled, match="infinite or NaN"):
        case.compile()
