"""Build the array or the data frame that an estimator is passed, in the types that training had."""

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING, Any

from function.model.contract import BOOLEAN, NONE, NUMBER, TEXTS, Columns, Feature
from function.model.dtypes import FLOAT64, NULLABLE_BOOLEAN, NULLABLE_FLOAT32, OBJECT, SMALL_INTEGERS

if TYPE_CHECKING:
    import numpy
    import pandas

    type Array = numpy.ndarray[Any, Any]


def build_array(columns: Columns, features: Sequence[Feature]) -> "Array":
    """Build an array of shape (n, features): of numbers if all features are numbers (null is NaN), else of objects."""
    import numpy

    if are_numbers(features):
        return stack_numbers([numpy.array(column, dtype=float) for column in columns], features)
    filled = [_fill_nulls(feature, column) for feature, column in zip(features, columns, strict=True)]
    table = numpy.empty((len(columns[0]), len(features)), dtype=object)
    for place, column in enumerate(filled):
        table[:, place] = column
    return table


def build_texts(columns: Columns, features: Sequence[Feature]) -> "Array":
    """Build the array of shape (n,) that an estimator of texts alone is passed, which was trained on a list of them."""
    import numpy

    texts = numpy.empty(len(columns[0]), dtype=object)
    texts[:] = _fill_nulls(features[0], columns[0])
    return texts


def are_numbers(features: Sequence[Feature]) -> bool:
    """Tell whether numpy holds the features' values as numbers, not as objects."""
    return all(feature.type not in TEXTS and feature.dtype != OBJECT for feature in features)


def stack_numbers(columns: "Sequence[Array]", features: Sequence[Feature]) -> "Array":
    """Stack columns of numbers to shape (n, features), in numpy's common type of the types that training had."""
    import numpy

    # Beside a column of pandas' nullable types scikit-learn computes in float64.
    plain = {NULLABLE_BOOLEAN: FLOAT64, NULLABLE_FLOAT32: FLOAT64}
    found = numpy.result_type(
        *("bool" if f.type == BOOLEAN and f.dtype == FLOAT64 else plain.get(f.dtype, f.dtype) for f in features)
    )
    return numpy.column_stack(columns).astype(found if found.kind == "f" else float, copy=False)


def build_frame(columns: Columns, features: Sequence[Feature]) -> "pandas.DataFrame":
    """Build a data frame of the columns, in the types and with the nulls that training had."""
    import pandas

    return pandas.DataFrame(
        {
            feature.name: pandas.Series(_fill_nulls(feature, column), dtype=_choose_dtype(feature))
            for feature, column in zip(features, columns, strict=True)
        }
    )


def _fill_nulls(feature: Feature, column: Sequence[Any]) -> Sequence[Any]:
    """Replace each null by NaN, unless training had None."""
    if not feature.nullable or feature.null == NONE:
        return column
    return [nan if value is None else value for value in column]


def _choose_dtype(feature: Feature) -> Any:
    if feature.dtype in (OBJECT, NULLABLE_BOOLEAN, NULLABLE_FLOAT32):
        return feature.dtype
    if feature.type == NUMBER:
        return float if feature.nullable and feature.dtype in SMALL_INTEGERS else feature.dtype
    if feature.type == BOOLEAN:
        return object if feature.nullable else bool
    return object if feature.nullable and feature.null == NONE else "str"


def find_odd_rows(columns: Columns, features: Sequence[Feature]) -> list[int]:
    """Return the rows with a number that the integer type of its feature cannot hold."""
    import numpy

    odd: set[int] = set()
    for feature, column in zip(features, columns, strict=True):
        if feature.type == NUMBER and feature.dtype in SMALL_INTEGERS and not feature.nullable:
            low, high = numpy.iinfo(feature.dtype).min, numpy.iinfo(feature.dtype).max
            odd.update(
                row
                for row, value in enumerate(column)
                if not (low <= value <= high and value.is_integer())  # type: ignore
            )
    return sorted(odd)
