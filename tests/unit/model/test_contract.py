"""Records against names, types, nulls and ranges. Touches nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import format_pointer, parse_pointer
from function.model.contract import BOOLEAN, NUMBER, STRING, Contract, Feature, convert_warnings, format_number
from function.model.contract import Warning as Unusual

SIZE = Feature("size", NUMBER, False, 1, 10, integer=True)
YEAR = Feature("year", NUMBER, True, 1900, 2000)
NEW = Feature("new", BOOLEAN)
OLD = Feature("old", BOOLEAN, True)
COLOUR = Feature("colour", STRING, False, categories=("blue", "red"))
NOTE = Feature("note", STRING, True)


def accept(feature: Feature, value: object) -> object:
    (column,) = Contract([feature]).check([{feature.name: value}]).columns
    return column[0]


def refuse(feature: Feature, value: object) -> tuple[str, str]:
    checked = Contract([feature]).check([{feature.name: value}])
    (problem,) = checked.problems[0]
    assert (checked.columns, checked.valid) == ([[]], [])
    assert problem.pointer == f"/{feature.name}"
    return problem.code, problem.detail


def codes(contract: Contract, records: list[object], *, strict: bool = False) -> list[tuple[str, str]]:
    """Place and code of every problem."""
    problems = contract.check(records, strict=strict).problems
    return [(f"/{index}{problem.pointer}", problem.code) for index, found in problems.items() for problem in found]


def test_records_become_columns_in_the_order_of_the_features() -> None:
    checked = Contract([SIZE, COLOUR, NEW]).check(
        [{"colour": "red", "new": True, "size": 3}, {"size": 4.5, "colour": "blue", "new": False}]
    )
    assert checked == ([[3.0, 4.5], ["red", "blue"], [True, False]], [0, 1], [[], []], {})


def test_record_with_a_problem_leaves_the_others_alone() -> None:
    checked = Contract([SIZE, NEW]).check([{"size": 1, "new": True}, {"size": 2, "new": 1}, {"size": 3, "new": False}])
    assert (checked.columns, checked.valid, list(checked.problems)) == ([[1.0, 3.0], [True, False]], [0, 2], [1])


def test_no_records_are_empty_columns() -> None:
    assert Contract([SIZE, NEW]).check([]) == ([[], []], [], [], {})


@pytest.mark.parametrize("value", [1, 1.5, 0, -0.0, -7, 1e308, 5e-324, 2**53 + 1, 10**308])
def test_numbers_come_out_as_floats(value: float) -> None:
    found = accept(SIZE, value)
    assert type(found) is float
    assert found == float(value)


def test_whole_numbers_in_training_take_fractions_without_a_warning() -> None:
    assert Contract([SIZE]).check([{"size": 2.5}]).warnings == [[]]


def test_nan_is_no_number() -> None:
    assert refuse(SIZE, math.nan) == ("wrong_type", "expected a number, got NaN")


@pytest.mark.parametrize("value", [10**309, -(10**309), math.inf, -math.inf, 10**4000])
def test_number_past_a_float_is_too_large(value: float) -> None:
    assert refuse(SIZE, value)[0] == "too_large"


@pytest.mark.parametrize(
    ("feature", "value", "detail"),
    [
        (SIZE, True, "expected a number, got a boolean"),
        (SIZE, "5", "expected a number, got a text"),
        (SIZE, [], "expected a number, got an array"),
        (SIZE, {}, "expected a number, got an object"),
        (SIZE, b"5", "expected a number, got another type"),
        (NEW, 1, "expected true or false, got a number"),
        (NEW, 0.0, "expected true or false, got a number"),
        (NEW, "true", "expected true or false, got a text"),
        (COLOUR, 5, "expected a text, got a number"),
        (COLOUR, False, "expected a text, got a boolean"),
        (COLOUR, ["red"], "expected a text, got an array"),
        (COLOUR, "\ud800", "not valid Unicode: it holds half of a surrogate pair"),
    ],
)
def test_wrong_type_is_named(feature: Feature, value: object, detail: str) -> None:
    assert refuse(feature, value) == ("wrong_type", detail)


@pytest.mark.parametrize("feature", [SIZE, NEW, COLOUR])
def test_null_is_refused_where_training_saw_none(feature: Feature) -> None:
    assert refuse(feature, None)[0] == "null"


@pytest.mark.parametrize("feature", [YEAR, OLD, NOTE])
def test_null_is_taken_where_training_saw_one(feature: Feature) -> None:
    assert accept(feature, None) is None


def test_missing_field_is_named_even_where_null_is_taken() -> None:
    assert codes(Contract([SIZE, YEAR]), [{}]) == [("/0/size", "missing"), ("/0/year", "missing")]


def test_every_problem_of_every_record_is_listed() -> None:
    found = codes(Contract([SIZE, NEW]), [{"size": "x", "more": 1}, 5, {"size": 1, "new": True}, {"new": None}])
    assert found == [
        ("/0/size", "wrong_type"),
        ("/0/new", "missing"),
        ("/0/more", "unknown_field"),
        ("/1", "wrong_type"),
        ("/3/size", "missing"),
        ("/3/new", "null"),
    ]


@pytest.mark.parametrize("key", ["", "a/b", "~", "~1", "/", "\n", "\ud800", "__class__", "Size"])
def test_unknown_field_has_an_escaped_pointer(key: str) -> None:
    pointer_of_it = "/0/" + key.replace("~", "~0").replace("/", "~1")
    assert codes(Contract([SIZE]), [{"size": 1, key: 2}]) == [(pointer_of_it, "unknown_field")]


def test_unknown_field_is_told_the_features() -> None:
    (problem,) = Contract([SIZE, NEW]).check([{"size": 1, "new": True, "Size": 1}]).problems[0]
    assert problem.detail.endswith("its features: size, new")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"size": 0.5, "colour": "red"}, [("size", "out_of_range", "below 1, the smallest value in training")]),
        ({"size": 10.5, "colour": "red"}, [("size", "out_of_range", "above 10, the largest value in training")]),
        ({"size": 1, "colour": "red"}, []),
        ({"size": 10, "colour": "blue"}, []),
        ({"size": 5, "colour": "Red"}, [("colour", "unseen_category", "not among the categories in training")]),
        ({"size": 5, "colour": ""}, [("colour", "unseen_category", "not among the categories in training")]),
    ],
)
def test_value_unseen_in_training_gets_a_warning(record: object, expected: list[tuple[str, str, str]]) -> None:
    (warnings,) = Contract([SIZE, COLOUR]).check([record]).warnings
    assert [tuple(warning) for warning in warnings] == expected


def test_warnings_stand_with_their_record() -> None:
    warnings = Contract([SIZE]).check([{"size": 5}, {"size": 50}, {"size": 5}]).warnings
    assert [len(noticed) for noticed in warnings] == [0, 1, 0]


def test_strict_turns_warnings_into_problems_beside_the_others() -> None:
    found = codes(
        Contract([SIZE, COLOUR]), [{"size": 50, "colour": "green"}, {"size": True, "colour": "red"}], strict=True
    )
    assert sorted(found) == [("/0/colour", "unseen_category"), ("/0/size", "out_of_range"), ("/1/size", "wrong_type")]


def test_strict_takes_what_training_saw() -> None:
    assert Contract([SIZE]).check([{"size": 5}], strict=True) == ([[5.0]], [0], [[]], {})


def test_feature_without_range_or_categories_warns_of_nothing() -> None:
    contract = Contract([Feature("size", NUMBER), Feature("note", STRING)])
    assert contract.check([{"size": -1e300, "note": "anything"}]).warnings == [[]]


def test_warning_as_problem_keeps_its_sentence() -> None:
    (problem,) = convert_warnings([Unusual("a/b", "out_of_range", "above 3")])
    assert problem == ("/a~1b", "out_of_range", "above 3")


def test_problem_holds_no_value() -> None:
    for value in ("canary-5e1f", 10**309 + 7, ["canary-5e1f"]):
        assert "canary" not in " ".join(refuse(SIZE, value))
        assert "000000" not in " ".join(refuse(SIZE, value))


@given(st.lists(st.text()))
def test_pointer_can_be_read_back(keys: list[str]) -> None:
    assert parse_pointer(format_pointer(*keys)) == keys


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shown_number_is_the_number(number: float) -> None:
    assert float(format_number(number)) == number


def test_whole_number_is_shown_without_its_point() -> None:
    assert list(map(format_number, (3.0, -1000.0, 2.5, 1e300))) == ["3", "-1000", "2.5", "1e+300"]


def test_columns_that_the_estimator_ignores_may_stand_in_a_record() -> None:
    contract = Contract([SIZE], ignored=["day"])
    checked = contract.check([{"size": 1, "day": []}, {"size": 1}, {"size": 1, "month": 1}, {"day": 1}])
    assert checked.valid == [0, 1]
    assert {row: [problem.code for problem in found] for row, found in checked.problems.items()} == {
        2: ["unknown_field"],
        3: ["missing"],
    }
