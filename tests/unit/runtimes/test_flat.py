"""The flat runtime: right answers, equal bits for one row and for many, no way out of the file. Touches nothing."""

import math
import random
from typing import Any

import numpy
import pytest

from function.model.contract import Columns
from function.model.runtime import NotPredictable
from tests.unit.small_flat import (
    CLASSES,
    arrays_of,
    forest,
    header,
    is_refused,
    pack,
    random_tree,
    runtime,
    write_program,
)
from tests.unit.small_models import get_scores, get_values

STUMP = [(2, 0, 1.0, 1), (0, 0, 10.0, 0), (0, 0, 20.0, 0)]
ODD = [0.0, -0.0, 0.1, 0.5, 1 / 3, 2.0, -1.0, 1e-300, 1e30, -1e30, 3.4e38, math.nan]


def rows(count: int, width: int, seed: int = 1) -> list[list[float | None]]:
    generator = random.Random(seed)
    found = [[generator.choice([*ODD, generator.gauss(0, 2)]) for _ in range(width)] for _ in range(count)]
    return [[None if math.isnan(value) else value for value in row] for row in found]


def columns_of(table: list[list[float | None]]) -> list[list[Any]]:
    return [list(column) for column in zip(*table, strict=True)]


def make_arrays(table: list[list[float | None]]) -> list[Any]:
    return list(numpy.array(table, dtype=float).T)


@pytest.mark.parametrize(
    ("value", "answer"),
    [(1.0, 10.0), (1.0000000001, 10.0), (1.0000001, 20.0), (0.0, 10.0), (None, 10.0), (-3.4e38, 10.0)],
)
def test_row_goes_left_up_to_the_threshold_after_rounding_to_float32(value: float | None, answer: float) -> None:
    assert get_values(runtime(pack(header(), arrays_of([STUMP]))).predict([[value], [0.0]])) == [answer]


def test_row_is_not_rounded_where_the_header_says_so() -> None:
    exact = runtime(pack(header(float32=False), arrays_of([STUMP])))
    assert get_values(exact.predict([[1.0, math.nextafter(1.0, 2)], [0.0, 0.0]])) == [10.0, 20.0]


def test_number_past_float32_is_refused_as_trees_of_scikit_learn_do() -> None:
    made = runtime(pack(header(), arrays_of([STUMP])))
    assert not is_refused(made, [3.4028234663852886e38, 0.0])
    assert is_refused(made, [3.5e38, 0.0])
    assert is_refused(made, [-1e300, 0.0])
    with pytest.raises(NotPredictable):
        made.predict_arrays([numpy.array([1.0, 1e300]), numpy.zeros(2)])


def test_null_is_refused_where_the_header_says_so() -> None:
    arrays = arrays_of([STUMP])
    del arrays["flags"]
    made = runtime(pack(header(nulls=False), arrays))
    assert is_refused(made, [None, 0.0])
    with pytest.raises(NotPredictable):
        made.predict_arrays([numpy.array([math.nan]), numpy.zeros(1)])


def test_null_stays_in_a_column_that_is_not_filled() -> None:
    places: list[tuple[str, list[Any]]] = [("I", [1])]
    steps: list[dict[str, Any]] = [
        {"op": "number", "inputs": [0]},
        {"op": "fill", "inputs": [1], "values": [1.0, None]},
        {"op": "take", "inputs": [2], "arrays": {"places": 0}},
    ]
    made = runtime(write_program(steps, {"prediction": 3}, places))
    assert list(map(repr, get_values(made.predict([[None], [None]])))) == ["nan"]
    assert numpy.isnan(made.predict_arrays(make_arrays([[None, None]]))[0][0])


def test_scaled_feature_is_scaled_before_it_is_rounded() -> None:
    made = runtime(pack(header(means=[3.0, 0.0], scales=[2.0, 1.0]), arrays_of([STUMP])))
    assert get_values(made.predict([[5.0, 5.1], [0.0, 0.0]])) == [10.0, 20.0]


def test_linear_model_adds_terms_and_then_what_it_starts_from() -> None:
    linear = header(kind="linear", link="identity", start=[0.5], float32=False, nulls=False)
    made = runtime(pack(linear, {"coefficients": ("d", [2.0, -1.0])}))
    assert get_values(made.predict([[3.0, 0.1], [1.0, 0.2]])) == [5.5, 0.1 * 2.0 + 0.2 * -1.0 + 0.5]


@pytest.mark.parametrize(
    ("total", "place", "share"), [(0.0, 1, 0.5), (-1e-300, 0, 0.5), (800.0, 1, 1.0), (-800.0, 0, 0.0)]
)
def test_sign_of_the_only_output_decides_between_two_classes(total: float, place: int, share: float) -> None:
    linear = header(kind="linear", link="sigmoid", at_zero=1, classes=2, features=1, start=[0.0], nulls=False)
    data = pack(linear | {"float32": False}, {"coefficients": ("d", [1.0])})
    outputs = runtime(data, 1, classes=2).predict([[total]])
    assert outputs == [[CLASSES[place], 1 - share, share]]


def test_first_of_equal_classes_wins() -> None:
    leaves = [0.4, 0.4, 0.2]
    made = header(vector=True, outputs=3, classes=3, start=[0.0] * 3, nulls=True)
    data = pack(made, arrays_of([[(0, 0, 0.0, 0)]], leaves))
    assert get_values(runtime(data, classes=3).predict([[1.0], [1.0]])) == ["a"]


