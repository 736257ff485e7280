"""The gate finds programs that are wrong on few rows, or in one way, and accepts what an estimator leaves open."""

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT, Columns, Feature
from function.model.runtime import NotPredictable, Outputs
from tests.unit.small_models import ByRecords
from tests.unit.training.parity_case import DIABETES, WINE, Case, add_nulls, change_array
from training.parity.candidates import DOUBLE, EXACT, SINGLE, Way, measure_ways
from training.parity.comparison import compare_rows
from training.parity.gate import Demand, Gate, PredictionsDiffer
from training.parity.prober import Prober
from training.parity.probes import ProbeData, make_probes

# --- programs ---


def measure_changed(case: Case, op: str, name: str, change: Callable[[Any], Any]) -> float:
    return case.measure_error(change_array(case.compile().data, op, name, change))


def test_error_in_the_ninth_digit_is_found() -> None:
    case = Case(Ridge(), DIABETES)
    assert case.measure_error() < 1e-12
    with pytest.raises(PredictionsDiffer, match="as a table, on the golden rows, its predictions differ by up to"):
        measure_changed(case, "matrix", "numbers", lambda numbers: numbers * (1 + 1e-8))


def test_last_bit_of_a_leaf_is_found() -> None:
    case = Case(DecisionTreeRegressor(max_depth=3, random_state=0), DIABETES)
    assert case.measure_error() == 0

    def nudge_leaf(thresholds: Any) -> None:
        thresholds[-1] = numpy.nextafter(thresholds[-1], numpy.inf)

    with pytest.raises(PredictionsDiffer, match="differ by up to"):
        measure_changed(case, "trees", "thresholds", nudge_leaf)


def test_exchanged_branches_are_found() -> None:
    case = Case(DecisionTreeRegressor(max_leaf_nodes=2, random_state=0), DIABETES)
    with pytest.raises(PredictionsDiffer):
        measure_changed(case, "trees", "thresholds", lambda nodes: nodes[[0, 2, 1]])


@pytest.mark.parametrize("is_blind", [False, True])
def test_threshold_that_is_a_bit_off_is_found(is_blind: bool) -> None:
    case = Case(DecisionTreeRegressor(max_depth=2, random_state=0), DIABETES)
    if is_blind:  # without being told where the thresholds are
        case.material = case.material._replace(thresholds={})

    def nudge_root(thresholds: Any) -> None:
        # Trees round inputs to float32, so that a float64 beside it would be the same.
        thresholds[0] = numpy.nextafter(numpy.float32(thresholds[0]), numpy.float32(numpy.inf))

    with pytest.raises(PredictionsDiffer, match=r"on rows (at thresholds|where the prediction jumps)"):
        measure_changed(case, "trees", "thresholds", nudge_root)


def test_other_direction_of_nulls_is_found() -> None:
    case = Case(DecisionTreeRegressor(max_depth=3, random_state=0), add_nulls(DIABETES))
    with pytest.raises(PredictionsDiffer):
        measure_changed(case, "trees", "flags", lambda flags: 1 - flags)


def test_exchanged_categories_are_found() -> None:
    generator = numpy.random.default_rng(0)
    values = numpy.floor(generator.uniform(0, 300, size=(3_000, 1)))  # of most, no row is among the golden ones
    case = Case(make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge()), (values, values.ravel() ** 2))
    assert len(case.material.categories[0]) == 300
    assert case.measure_error() < 1e-9

    def exchange(codes: Any) -> Any:
        codes[[150, 151]] = codes[[151, 150]]

    with pytest.raises(PredictionsDiffer):
        measure_changed(case, "code", "codes", exchange)


def test_exchanged_classes_are_found() -> None:
    case = Case(DecisionTreeClassifier(max_depth=3, random_state=0), WINE)
    with pytest.raises(PredictionsDiffer, match="another class for"):
        measure_changed(case, "trees", "leaves", lambda leaves: leaves.reshape(-1, 3)[:, [1, 0, 2]].ravel())


# --- runtimes ---


class Rule(ByRecords):
    """Answers each record by a rule of its values; refuses what the rule raises KeyError for."""

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule

    def predict(self, columns: Columns) -> Outputs:
        """Apply the rule."""
        try:
            answers = [self.rule(*row) for row in zip(*columns, strict=True)]
        except KeyError:
            raise NotPredictable("KeyError") from None
        return [[answer[0], *answer[1]] if isinstance(answer, tuple) else [answer] for answer in answers]


NUMBERS = (Feature("a", NUMBER), Feature("b", NUMBER))


def draw_numbers(decimals: int = 12) -> ProbeData:
    drawn = numpy.random.default_rng(0).uniform(-1, 1, size=(2, 500)).round(decimals).tolist()
    return ProbeData(NUMBERS, [column[:4] for column in drawn], drawn)


