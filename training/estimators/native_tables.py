"""Make tables as models of XGBoost, LightGBM and CatBoost had them in training, with categories in some columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas

from function.model.contract import NUMBER, STRING
from training.estimators.fitted_columns import FittedColumn

type Categories = Mapping[int, Sequence[Any]]
"""The categories of columns that were pandas' categories in training, by the column's place."""


def describe_columns(categories: Categories, count: int) -> list[FittedColumn] | None:
    """Describe each column by the categories that training had; None if it had none."""
    if not categories:
        return None
    described = [FittedColumn(is_used=True, type=NUMBER)] * count
    for place, values in categories.items():
        type_ = STRING if all(isinstance(value, str) for value in values) else NUMBER
        described[place] = FittedColumn(is_used=True, type=type_, categories=tuple(values))
    return described


def restore_categories(table: Any, categories: Categories) -> Any:
    """Make pandas' categories of these columns; values that training did not have become further categories."""
    if not categories:
        return table
    frame = table.copy() if isinstance(table, pandas.DataFrame) else pandas.DataFrame(table)
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if place in categories:
            frame.isetitem(place, _make_categorical(column.tolist(), categories[place]))
        elif column.dtype == object:
            frame.isetitem(place, column.astype(float).to_numpy())
    return frame


def _make_categorical(values: Sequence[Any], known: Sequence[Any]) -> pandas.Categorical:
    places = {value: place for place, value in enumerate(known)}
    # Only NaN is not itself.
    codes = [
        -1 if value is None or value != value else places.setdefault(value, len(places))  # noqa: PLR0124
        for value in values
    ]
    return pandas.Categorical.from_codes(codes, categories=pandas.Index(list(places)))


def restore_whole_numbers(table: Any, places: Sequence[int]) -> Any:
    """Make objects of these columns, in which whole numbers are int: CatBoost refuses 1.0 as a category."""
    if not places:
        return table
    frame = table.copy() if isinstance(table, pandas.DataFrame) else pandas.DataFrame(table)
    for place in places:
        values = frame.iloc[:, place].tolist()
        whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values]
        frame.isetitem(place, pandas.Series(whole, dtype=object).to_numpy())
    return frame
