"""Find out the task from the target's values, and prepare them for learning."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy
import pandas

from function.model.cells import parse_number
from function.model.contract import BOOLEAN, NUMBER
from function.model.target import CLASSIFICATION, REGRESSION
from training.errors import TrainingError
from training.tables.columns import Column, ColumnHint
from training.tables.table import Table

type TargetArray = numpy.ndarray[Any, Any]

# Whole numbers are classes if there are at most so many different ones, each in so many rows on average.
_MOST_CLASSES = 20
_ROWS_PER_CLASS = 5
# In fewer rows, a feature may equal the target by chance.
_LEAK_ROWS = 20


class Task(NamedTuple):
    """Regression or classification, and the reason for it."""

    name: str
    reason: str


def get_target_values(table: Table, target: str, hint: ColumnHint) -> "pandas.Series[Any]":
    """Return the target's values. Raises TrainingError if one is null, or a model cannot use the column."""
    column = table.get_column(target, hint)
    missing = int(column.values.isna().sum())
    if missing:
        row = int(column.values.isna().to_numpy().argmax()) + 1
        raise TrainingError(
            f"The target {target!r} is null in {missing} of {table.rows} rows (the first is row {row}): "
            "fill these cells or remove these rows, because a model cannot learn from them."
        )
    return table.get_usable_column(target, hint).values


def choose_task(table: Table, target: str, hint: ColumnHint, option: str | None) -> Task:
    """Return the task of the option --task, or infer it from the target. Raises TrainingError if it cannot be done."""
    values, type_ = get_target_values(table, target, hint), table.get_column(target, hint).type
    is_whole = type_ != NUMBER or bool((values % 1 == 0).all())
    if option == REGRESSION:
        check_numeric(type_, target)
    if option == CLASSIFICATION and not is_whole:
        raise TrainingError(
            f"The target {target!r} holds numbers with decimals, which cannot be classes: use --task regression, "
            "or write the names of the classes into the table."
        )
    task = _infer_task(values, type_, is_whole) if option is None else Task(option, f"chosen by --task {option}")
    if task.name == CLASSIFICATION and values.nunique() == 1:
        raise TrainingError(
            f"The target {target!r} has the same value in every row: give a table with at least two classes."
        )
    return task


def check_numeric(type_: str, target: str) -> None:
    """Raise TrainingError if a target of this type cannot be the target of a regression."""
    if type_ != NUMBER:
        raise TrainingError(
            f"The target {target!r} does not hold numbers, which regression predicts: use --task classification, or "
            "choose another target."
        )


def _infer_task(values: "pandas.Series[Any]", type_: str, is_whole: bool) -> Task:
    distinct = values.nunique()
    if type_ != NUMBER:
        return Task(CLASSIFICATION, f"the target holds {'true and false' if type_ == BOOLEAN else 'texts'}")
    if is_whole and distinct <= _MOST_CLASSES and len(values) >= _ROWS_PER_CLASS * distinct:
        reason = f"the target holds {distinct} different whole numbers; use --task {REGRESSION} to predict amounts"
        return Task(CLASSIFICATION, reason)
    return Task(
        REGRESSION, f"the target holds numbers; use --task {CLASSIFICATION} if they are whole and stand for classes"
    )


def make_target_array(values: "pandas.Series[Any]", type_: str, task: str) -> TargetArray:
    """Return the values to fit on: floats for regression; for classification ints, booleans or texts."""
    if type_ == NUMBER:
        return values.to_numpy(dtype=float if task == REGRESSION else int)
    return values.to_numpy(dtype=bool if type_ == BOOLEAN else object)


def match_classes(values: "pandas.Series[Any]", target: str, classes: Sequence[Any]) -> list[Any]:
    """Convert the values to labels of the estimator: a table may write the class "1" as 1, or 1 as 1.0.

    Raises TrainingError if none of the values is one of its classes.
    """
    label_of = {_read_label(label): label for label in classes} | {label: label for label in classes}
    labels = [label_of.get(value, value) for value in values.tolist()]
    if not any(label in label_of for label in labels):
        raise TrainingError(
            f"The target {target!r} holds none of the estimator's classes ({', '.join(map(str, classes[:10]))}): "
            "choose the column with the labels that the estimator was trained on."
        )
    return labels


def _read_label(label: Any) -> Any:
    """Return the value that a CSV reader makes of the label."""
    if not isinstance(label, str):
        return str(label)
    if label.lower() in ("true", "false"):
        return label.lower() == "true"
    try:
        return parse_number(label)
    except ValueError:
        return label


def check_leaks(columns: Mapping[str, Column], target_column: Column, target: str) -> None:
    """Raise TrainingError if a feature is a copy of the target."""
    if len(target_column.values) < _LEAK_ROWS:
        return
    for name, column in columns.items():
        if column.type == target_column.type and column.values.equals(target_column.values):
            raise TrainingError(
                f"The column {name!r} is equal to the target {target!r} in every row, so the model would only copy it: "
                f"leave it out with --drop {name!r}."
            )