def compare(one: Callable[..., Any], other: Callable[..., Any], demand: Demand, data: ProbeData | None = None) -> float:
    return Gate(Rule(one), draw_numbers() if data is None else data).measure_error(Rule(other), demand)


def test_each_way_is_compared_alone() -> None:
    right, wrong = Rule(lambda a, b: a + b), Rule(lambda a, b: a + b * (1 + 1e-7))
    gate = Gate(right, draw_numbers())
    assert measure_ways(gate, [Way("as a table", right), Way("record by record", right, 10)], NUMBERS, EXACT) == 0
    with pytest.raises(PredictionsDiffer, match=r"^record by record, on"):
        measure_ways(gate, [Way("as a table", right), Way("record by record", wrong, 10)], NUMBERS, DOUBLE)


def test_tolerances_are_those_of_the_number_types() -> None:
    assert compare(lambda a, b: a + b + 9, lambda a, b: a + b + 9 * (1 + 1e-11), DOUBLE) > 0
    assert compare(lambda a, b: a + b + 9, lambda a, b: a + b + 9 * (1 + 1e-6), SINGLE) > 1e-8
    for demand, error in ((EXACT, 2e-16), (DOUBLE, 1e-8), (SINGLE, 1e-3)):
        with pytest.raises(PredictionsDiffer):
            compare(lambda a, b: a + b + 9, lambda a, b, error=error: (a + b + 9) * (1 + error), demand)


MOVED = DOUBLE._replace(may_be_moved=True)


def step_at(edge: float) -> Callable[..., float]:
    return lambda a, b: float(3 * a + b > edge)


def test_rows_at_a_jump_may_fall_on_either_side_where_the_estimator_leaves_it_open() -> None:
    right, near, far = step_at(0.7), step_at(0.7 * (1 + 1e-15)), step_at(0.7 * (1 + 1e-10))
    assert compare(right, near, MOVED) == 0
    with pytest.raises(PredictionsDiffer, match="where the prediction jumps"):
        compare(right, near, DOUBLE)
    with pytest.raises(PredictionsDiffer, match="beside those where it jumps"):
        compare(right, far, MOVED)


def test_answer_that_the_estimator_gives_on_neither_side_is_found() -> None:
    def step(a: float, b: float) -> float:
        total = 3 * a + b
        return 0.5 if 0.7 < total < 0.7 * (1 + 1e-15) else float(total > 0.7)

    with pytest.raises(PredictionsDiffer, match="where the prediction jumps"):
        compare(step_at(0.7), step, MOVED)


def test_many_ordinary_rows_at_jumps_are_refused() -> None:
    with pytest.raises(PredictionsDiffer, match=r"\d+ of \d+ rows as the estimator predicts others"):
        compare(lambda a, _: float(a > 0.5), lambda a, _: float(a >= 0.5), MOVED, keep_golden_off(draw_numbers(1)))


def keep_golden_off(data: ProbeData) -> ProbeData:
    return data._replace(golden=[[0.3], [0.3]])


def test_golden_row_at_a_jump_is_refused() -> None:
    data = draw_numbers()._replace(golden=[[0.5], [0.0]])
    with pytest.raises(PredictionsDiffer, match="on the golden rows"):
        compare(lambda a, _: float(a > 0.5), lambda a, _: float(a >= 0.5), MOVED, data)


def test_answer_among_scattered_ones_of_the_estimator_is_accepted() -> None:
    def take_cosine(of: Callable[[float, float], float]) -> Callable[..., float]:
        return lambda a, b: 2 + math.cos(of(a, b)) if 1e12 < max(abs(a), abs(b)) < 1e30 else a

    one, other = take_cosine(lambda a, b: a * 0.7 + b), take_cosine(lambda a, b: a / 10 * 7 + b)
    assert compare(one, other, MOVED) < 1e-9
    with pytest.raises(PredictionsDiffer, match="large whole numbers"):
        compare(one, other, DOUBLE)
    with pytest.raises(PredictionsDiffer, match="large whole numbers"):
        compare(one, lambda a, b: other(a, b) + (2 if 1e12 < abs(a) < 1e30 else 0), MOVED)


def test_what_is_decided_by_inexact_numbers_is_not_compared_past_their_digits() -> None:
    def change_past(limit: float) -> Callable[..., float]:
        return lambda a, _: float(abs(a) > limit)

    demand = MOVED._replace(skips_far=True)
    assert compare(change_past(1e99), change_past(1e7), demand) < 1e-9
    with pytest.raises(PredictionsDiffer, match="large whole numbers"):
        compare(change_past(1e99), change_past(1e7), MOVED)
    with pytest.raises(PredictionsDiffer):
        compare(change_past(1e99), change_past(0.9), demand)