@pytest.mark.parametrize("link", ["identity", "mean", "exp"])
@pytest.mark.parametrize("float32", [True, False])
@pytest.mark.parametrize("scaled", [True, False])
def test_many_rows_get_the_bits_that_one_gets(link: str, float32: bool, scaled: bool) -> None:
    scale: dict[str, Any] = {"means": [0.3, -0.1, 7.0], "scales": [1.7, 1.1, 3.3]} if scaled else {}
    data = forest(seed=3, features=3, link=link, float32=float32, start=[0.7], **scale)
    made, table = runtime(data, 3), rows(3_000, 3)
    one_by_one = [made.predict([[value] for value in row])[0][0] for row in table]
    assert made.predict_arrays(make_arrays(table))[0].tolist() == one_by_one
    assert get_values(made.predict(columns_of(table))) == one_by_one


@pytest.mark.parametrize("link", ["softmax", "sigmoid", "sigmoid2", "mean", "label"])
def test_many_rows_get_the_classes_and_shares_that_one_gets(link: str) -> None:
    generator = random.Random(5)
    outputs, classes = (1, 2) if link.startswith("sigmoid") else (3, 3)
    made = header(
        features=2, link=link, outputs=outputs, classes=classes, start=[0.01] * outputs, vector=link == "mean"
    )
    leaves = [generator.random() for _ in range(3 * 40)] if link == "mean" else None
    leaf = (lambda: float(generator.randrange(40))) if leaves else (lambda: generator.gauss(0, 1))
    data = pack(made, arrays_of([random_tree(generator, 5, 2, leaf) for _ in range(6)], leaves))
    classifier, table = runtime(data, classes=classes, has_probabilities=link != "label"), rows(2_000, 2)
    singles = [classifier.predict([[value] for value in row])[0] for row in table]
    assert classifier.predict(columns_of(table)) == singles
    labels, *shares = classifier.predict_arrays(make_arrays(table))
    assert len(shares) == (0 if link == "label" else classes)
    assert [CLASSES[place] for place in labels] == get_values(singles)
    assert [list(row) for row in zip(*shares, strict=True)] == (get_scores(singles) if shares else [])


def test_many_visits_go_to_numpy_with_equal_bits() -> None:
    data, table = forest(seed=9), rows(200, 2)
    plain = runtime(data).predict(columns_of(table))
    assert runtime(data, many_values=80).predict(columns_of(table)) == plain


def test_no_records_are_no_outputs() -> None:
    assert runtime(forest()).predict([[], []]) == []


@pytest.mark.parametrize(
    ("float32", "kind", "taken"), [(True, "trees", False), (False, "trees", True), (False, "linear", False)]
)
def test_feature_that_overflows_as_it_is_scaled_is_taken_by_histogram_boosting_alone(
    float32: bool, kind: str, taken: bool
) -> None:
    scale: dict[str, Any] = {"means": [0.0, 0.0], "scales": [1e-300, 1.0]}
    if kind == "trees":
        made = runtime(pack(header(float32=float32, **scale), arrays_of([STUMP])))
    else:
        linear = header(kind="linear", link="identity", float32=False, nulls=False, **scale)
        made = runtime(pack(linear, {"coefficients": ("d", [1.0, 1.0])}))
    for value, answer in ((1e300, 20.0), (-1e300, 10.0)):
        arrays = [numpy.array([value]), numpy.zeros(1)]
        if taken:
            assert get_values(made.predict([[value], [0.0]])) == [answer]
            assert made.predict_arrays(arrays)[0].tolist() == [answer]
        else:
            assert is_refused(made, [value, 0.0])
            with pytest.raises(NotPredictable):
                made.predict_arrays(arrays)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("outputs", [2, 3])
def test_vector_leaves_are_added_output_by_output(outputs: int, rows: int) -> None:
    leaves = [[0.5 + 10 * leaf + place for place in range(outputs)] for leaf in range(3)]
    made = header(vector=True, outputs=outputs, classes=3, start=[0.25] * outputs)
    trees = [[(2, 0, 1.0, 0), (0, 0, 0.0, 0), (0, 0, 2.0, 0)], [(0, 0, 1.0, 0)]]
    data = pack(made | {"classes": outputs}, arrays_of(trees, [number for leaf in leaves for number in leaf]))
    loaded = runtime(data, classes=outputs)
    left = [(0.25 + leaves[0][place] + leaves[1][place]) / 2 for place in range(outputs)]
    right = [(0.25 + leaves[2][place] + leaves[1][place]) / 2 for place in range(outputs)]
    columns: Columns = [[0.0, 2.0, *[0.0, 2.0] * (rows - 1)], [*[0.0] * 2 * rows]]
    assert get_scores(loaded.predict(columns)) == [left, right] * rows
    arrays = [numpy.array([0.0, 2.0] * rows), numpy.zeros(2 * rows)]
    _, *shares = loaded.predict_arrays(arrays)
    assert numpy.transpose(shares).tolist() == [left, right] * rows


@pytest.mark.parametrize(("outputs", "places"), [(2, [0, 1, 0, 1]), (3, [0, 1, 2, 0, 1, 2])])
def test_trees_of_several_outputs_are_added_in_turn(outputs: int, places: list[int]) -> None:
    made = header(outputs=outputs, classes=outputs, start=[0.5] * outputs, link="mean")
    trees = [[(0, 0, float(10**number), 0)] for number in range(len(places))]
    loaded = runtime(pack(made, arrays_of(trees)), classes=outputs)
    sums = [
        0.5 + sum(10.0**number for number, place in enumerate(places) if place == output) for output in range(outputs)
    ]
    outcome = loaded.predict([[0.0], [0.0]])
    assert outcome == [[CLASSES[outputs - 1], *(total / len(places) for total in sums)]]
