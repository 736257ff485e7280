"""One column of a table: what it holds, in the dtype that serving builds, or why it cannot be used."""

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
_KINDS = {
    "integer": NUMBER,
    "floating": NUMBER,
    "mixed-integer-float": NUMBER,
    "decimal": NUMBER,
    "boolean": BOOLEAN,
    "string": STRING,
}
_DATES = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period")

_ARTICLE = {NUMBER: "a number", BOOLEAN: "true or false"}
_ONLY_NULLS = "holds nothing but nulls: fill it, or leave it out with --drop"
_INFINITE = "holds infinite numbers: correct or remove those rows, or leave it out with --drop"
_COMMAS = (
    "holds numbers with commas, which may stand for decimals or thousands: write them with a decimal point and nothing "
    "between thousands, or leave it out with --drop"
)
_DATETIME = "holds dates or times: turn it into numbers such as a year or an age in days, or leave it out with --drop"


class ColumnHint(NamedTuple):
    """What is known of a column before its values are looked at: its kind, and which cells of a CSV are nulls."""

    kind: str | None = None
    null_cells: frozenset[str] = PANDAS_NULL_CELLS


NO_HINT = ColumnHint()


class Column(NamedTuple):
    """A column's values: numbers as float64, booleans as bool (object with NaN where null), texts as pandas' str.

    `fault` says why it cannot be used, `notice` what the reader of the summary should know; `own` has the file's dtype.
    """

    kind: str
    values: Series
    own: Series
    fault: str | None = None
    notice: str | None = None


def read_cells(cells: Sequence[str], told: ColumnHint = NO_HINT) -> Column:
    """The column that a CSV's cells are, by the rules that serving reads a CSV with."""
    if told.kind is not None:
        return _convert_values(told, [_parse_cell(told.kind, told.null_cells, cell) for cell in cells])
    numbers = [_parse_cell(NUMBER, PANDAS_NULL_CELLS, cell) for cell in cells]
    words = [value for value in numbers if isinstance(value, str)]
    if not words:
        values = pandas.Series([nan if value is None else value for value in numbers], dtype=float)
        return Column(NUMBER, values, values, _ONLY_NULLS if values.isna().all() else None)
    booleans = [_parse_cell(BOOLEAN, PANDAS_NULL_CELLS, cell) for cell in cells]
    if not any(isinstance(value, str) for value in booleans):
        values = _make_booleans(booleans)
        return Column(BOOLEAN, values, values)
    values = _make_texts([_parse_cell(STRING, told.null_cells, cell) for cell in cells])
    return Column(STRING, values, values, _find_text_fault(words), _find_text_notice(words, numbers))


def _parse_cell(kind: str, null_cells: frozenset[str], cell: str) -> object:
    return parse_cell(Feature("", kind, null_cells=null_cells if kind in TEXTS else PANDAS_NULL_CELLS), cell)


def _convert_values(told: ColumnHint, values: Sequence[object]) -> Column:
    """The column of a kind that was decided elsewhere, if its values are of it."""
    kind = STRING if told.kind in TEXTS else told.kind or STRING
    if kind == STRING:
        column = _make_texts(values)
    else:
        wrong = next((row for row, value in enumerate(values, 1) if isinstance(value, str)), None)
        if wrong is not None:
            series = _make_texts(values)
            return Column(kind, series, series, f"holds a text in row {wrong}, where {_ARTICLE[kind]} should be")
        if kind == NUMBER:
            column = pandas.Series([nan if value is None else value for value in values], dtype=float)
        else:
            column = _make_booleans(values)
    return Column(kind, column, column, _ONLY_NULLS if column.isna().all() else None)


def _make_texts(values: Sequence[object]) -> Series:
    return pandas.Series([nan if value is None else str(value) for value in values], dtype="str")


def make_unusable_column(cells: Sequence[str], fault: str) -> Column:
    """A column of cells that cannot be used, for what its header says."""
    values = pandas.Series(cells, dtype="str")
    return Column(STRING, values, values, fault)


def _make_booleans(values: Sequence[Any]) -> Series:
    if any(value is None for value in values):
        # What pandas itself makes of such a column in a CSV.
        return pandas.Series([nan if value is None else value for value in values], dtype=object)
    return pandas.Series(values, dtype=bool)


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
    counted = sum(isinstance(value, float) for value in numbers)
    if counted <= len(words):
        return None
    return f"is taken as text, since it holds {words[0][:40]!r} beside {counted} numbers"


def read_series(series: Series, told: ColumnHint = NO_HINT) -> Column:
    """The column that a Parquet file's series is."""
    series = series.reset_index(drop=True)
    seen = pandas.api.types.infer_dtype(_get_typed_values(series), skipna=True)
    kind = _KINDS.get(seen)
    if told.kind is not None and not series.isna().all() and _is_other_type(told.kind, kind):
        return _convert_values(told, [_convert_value(told.kind, value) for value in series.astype(object).tolist()])
    if series.isna().all():
        fault: str | None = _ONLY_NULLS
    elif seen in _DATES:
        fault = _DATETIME
    elif kind is None:
        fault = f"holds neither numbers nor booleans nor texts ({seen}): convert it, or leave it out with --drop"
    else:
        values = _make_canonical(series, kind)
        infinite = kind == NUMBER and bool(values.isin([inf, -inf]).any())
        return Column(kind, values, series, _INFINITE if infinite else None)
    return Column(kind or STRING, series, series, fault)


def _is_other_type(told: str, found: str | None) -> bool:
    return (STRING if told in TEXTS else told) != found


def _convert_value(kind: str, value: Any) -> object:
    """A value of another kind, as the one that was told; a text where it is none."""
    if value is None or value is pandas.NA or value != value:  # noqa: PLR0124
        return None
    return str(value) if kind in TEXTS else parse_cell(Feature("", kind), str(value))


def _get_typed_values(series: Series) -> Any:
    """The values that tell the kind: of a categorical column its categories."""
    return series.cat.categories if isinstance(series.dtype, pandas.CategoricalDtype) else series


def _make_canonical(series: Series, kind: str) -> Series:
    present = series.notna()
    if kind == NUMBER:
        # By way of objects, which decimals, nullable integers and categories of numbers all have.
        return series.astype(object).where(present, nan).astype(float)
    if kind == BOOLEAN:
        return _make_booleans([bool(value) if there else None for value, there in zip(series, present, strict=True)])
    return pandas.Series([str(v) if there else nan for v, there in zip(series, present, strict=True)], dtype="str")
