"""One column of a table: what it holds, in the dtype that serving builds, or why it cannot be used."""

import re
from collections.abc import Sequence
from math import inf, isinf, nan
from typing import Any, NamedTuple

import pandas

from function.contract import BOOLEAN, NUMBER, STRING, Feature, parse_cell

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

_NOTHING = "holds nothing but nulls: fill it, or leave it out with --drop"
_INFINITE = "holds infinite numbers: correct or remove those rows, or leave it out with --drop"
_DATETIME = "holds dates or times: turn it into numbers such as a year or an age in days, or leave it out with --drop"


class Column(NamedTuple):
    """A column's values: numbers as float64, booleans as bool (object with NaN where null), texts as pandas' str.

    `fault` says why it cannot be used, `notice` what the reader of the summary should know; `own` has the file's dtype.
    """

    kind: str
    values: Series
    own: Series
    fault: str | None = None
    notice: str | None = None


def from_cells(cells: Sequence[str]) -> Column:
    """The column that a CSV's cells are, by the rules that serving reads a CSV with."""
    numbers = [parse_cell(Feature("", NUMBER), cell) for cell in cells]
    words = [value for value in numbers if isinstance(value, str)]
    if not words:
        values = pandas.Series([nan if value is None else value for value in numbers], dtype=float)
        return Column(NUMBER, values, values, _NOTHING if values.isna().all() else None)
    booleans = [parse_cell(Feature("", BOOLEAN), cell) for cell in cells]
    if not any(isinstance(value, str) for value in booleans):
        values = _booleans(booleans)
        return Column(BOOLEAN, values, values)
    values = pandas.Series([parse_cell(Feature("", STRING), cell) for cell in cells], dtype="str")
    return Column(STRING, values, values, _text_fault(words), _text_notice(words, numbers))


def _booleans(values: Sequence[Any]) -> Series:
    if any(value is None for value in values):
        # What pandas itself makes of such a column in a CSV.
        return pandas.Series([nan if value is None else value for value in values], dtype=object)
    return pandas.Series(values, dtype=bool)


def _text_fault(words: Sequence[str]) -> str | None:
    if all(map(_is_infinite, words)):
        return _INFINITE
    return _DATETIME if all(_DATE.fullmatch(word.strip()) for word in words) else None


def _is_infinite(word: str) -> bool:
    try:
        return isinf(float(word))
    except ValueError:
        return False


def _text_notice(words: Sequence[str], numbers: Sequence[object]) -> str | None:
    counted = sum(isinstance(value, float) for value in numbers)
    if counted <= len(words):
        return None
    return f"is taken as text, since it holds {words[0][:40]!r} beside {counted} numbers"


def from_series(series: Series) -> Column:
    """The column that a Parquet file's series is."""
    series = _own(series.reset_index(drop=True))
    seen = pandas.api.types.infer_dtype(_plain(series), skipna=True)
    kind = _KINDS.get(seen)
    if series.isna().all():
        fault: str | None = _NOTHING
    elif seen in _DATES:
        fault = _DATETIME
    elif kind is None:
        fault = f"holds neither numbers nor booleans nor texts ({seen}): convert it, or leave it out with --drop"
    else:
        values = _canonical(series, kind)
        infinite = kind == NUMBER and bool(values.isin([inf, -inf]).any())
        return Column(kind, values, series, _INFINITE if infinite else None)
    return Column(kind or STRING, series, series, fault)


def _own(series: Series) -> Series:
    # Serving computes in double precision, so the truth must too: a linear model answers otherwise in float32.
    return series.astype(float) if series.dtype in ("float16", "float32") else series


def _plain(series: Series) -> Any:
    """The values that tell the kind: of a categorical column its categories."""
    return series.cat.categories if isinstance(series.dtype, pandas.CategoricalDtype) else series


def _canonical(series: Series, kind: str) -> Series:
    present = series.notna()
    if kind == NUMBER:
        # By way of objects, which decimals, nullable integers and categories of numbers all have.
        return series.astype(object).where(present, nan).astype(float)
    if kind == BOOLEAN:
        return _booleans([bool(value) if there else None for value, there in zip(series, present, strict=True)])
    return pandas.Series([str(v) if there else nan for v, there in zip(series, present, strict=True)], dtype="str")