def test_numbers_of_the_table_are_compared_however_large_they_are() -> None:
    # Times in milliseconds.
    data = draw_numbers()
    data = data._replace(
        golden=[[1.7e12 + value for value in column] for column in data.golden],  # type: ignore[operator]
        data=[[1.7e12 + value for value in column] for column in data.data],  # type: ignore[operator]
    )
    demand = MOVED._replace(skips_far=True)
    with pytest.raises(PredictionsDiffer):
        compare(lambda a, _: float(a > 1.7e12), lambda a, _: float(a > 1.7e12 + 0.3), demand, data)


def test_rows_that_get_no_answer_are_not_compared() -> None:
    # A number that is not finite is a problem of the record, whatever its label and its other numbers are.
    expected = {0: (("a",), (math.nan, 0.0)), 1: (("b",), (1.0, 0.0))}
    found = [(("b",), (math.nan, math.nan)), (("b",), (math.nan, 0.0))]
    _, differences = compare_rows(expected, found, 1e-9, 1e-6)
    assert [difference.row for difference in differences] == [1]


def test_class_of_a_tie_may_be_either() -> None:
    data = draw_numbers()._replace(features=(Feature("a", BOOLEAN), Feature("b", BOOLEAN)), golden=[[True], [False]])
    data = data._replace(data=[[value > 0 for value in column] for column in data.data])  # type: ignore[operator]

    def choose(wins: str) -> Callable[..., Any]:
        # The classes tie for one record of four, which is more than ordinary.
        return lambda a, b: (wins, (0.5, 0.5)) if a and b else ("x" if a else "y", (0.75, 0.25))

    with pytest.raises(PredictionsDiffer, match="another class"):
        compare(choose("x"), choose("y"), DOUBLE, data)
    with pytest.raises(PredictionsDiffer, match="rows as the estimator predicts others"):
        compare(choose("x"), choose("y"), MOVED, data)


# --- probes ---


def list_rare_texts() -> list[str]:
    return [f"kind {number}" for number in range(150)]


def test_every_known_text_is_tried() -> None:
    rare = list_rare_texts()
    feature = Feature("kind", STRING, categories=tuple(rare))
    data = ProbeData((feature,), [["kind 0"]], [["kind 0", "kind 1"] * 20])
    codes = {text: float(number) for number, text in enumerate(rare)}
    wrong = codes | {"kind 77": 78.0}
    with pytest.raises(PredictionsDiffer, match="with each category"):
        compare(lambda text: codes.get(text, -1.0), lambda text: wrong.get(text, -1.0), EXACT, data)


@pytest.mark.parametrize(
    ("text", "probe"),
    [
        ("Hütte", "HÜTTE"),
        ("Hütte", "hütte"),
        ("Hütte", "Hütte "),
        ("Hütte", "Hu\u0308tte"),
        ("Cafe\u0301", "Café"),
        ("Hütte", ""),
    ],
)
def test_other_spellings_are_tried(text: str, probe: str) -> None:
    data = ProbeData((Feature("kind", TEXT),), [[text]], [[text, "other"] * 20])
    with pytest.raises(PredictionsDiffer, match="texts"):
        compare(lambda value: float(value == text), lambda value: float(value in (text, probe)), EXACT, data)


def list_values(data: ProbeData) -> dict[str, Columns]:
    return {probe.name: probe.columns for probe in make_probes(Prober(Rule(lambda *_: 1.0)), data)}


def test_nulls_are_tried_alone_and_together() -> None:
    features = (Feature("a", NUMBER, nullable=True), Feature("b", TEXT, nullable=True), Feature("c", NUMBER))
    data = ProbeData(features, [[1.0], ["x"], [1.0]], [[1.0, 2.0], ["x", "y"], [1.0, 2.0]])
    probes = list_values(data)
    alone = list(zip(*probes["rows with nulls"], strict=True))
    together = list(zip(*probes["rows with several nulls"], strict=True))

    assert {tuple(value is None for value in row) for row in alone} == {(True, False, False), (False, True, False)}
    assert (True, True, False) in {tuple(value is None for value in row) for row in together}


def test_odd_numbers_and_both_booleans_are_tried() -> None:
    features = (Feature("a", NUMBER, minimum=0, maximum=1), Feature("b", BOOLEAN))
    data = ProbeData(features, [[1.0], [True]], [[1.0, 2.0], [True, True]], categories={0: [3.0]})
    every = [value for columns in list_values(data).values() for value in columns[0]]

    assert {5e-324, 2.0**53 + 2, 1.7e308, 3.0, 3.5, numpy.nextafter(3.0, 4), numpy.nextafter(3.0, 0)} <= {*every}
    assert any(str(value) == "-0.0" for value in every)
    assert {*list_values(data)["rows with true and false"][1]} == {True, False}
