"""The forms that a table can be passed to an estimator in, and which of them serving should use."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy
import pandas

from function.model.contract import BOOLEAN, NONE, NUMBER, TEXTS, Columns, Feature, Value
from function.model.dtypes import FLOAT64, NULLABLE_BOOLEAN, OBJECT
from function.runtimes import joblib_inputs
from training.tables.columns import Column

ARRAY, FRAME = "array", "frame"
_COMPARED_ROWS = 1_000


def build_training_frame(columns: Mapping[str, Column], features: Sequence[Feature]) -> pandas.DataFrame:
    """The table as an estimator of named columns knows it: in the dtypes of the file, with the null of training."""
    return pandas.DataFrame(
        {feature.name: _make_training_series(columns[feature.name], feature) for feature in features}, copy=False
    )


def _make_training_series(column: Column, feature: Feature) -> "pandas.Series[Any]":
    own = column.own
    if feature.dtype == NULLABLE_BOOLEAN:
        booleans: pandas.Series[Any] = column.values.astype("boolean")
        return booleans
    if feature.dtype == OBJECT:
        return restore_nulls(column.values.astype(object), feature)
    if feature.type == NUMBER and feature.dtype != FLOAT64 and own.dtype == float:
        with numpy.errstate(over="ignore"):
            narrow: pandas.Series[Any] = own.astype(numpy.dtype(feature.dtype))
            return narrow
    return restore_nulls(own, feature)


def restore_nulls(values: "pandas.Series[Any]", feature: Feature) -> "pandas.Series[Any]":
    """The values with None for a null, where that is what the estimator knows."""
    # Parquet has one null alone: pandas reads it as None where a column comes out as objects.
    if not feature.nullable or (values.dtype != object and (feature.null != NONE or feature.type == NUMBER)):
        return values
    objects = values.astype(object)
    objects[values.isna()] = None if feature.null == NONE else numpy.nan
    return objects


def build_canonical_frame(columns: Mapping[str, Column], features: Sequence[Feature]) -> pandas.DataFrame:
    """The values themselves: numbers as float64, booleans, texts, NaN for every null."""
    return pandas.DataFrame({feature.name: columns[feature.name].values for feature in features}, copy=False)


def build_array(frame: pandas.DataFrame, features: Sequence[Feature]) -> Any:
    """The values of a canonical frame in column order, as serving passes them."""
    return joblib_inputs.build_array(list_columns(frame, features), features)


def build_training_input(columns: Mapping[str, Column], features: Sequence[Feature], *, named: bool) -> Any:
    """The table as the estimator knows it: a frame in the file's own dtypes, or an array."""
    return (
        build_training_frame(columns, features)
        if named
        else build_array(build_canonical_frame(columns, features), features)
    )


def choose_input_form(
    estimator: Any, columns: Mapping[str, Column], features: Sequence[Feature], *, named: bool
) -> str:
    """`array` where the estimator answers one as it does a frame: serving is twice as fast so. Else `frame`."""
    if not named:
        return ARRAY
    if any(feature.type in TEXTS for feature in features):
        return FRAME
    own = build_training_frame(columns, features).head(_COMPARED_ROWS)
    canonical = build_canonical_frame(columns, features).head(_COMPARED_ROWS)
    try:
        return ARRAY if _is_predicted_equally(estimator, own, build_array(canonical, features)) else FRAME
    except Exception:  # noqa: BLE001
        # A ColumnTransformer that selects by name refuses an array, with whatever its members raise.
        return FRAME


def _is_predicted_equally(estimator: Any, frame: pandas.DataFrame, array: Any) -> bool:
    pairs = [(estimator.predict(frame), estimator.predict(array))]
    if hasattr(estimator, "predict_proba"):
        pairs.append((estimator.predict_proba(frame), estimator.predict_proba(array)))
    return all(_are_equal(one, other) for one, other in pairs)


def _are_equal(one: Any, other: Any) -> bool:
    if one.dtype.kind == "f":
        # BLAS adds up rows and columns in different orders, so the last bits may differ by the layout in memory.
        return bool(numpy.allclose(one, other, rtol=1e-9, atol=1e-12))
    return bool(numpy.array_equal(one, other))


def list_columns(frame: pandas.DataFrame, features: Sequence[Feature]) -> Columns:
    """The values as the contract passes them on: floats, booleans and texts, None for a null."""
    lists = [
        frame[feature.name].astype(object).where(frame[feature.name].notna(), None).tolist() for feature in features
    ]
    return [
        [None if value is None else _convert_value(feature, value) for value in values]
        for feature, values in zip(features, lists, strict=True)
    ]


def _convert_value(feature: Feature, value: Any) -> Value:
    if feature.type in TEXTS:
        return str(value)
    kinds: dict[str, Callable[[Any], Value]] = {NUMBER: float, BOOLEAN: bool}
    return kinds[feature.type](value)
