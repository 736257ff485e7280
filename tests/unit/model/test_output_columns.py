"""Names of what results have beside what was sent: one for each value, and none of a feature's. Touches nothing."""

from typing import Any

import pytest

from function.model.output_columns import OutputColumns, choose_output_columns, read_output_columns
from function.model.target import Target
from tests.unit.small_targets import CASES

KIND = Target("kind", classes=("no", "yes"), scores="probabilities")
GRADE = Target("grade", classes=(3, 5), scores="probabilities")
USUAL = Target("target", classes=("outlier", "inlier"), scores="score")


@pytest.mark.parametrize(
    ("targets", "values", "members"),
    [
        ([Target("price")], ["prediction"], ["prediction"]),
        ([KIND], ["prediction", "probability_no", "probability_yes"], ["prediction", "probabilities"]),
        ([USUAL], ["prediction", "score"], ["prediction", "score"]),
        ([Target("a"), Target("b")], ["prediction_a", "prediction_b"], ["prediction"]),
        (
            [KIND, GRADE],
            [
                *("prediction_kind", "probability_no_kind", "probability_yes_kind"),
                *("prediction_grade", "probability_3_grade", "probability_5_grade"),
            ],
            ["prediction", "probabilities"],
        ),
        (
            [Target("c", classes=(0, 1), scores="distances")],
            ["prediction", "distance_0", "distance_1"],
            ["prediction", "distances"],
        ),
        (
            [Target("c", classes=(0, 1), scores="responsibilities")],
            ["prediction", "responsibility_0", "responsibility_1"],
            ["prediction", "responsibilities"],
        ),
    ],
)
def test_each_value_has_a_column(targets: list[Target], values: list[str], members: list[str]) -> None:
    chosen = choose_output_columns(["size"], targets)
    assert list(chosen.values) == values
    assert chosen.columns == [*values, "warnings"]
    assert chosen.members == [*members, "warnings", "error"]


@pytest.mark.parametrize(
    ("names", "targets", "columns", "members"),
    [
        (
            ["prediction", "score"],
            [USUAL],
            ["model_prediction", "model_score", "warnings"],
            ["model_prediction", "model_score", "warnings", "error"],
        ),
        (
            ["prediction_b", "model_prediction_b"],
            [Target("a"), Target("b")],
            ["prediction_a", "model_model_prediction_b", "warnings"],
            ["prediction", "warnings", "error"],
        ),
        (
            ["warnings", "error", "probability_no"],
            [KIND],
            ["prediction", "model_probability_no", "probability_yes", "model_warnings"],
            ["prediction", "probabilities", "model_warnings", "model_error"],
        ),
        (
            # Two values would be in columns of one name.
            [],
            [
                Target("a", classes=("b", "b_a"), scores="probabilities"),
                Target("a_a", classes=("b", "c"), scores="probabilities"),
            ],
            [
                *("prediction_a", "probability_b_a", "probability_b_a_a"),
                *("prediction_a_a", "model_probability_b_a_a", "probability_c_a_a", "warnings"),
            ],
            ["prediction", "probabilities", "warnings", "error"],
        ),
    ],
)
def test_name_that_is_taken_is_not_used_again(
    names: list[str], targets: list[Target], columns: list[str], members: list[str]
) -> None:
    chosen = choose_output_columns(names, targets)
    assert (chosen.columns, chosen.members) == (columns, members)
    assert read_output_columns(chosen._asdict() | {"values": list(chosen.values)}, names, targets) == chosen


@pytest.mark.parametrize("name", CASES)
def test_names_are_read_as_they_were_written(name: str) -> None:
    _, targets = CASES[name]
    chosen = choose_output_columns(["size"], targets)
    assert read_output_columns(chosen._asdict() | {"values": list(chosen.values)}, ["size"], targets) == chosen


@pytest.mark.parametrize(
    "changed",
    [
        {"values": ["prediction", "probability_no"]},
        {"values": ["prediction", "probability_no", "probability_yes", "more"]},
        {"values": ["prediction", "probability_no", "probability_no"]},
        {"values": ["prediction", "probability_no", "size"]},
        {"values": ["prediction", "probability_no", "error"]},
        {"values": "abc"},
        {"values": ["prediction", "probability_no", 1]},
        {"prediction": "size"},
        {"prediction": "warnings"},
        {"prediction": None},
        {"scores": "prediction"},
        {"scores": None},
        {"scores": 1},
        {"warnings": "prediction"},
        {"error": "size"},
    ],
)
def test_names_that_do_not_fit_are_refused(changed: dict[str, Any]) -> None:
    columns: OutputColumns = choose_output_columns(["size"], [KIND])
    with pytest.raises((ValueError, TypeError)):
        read_output_columns(columns._asdict() | {"values": list(columns.values)} | changed, ["size"], [KIND])
