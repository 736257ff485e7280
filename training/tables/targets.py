"""What is predicted: which task it is, and the values to learn from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy
import pandas

from function.model.cells import parse_number
from function.model.contract import BOOLEAN, NUMBER
from function.model.manifest import CLASSIFICATION, REGRESSION
from training.errors import TrainingError
from training.tables.columns import Column, ColumnHint
from training.tables.table import Table

type TargetArray = numpy.ndarray[Any, Any]

# A whole-numbered target is taken for classes up to so many distinct values, of so many rows each on average.
_MOST_CLASSES = 20
_ROWS_PER_CLASS = 5
_FEWEST_ROWS = 20


class Task(NamedTuple):
    """Regression or classification, and how that was told."""

    name: str
    told: str


def get_target_values(table: Table, target: str, told: ColumnHint) -> "pandas.Series[Any]":
    """The target's values, none of them null. Raises TrainingError."""
    column = table.get_column(target, told)
    missing = int(column.values.isna().sum())
    if missing:
        row = int(column.values.isna().to_numpy().argmax()) + 1
        raise TrainingError(
            f"The target {target!r} is null in {missing} of {table.rows} rows (the first is row {row}): "
            "fill or remove these rows, since there is nothing to learn from them."
        )
    return table.get_usable_column(target, told).values


def choose_task(table: Table, target: str, told: ColumnHint, asked: str | None) -> Task:
    """The task that was asked for, or that the target's values tell. Raises TrainingError where it cannot be."""
    values, kind = get_target_values(table, target, told), table.get_column(target, told).kind
    whole = kind != NUMBER or bool((values % 1 == 0).all())
    if asked == REGRESSION:
        check_numeric(kind, target)
    if asked == CLASSIFICATION and not whole:
        raise TrainingError(
            f"The target {target!r} holds numbers with decimals, which are no classes: use --task regression, "
            "or name the classes in the table."
        )
    task = _infer_task(values, kind, whole) if asked is None else Task(asked, f"as --task {asked} says")
    if task.name == CLASSIFICATION and values.nunique() == 1:
        raise TrainingError(f"The target {target!r} has one single value: give rows of at least two classes.")
    return task


def check_numeric(kind: str, target: str) -> None:
    """Raises TrainingError where a target of that kind is none to do a regression on."""
    if kind != NUMBER:
        raise TrainingError(
            f"The target {target!r} holds no numbers: regression needs some, use --task classification."
        )


def _infer_task(values: "pandas.Series[Any]", kind: str, whole: bool) -> Task:
    distinct = values.nunique()
    if kind != NUMBER:
        what = "true and false" if kind == BOOLEAN else "texts"
        return Task(CLASSIFICATION, f"the target holds {what}")
    if whole and distinct <= _MOST_CLASSES and len(values) >= _ROWS_PER_CLASS * distinct:
        said = f"the target holds {distinct} different whole numbers; --task {REGRESSION} predicts amounts instead"
        return Task(CLASSIFICATION, said)
    return Task(REGRESSION, f"the target holds numbers; --task {CLASSIFICATION} takes whole ones for classes instead")


def make_target_array(values: "pandas.Series[Any]", kind: str, task: str) -> TargetArray:
    """The values to fit on: floats for regression; for classification whole numbers as ints, booleans, or texts."""
    if kind == NUMBER:
        return values.to_numpy(dtype=float if task == REGRESSION else int)
    return values.to_numpy(dtype=bool if kind == BOOLEAN else object)


def match_classes(values: "pandas.Series[Any]", target: str, classes: Sequence[Any]) -> list[Any]:
    """The values as labels of the estimator: a table may write the class "1" as 1, or 1 as 1.0.

    Raises TrainingError where none of them is one of its classes.
    """
    known = {_read_label(label): label for label in classes} | {label: label for label in classes}
    labels = [known.get(value, value) for value in values.tolist()]
    if not any(label in known for label in labels):
        raise TrainingError(
            f"The target {target!r} holds none of the estimator's classes ({', '.join(map(str, classes[:10]))}): "
            "name the column with the labels that it was trained on."
        )
    return labels


def _read_label(label: Any) -> Any:
    """What the label would be if a CSV held it."""
    if not isinstance(label, str):
        return str(label)
    if label.lower() in ("true", "false"):
        return label.lower() == "true"
    try:
        return parse_number(label)
    except ValueError:
        return label


def check_leaks(columns: Mapping[str, Column], wanted: Column, target: str) -> None:
    """Raises TrainingError where a feature is the target under another name."""
    if len(wanted.values) < _FEWEST_ROWS:
        return
    for name, column in columns.items():
        if column.kind == wanted.kind and column.values.equals(wanted.values):
            raise TrainingError(
                f"The column {name!r} is equal to the target {target!r} in every row, so the model would only copy it: "
                f"leave it out with --drop {name!r}."
            )
