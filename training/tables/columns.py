"""Read one column of a table: its type, its values in the dtype that serving uses, or why a model cannot use it."""

import re
from collections.abc import Sequence
from math import inf, isinf, nan
from typing import Any, NamedTuple

import pandas

from function.formats.csv_dialect import is_comma_number
from function.model.cells import parse_cell
from function.model.contract import BOOLEAN, NUMBER, PANDAS_NULL_CELLS, STRING, TEXTS, Feature

type Series = pandas.Series[Any]

_DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{1,2}/\d{1,2}/\d{2}"
    r"|\d{1,2}[ -][A-Za-z]{3,9}\.?[ -]\d{2,4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4})"
    r"([T ,]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?"
)
# Feature types by the result of pandas.api.types.infer_dtype.
_TYPES = {
    "integer": NUMBER,
    "floating": NUMBER,
    "mixed-integer-float": NUMBER,
    "decimal": NUMBER,
    "boolean": BOOLEAN,
    "string": STRING,
}
_DATES = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period")

_TYPE_NAMES = {NUMBER: "a number", BOOLEAN: "true or false"}
_ONLY_NULLS = "holds only nulls: fill it, or leave it out with --drop"
_INFINITE = "holds infinite numbers: correct or remove those rows, or leave the column out with --drop"
_COMMAS = (
    "holds numbers with commas, which may mark decimals or thousands: write them with a decimal point and without "
    "a thousands separator, or leave the column out with --drop"
)
_DATETIME = (
    "holds dates or times: turn them into numbers, such as a year or an age in days, or leave the column out "
    "with --drop"
)


class ColumnHint(NamedTuple):
    """What is known of a column before its values are read: its type (if any), and which CSV cells are nulls."""

    type: str | None = None
    null_cells: frozenset[str] = PANDAS_NULL_CELLS


NO_HINT = ColumnHint()


class Column(NamedTuple):
    """A column's type and values: numbers as float64, booleans as bool (object with NaN if any is null), texts as str.

    `stored` has the values in the dtype of the file. `fault` says why a model cannot use the column, `notice` what the
    user should know about it; both continue a sentence that begins with the column's name.
    """

    type: str
    values: Series
    stored: Series
    fault: str | None = None
    notice: str | None = None


def read_cells(cells: Sequence[str], hint: ColumnHint = NO_HINT) -> Column:
    """Read a column of CSV cells, by the same rules as a CSV that is served."""
    if hint.type is not None:
        return _convert_values(hint, [_parse_cell(hint.type, hint.null_cells, cell) for cell in cells])
    numbers = [_parse_cell(NUMBER, PANDAS_NULL_CELLS, cell) for cell in cells]
    words = [value for value in numbers if isinstance(value, str)]
    if not words:
        values = _make_numbers(numbers)
        return Column(NUMBER, values, values, _ONLY_NULLS if values.isna().all() else None)
    booleans = [_parse_cell(BOOLEAN, PANDAS_NULL_CELLS, cell) for cell in cells]
    if not any(isinstance(value, str) for value in booleans):
        values = _make_booleans(booleans)
        return Column(BOOLEAN, values, values)
    values = _make_texts([_parse_cell(STRING, hint.null_cells, cell) for cell in cells])
    return Column(STRING, values, values, _find_text_fault(words), _find_text_notice(words, numbers))


def _parse_cell(type_: str, null_cells: frozenset[str], cell: str) -> object:
    return parse_cell(Feature("", type_, null_cells=null_cells if type_ in TEXTS else PANDAS_NULL_CELLS), cell)


def _convert_values(hint: ColumnHint, values: Sequence[object]) -> Column:
    """Make a column of the hint's type; it has a fault where a value is of another type."""
    type_ = STRING if hint.type in TEXTS else hint.type or STRING
    if type_ == STRING:
        series = _make_texts(values)
    else:
        wrong = next(((row, value) for row, value in enumerate(values, 1) if isinstance(value, str)), None)
        if wrong is not None:
            series = _make_texts(values)
            row, text = wrong
            fault = (
                f"holds the text {text[:40]!r} in row {row}, but should hold {_TYPE_NAMES[type_]}: correct the table, "
                "or choose another type with --type"
            )
            return Column(type_, series, series, fault)
        series = _make_numbers(values) if type_ == NUMBER else _make_booleans(values)
    return Column(type_, series, series, _ONLY_NULLS if series.isna().all() else None)


