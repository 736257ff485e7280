"""The forms that a table can be passed to an estimator in, and which of them serving should use."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pandas

from function.contract import BOOLEAN, NUMBER, STRING, Columns, Feature, Value
from training.table import Table

ARRAY, FRAME = "array", "frame"
_COMPARED_ROWS = 1_000


def as_array(frame: pandas.DataFrame, features: Sequence[Feature]) -> Any:
    """The values in column order: floats (a null is NaN), or objects where there are texts."""
    if any(feature.type == STRING for feature in features):
        return frame.astype(object).to_numpy()
    return numpy.array([frame[feature.name].astype(float) for feature in features]).T


def as_trained(table: Table, features: Sequence[Feature], *, named: bool) -> Any:
    """The table as the estimator knows it: a frame in the file's own dtypes, or an array."""
    names = [feature.name for feature in features]
    return table.frame(names, own=True) if named else as_array(table.frame(names), features)


def served_as(estimator: Any, table: Table, features: Sequence[Feature], *, named: bool) -> str:
    """`array` where the estimator answers one as it does a frame: serving is twice as fast so. Else `frame`."""
    if not named:
        return ARRAY
    if any(feature.type == STRING for feature in features):
        return FRAME
    own = as_trained(table, features, named=True).head(_COMPARED_ROWS)
    canonical = table.frame([feature.name for feature in features]).head(_COMPARED_ROWS)
    try:
        return ARRAY if _same(estimator, own, as_array(canonical, features)) else FRAME
    except Exception:  # noqa: BLE001
        # A ColumnTransformer that selects by name refuses an array, with whatever its members raise.
        return FRAME


def _same(estimator: Any, frame: pandas.DataFrame, array: Any) -> bool:
    pairs = [(estimator.predict(frame), estimator.predict(array))]
    if hasattr(estimator, "predict_proba"):
        pairs.append((estimator.predict_proba(frame), estimator.predict_proba(array)))
    return all(_equal(one, other) for one, other in pairs)


def _equal(one: Any, other: Any) -> bool:
    if one.dtype.kind == "f":
        # BLAS adds up rows and columns in different orders, so the last bits may differ by the layout in memory.
        return bool(numpy.allclose(one, other, rtol=1e-9, atol=1e-12))
    return bool(numpy.array_equal(one, other))


def as_columns(frame: pandas.DataFrame, features: Sequence[Feature]) -> Columns:
    """The values as the contract passes them on: floats, booleans and texts, None for a null."""
    lists = [
        frame[feature.name].astype(object).where(frame[feature.name].notna(), None).tolist() for feature in features
    ]
    return [
        [None if value is None else _value(feature, value) for value in values]
        for feature, values in zip(features, lists, strict=True)
    ]


def _value(feature: Feature, value: Any) -> Value:
    kinds: dict[str, Callable[[Any], Value]] = {NUMBER: float, BOOLEAN: bool, STRING: str}
    return kinds[feature.type](value)
