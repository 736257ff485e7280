"""Build an estimator's input from a table, as a frame, an array or texts, and choose the form that serving uses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy
import pandas

from function.model.contract import BOOLEAN, NONE, NUMBER, TEXTS, Columns, Feature, Value
from function.model.dtypes import FLOAT64, NULLABLE_BOOLEAN, OBJECT
from function.runtimes import joblib_inputs
from training.tables.columns import Column

ARRAY, FRAME, TEXTS_ALONE = "array", "frame", "texts"
_COMPARED_ROWS = 1_000


def build_training_frame(columns: Mapping[str, Column], features: Sequence[Feature]) -> pandas.DataFrame:
    """Build the frame as an estimator of named columns had it in training: the file's dtypes, training's null."""
    return pandas.DataFrame(
        {feature.name: _make_training_series(columns[feature.name], feature) for feature in features}, copy=False
    )


def _make_training_series(column: Column, feature: Feature) -> "pandas.Series[Any]":
    stored = column.stored
    if feature.dtype == NULLABLE_BOOLEAN:
        booleans: pandas.Series[Any] = column.values.astype("boolean")
        return booleans
    if feature.dtype == OBJECT:
        return restore_nulls(column.values.astype(object), feature)
    if feature.type == NUMBER and feature.dtype != FLOAT64 and stored.dtype == float:
        with numpy.errstate(over="ignore"):
            narrow: pandas.Series[Any] = stored.astype(numpy.dtype(feature.dtype))
            return narrow
    return restore_nulls(stored, feature)


def restore_nulls(values: "pandas.Series[Any]", feature: Feature) -> "pandas.Series[Any]":
    """Replace nulls by None if the estimator was trained on None, else by NaN."""
    # Parquet has a single null, which pandas reads as None in a column of objects.
    if not feature.nullable or (values.dtype != object and (feature.null != NONE or feature.type == NUMBER)):
        return values
    objects = values.astype(object)
    objects[values.isna()] = None if feature.null == NONE else numpy.nan
    return objects


def build_canonical_frame(columns: Mapping[str, Column], features: Sequence[Feature]) -> pandas.DataFrame:
    """Build the frame in canonical dtypes: numbers as float64, booleans, texts, NaN for every null."""
    return pandas.DataFrame({feature.name: columns[feature.name].values for feature in features}, copy=False)


def build_array(frame: pandas.DataFrame, features: Sequence[Feature], form: str = ARRAY) -> Any:
    """Build the array of a canonical frame as serving does: of shape (rows, features), or of its texts (rows,)."""
    build = joblib_inputs.build_texts if form == TEXTS_ALONE else joblib_inputs.build_array
    return build(list_columns(frame, features), features)


def build_training_input(columns: Mapping[str, Column], features: Sequence[Feature], form: str) -> Any:
    """Build the table as the estimator had it in training: a frame if it takes columns by name, else an array."""
    if form == FRAME:
        return build_training_frame(columns, features)
    return build_array(build_canonical_frame(columns, features), features, form)


def choose_input_form(estimator: Any, columns: Mapping[str, Column], features: Sequence[Feature], form: str) -> str:
    """Return ARRAY if the estimator predicts an array as it predicts a frame, which is twice as fast; else its form."""
    if form != FRAME:
        return form
    if any(feature.type in TEXTS for feature in features):
        return FRAME
    frame = build_training_frame(columns, features).head(_COMPARED_ROWS)
    canonical = build_canonical_frame(columns, features).head(_COMPARED_ROWS)
    try:
        return ARRAY if _are_predictions_equal(estimator, frame, build_array(canonical, features)) else FRAME
    except Exception:  # noqa: BLE001
        # A ColumnTransformer that selects by name refuses an array, and its members may raise any exception.
        return FRAME


def _are_predictions_equal(estimator: Any, frame: pandas.DataFrame, array: Any) -> bool:
    pairs = [(estimator.predict(frame), estimator.predict(array))]
    if hasattr(estimator, "predict_proba"):
        pairs.append((estimator.predict_proba(frame), estimator.predict_proba(array)))
    return all(_are_equal(one, other) for one, other in pairs)


def _are_equal(one: Any, other: Any) -> bool:
    if one.dtype.kind == "f":
        # BLAS adds up in an order that depends on the layout in memory, so the last bits may differ.
        return bool(numpy.allclose(one, other, rtol=1e-9, atol=1e-12))
    return bool(numpy.array_equal(one, other))


def list_columns(frame: pandas.DataFrame, features: Sequence[Feature]) -> Columns:
    """List the values of each feature as the contract does: floats, booleans and texts, None for a null."""
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
    converters: dict[str, Callable[[Any], Value]] = {NUMBER: float, BOOLEAN: bool}
    return converters[feature.type](value)