def _make_numbers(values: Sequence[Any]) -> Series:
    return pandas.Series([nan if value is None else value for value in values], dtype=float)


def _make_booleans(values: Sequence[Any]) -> Series:
    if any(value is None for value in values):
        # pandas reads such a column of a CSV as objects, too.
        return pandas.Series([nan if value is None else value for value in values], dtype=object)
    return pandas.Series(values, dtype=bool)


def _make_texts(values: Sequence[object]) -> Series:
    return pandas.Series([nan if value is None else str(value) for value in values], dtype="str")


def make_unusable_column(cells: Sequence[str], fault: str) -> Column:
    """Make a column that a model cannot use because of its header."""
    values = pandas.Series(cells, dtype="str")
    return Column(STRING, values, values, fault)


def _find_text_fault(words: Sequence[str]) -> str | None:
    if all(map(_is_infinite, words)):
        return _INFINITE
    if all(map(is_comma_number, words)):
        return _COMMAS
    return _DATETIME if all(_DATE.fullmatch(word.strip()) for word in words) else None


def _is_infinite(word: str) -> bool:
    try:
        return isinf(float(word))
    except ValueError:
        return False


def _find_text_notice(words: Sequence[str], numbers: Sequence[object]) -> str | None:
    count = sum(isinstance(value, float) for value in numbers)
    if count <= len(words):
        return None
    return f"is read as text, because it holds {words[0][:40]!r} beside {count} numbers"


def read_series(series: Series, hint: ColumnHint = NO_HINT) -> Column:
    """Read a column of a Parquet file."""
    series = series.reset_index(drop=True)
    inferred = pandas.api.types.infer_dtype(_get_typed_values(series), skipna=True)
    type_ = _TYPES.get(inferred)
    if hint.type is not None and not series.isna().all() and _is_other_type(hint.type, type_):
        return _convert_values(hint, [_convert_value(hint.type, value) for value in series.astype(object).tolist()])
    if series.isna().all():
        fault: str | None = _ONLY_NULLS
    elif inferred in _DATES:
        fault = _DATETIME
    elif type_ is None:
        fault = (
            f"holds neither numbers nor booleans nor texts, but {inferred}: convert it to one of these, or leave it "
            "out with --drop"
        )
    else:
        values = _make_canonical(series, type_)
        is_infinite = type_ == NUMBER and bool(values.isin([inf, -inf]).any())
        return Column(type_, values, series, _INFINITE if is_infinite else None)
    return Column(type_ or STRING, series, series, fault)


def _is_other_type(hinted: str, found: str | None) -> bool:
    return (STRING if hinted in TEXTS else hinted) != found


def _convert_value(type_: str, value: Any) -> object:
    """Convert a value to the type; return it as a text if it cannot be converted."""
    if value is None or value is pandas.NA or value != value:  # noqa: PLR0124
        return None
    return str(value) if type_ in TEXTS else parse_cell(Feature("", type_), str(value))


def _get_typed_values(series: Series) -> Any:
    """Return the values that show the type: the categories of a categorical column, else the series itself."""
    return series.cat.categories if isinstance(series.dtype, pandas.CategoricalDtype) else series


def _make_canonical(series: Series, type_: str) -> Series:
    present = series.notna()
    if type_ == NUMBER:
        # Decimals, nullable integers and categories of numbers all convert by way of objects.
        return series.astype(object).where(present, nan).astype(float)
    if type_ == BOOLEAN:
        return _make_booleans([bool(v) if there else None for v, there in zip(series, present, strict=True)])
    return pandas.Series([str(v) if there else nan for v, there in zip(series, present, strict=True)], dtype="str")
