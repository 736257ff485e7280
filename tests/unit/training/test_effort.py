"""The gate's calls of an estimator grow with the rows and features of its table, not with what it refuses."""

from collections.abc import Callable
from typing import Any

import numpy
import pytest
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor, StackingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor, RadiusNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, SplineTransformer
from sklearn.svm import SVC

from function.model.contract import NUMBER, Columns, Feature
from function.model.runtime import NotPredictable, Outputs, Runtime
from tests.unit.small_models import ByRecords
from tests.unit.training.parity_case import Case
from training.parity.gate import Gate, PredictionsDiffer
from training.parity.jumps import find_jumps
from training.parity.prober import REFUSED, SKIPPED, Oddity, Prober

ROWS = 1_000


class CountingRuntime(ByRecords):
    """Counts the calls of another runtime, and their rows."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.calls, self.rows = runtime, 0, 0

    def predict(self, columns: Columns) -> Outputs:
        self.calls += 1
        self.rows += len(columns[0])
        return self.runtime.predict(columns)


def draw_whole_numbers(width: int, most: float) -> Any:
    return numpy.floor(numpy.random.default_rng(0).uniform(0, most, size=(ROWS, width)))


def draw_decimals(width: int) -> Any:
    return numpy.random.default_rng(0).normal(size=(ROWS, width))


ESTIMATORS: dict[str, tuple[Callable[[], Any], Any]] = {
    "one-hot of whole numbers": (lambda: make_pipeline(OneHotEncoder(), Ridge()), draw_whole_numbers(2, 70)),
    "one-hot of 60 columns": (lambda: make_pipeline(OneHotEncoder(), Ridge()), draw_whole_numbers(60, 9)),
    "ordinals": (lambda: make_pipeline(OrdinalEncoder(), RandomForestRegressor(5)), draw_whole_numbers(5, 40)),
    "splines that end": (lambda: make_pipeline(SplineTransformer(extrapolation="error"), Ridge()), draw_decimals(6)),
    "neighbours within a radius": (lambda: RadiusNeighborsClassifier(radius=2.0), draw_decimals(10)),
    "neighbours": (KNeighborsRegressor, draw_decimals(60)),
    "svc": (SVC, draw_decimals(10)),
    "categories of its own": (
        lambda: HistGradientBoostingRegressor(max_iter=5, categorical_features=[0]),
        draw_whole_numbers(3, 30),
    ),
    "forest": (lambda: RandomForestRegressor(30, random_state=0), draw_decimals(60)),
    "process": (GaussianProcessRegressor, draw_decimals(4)),
    "network": (lambda: MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=5), draw_decimals(10)),
    "stack": (lambda: StackingRegressor([("k", KNeighborsRegressor()), ("r", Ridge())], cv=2), draw_decimals(10)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.filterwarnings("ignore")
def test_the_gate_asks_an_estimator_a_bounded_number_of_times(name: str) -> None:
    make, values = ESTIMATORS[name]
    estimator = make()
    classifies = isinstance(estimator, ClassifierMixin)
    target = numpy.where(values[:, 0] > 0, "hi", "lo") if classifies else values[:, 0]
    case = Case(estimator, (values, target))
    reference = CountingRuntime(case.reference)
    gate = Gate(reference, case.material)

    assert gate.measure_error(case.reference) == pytest.approx(0, abs=1e-9)
    assert reference.calls <= 350 + 3 * values.shape[1]
    assert reference.rows <= 40 * ROWS
    calls = reference.calls
    gate.measure_error(case.reference)
    assert reference.calls == calls  # the second export costs the reference nothing


class PickyRuntime(ByRecords):
    """Predicts whether a number is past 0.7 and another past 0.1; refuses some numbers."""

    def __init__(self, refuses: Callable[[float], bool]) -> None:
        self.refuses, self.calls = refuses, 0

    def predict(self, columns: Columns) -> Outputs:
        self.calls += 1
        if any(self.refuses(float(value or 0)) for value in columns[0]):
            raise NotPredictable("ValueError")
        pairs = zip(*columns, strict=True)
        return [[float(float(a or 0) > 0.7) + float(float(b or 0) > 0.1)] for a, b in pairs]


FEATURES = [Feature("a", NUMBER), Feature("b", NUMBER)]


def test_rows_are_told_apart_by_what_is_refused_in_them() -> None:
    picky = PickyRuntime(lambda value: value == 9)
    nine = Oddity("nine", 0)
    columns: Columns = [[1.0, 9.0, 9.0, 2.0, 9.0], [0.0 for _ in range(5)]]
    replies = Prober(picky).predict(columns, [None, nine, nine, None, Oddity("nine", 1)])

    assert replies == [((), (1.0,)), REFUSED, SKIPPED, ((), (1.0,)), REFUSED]


def test_a_thousand_refusals_cost_no_more_than_a_few() -> None:
    picky = PickyRuntime(lambda value: value == 9)
    columns: Columns = [[*(9.0 for _ in range(999)), 0.0], [0.0 for _ in range(1000)]]
    replies = Prober(picky).predict(columns, [Oddity("nine", 0)] * 999 + [Oddity("zero", 0)])

    assert replies.count(REFUSED) == 1
    assert replies[-1] == ((), (0.0,))
    assert picky.calls < 25


def test_what_every_feature_refuses_is_found_in_a_few() -> None:
    picky = PickyRuntime(lambda value: value == 9)
    columns: Columns = [[9.0 for _ in range(60)], [0.0 for _ in range(60)]]
    replies = Prober(picky).predict(columns, [Oddity("nine", feature) for feature in range(60)])

    assert replies.count(REFUSED) == 10
    assert picky.calls < 30


def test_rows_are_brought_together_where_the_prediction_jumps() -> None:
    sample: Columns = [[0.1, 0.5, 0.6, 0.9, 1.0], [0.0, 0.05, 0.2, 0.6, 1.0]]
    found = find_jumps(Prober(PickyRuntime(lambda _: False)), sample, FEATURES, numpy.random.default_rng(0)).pairs
    pairs = [(float(one or 0), float(two or 0)) for column in found for one, two in zip(column[::2], column[1::2])]  # noqa: B905

    expected = {(0.7, numpy.nextafter(0.7, 1)), (0.1, numpy.nextafter(0.1, 1))}
    assert {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]} == expected


def test_rows_are_brought_together_where_refusal_begins() -> None:
    sample: Columns = [[0.1, 0.5, 0.6, 0.9, 1.0], [0.0 for _ in range(5)]]
    categories = sample[0]
    picky = PickyRuntime(lambda value: value not in categories)
    found = find_jumps(Prober(picky), sample, FEATURES, numpy.random.default_rng(0)).pairs
    one, other = (float(value or 0) for value in found[0])

    assert (one in categories) + (other in categories) == 1
    assert numpy.nextafter(one, other) == other
    assert picky.calls < 100


def test_an_export_that_takes_what_is_refused_is_found() -> None:
    data = (draw_whole_numbers(2, 9), draw_whole_numbers(1, 5).ravel())
    strict = Case(make_pipeline(OneHotEncoder(), Ridge()), data)
    lenient = Case(make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge()), data)

    with pytest.raises(PredictionsDiffer, match="predicts some that the estimator refuses"):
        Gate(strict.reference, strict.material).measure_error(lenient.reference)
    with pytest.raises(PredictionsDiffer, match=r"refuses some of \d+ that the estimator predicts"):
        Gate(lenient.reference, lenient.material).measure_error(strict.reference)
