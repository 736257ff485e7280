"""What the manifest says of each input: its type, nulls and the values that training saw."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas

from function.model.contract import (
    BOOLEAN,
    NAN,
    NONE,
    NUMBER,
    PANDAS_NULL_CELLS,
    STRING,
    TEXT,
    TEXTS,
    Feature,
    format_number,
)
from function.model.dtypes import DTYPES, FLOAT64, NULLABLE_BOOLEAN, OBJECT
from training.errors import TrainingError, make_unknown_column_error
from training.estimators.fitted_columns import FittedColumn, infer_null_cells
from training.options import LIST, Options
from training.tables.columns import Column, ColumnHint
from training.tables.table import Table

MOST_CATEGORIES = 100
# So many rows, on average, share each of the texts that are published.
_ROWS_PER_CATEGORY = 4
# Of so few, fewer rows will do; so many that an encoder learned are published whatever the rows of a sample.
_FEW_CATEGORIES = 5
_FEW_LEARNED = 10
_LONGEST_CATEGORY = 100
# Below so many rows, texts that differ in nearly every row say nothing.
_IDENTIFIER_ROWS = 20
# Past it, neighbouring whole numbers are the same float.
_LARGEST_EXACT = 2**53


def make_hint(options: Options, table: Table, name: str, known: FittedColumn | None) -> ColumnHint:
    """How the column is to be read: as asked, else as the estimator knows it, else as the table tells."""
    asked = options.types.get(name)
    if known is None:
        return ColumnHint(asked, _choose_null_cells(options, table, name))
    is_told = known.tells_null_cells and not options.keep_na
    cells = known.null_cells if is_told else _choose_null_cells(options, table, name)
    kind = asked or known.kind
    if asked is None and kind == NUMBER and table.get_column(name).kind == BOOLEAN and _can_be_booleans(known):
        kind = None  # true and false are numbers to a step that takes some
    if not known.used:
        kind = asked or STRING
    return ColumnHint(kind, cells)


def _can_be_booleans(known: FittedColumn) -> bool:
    """Whether no encoder has learned another number than 0 and 1, as which it learns pandas' booleans with nulls."""
    return all(category in (0, 1) or category is None or category != category for category in known.categories or ())  # noqa: PLR0124


def _choose_null_cells(options: Options, table: Table, name: str) -> frozenset[str]:
    """The cells that are nulls where nothing but the table tells: a Parquet file has its nulls apart from its texts."""
    if options.keep_na:
        return frozenset({""})
    if table.get_cells(name):
        return PANDAS_NULL_CELLS
    column = table.get_column(name)
    texts = column.values.dropna().unique().tolist() if column.kind == STRING and not column.fault else ()
    return infer_null_cells((text for text in texts if isinstance(text, str)), nulls=bool(column.values.isna().any()))


def check_option_columns(options: Options, table: Table, names: Sequence[str]) -> None:
    """Raises TrainingError where an option is about a column that is no input."""
    for option, columns in (
        ("--type", options.types),
        ("--nullable", options.nullable),
        ("--categories", options.categories),
    ):
        for name in columns:
            if name not in table.names:
                raise make_unknown_column_error(option, name, table.names)
            if name not in names and name != options.target:
                raise TrainingError(
                    f"{option} names the column {name!r}, which is no input of the model: leave it out."
                )


def make_features(
    options: Options,
    columns: Mapping[str, Column],
    tolds: Mapping[str, ColumnHint],
    known: Mapping[str, FittedColumn] | None,
) -> list[Feature]:
    """The features of these columns; `known` is what an estimator that exists says of them."""
    return [
        _make_feature(options, name, column, tolds[name], None if known is None else known[name])
        for name, column in columns.items()
    ]


def _make_feature(options: Options, name: str, column: Column, told: ColumnHint, known: FittedColumn | None) -> Feature:
    present = column.values.dropna()
    nullable = (
        len(present) < len(column.values) or name in options.nullable or (known is not None and known.takes_nulls)
    )
    feature = Feature(name, column.kind, nullable)
    if known is not None:
        feature = feature._replace(null=_choose_null(column, known), dtype=_choose_dtype(column, known))
    if column.kind == NUMBER:
        low, high = float(present.min()), float(present.max())
        whole = bool((present % 1 == 0).all()) and max(-low, high) <= _LARGEST_EXACT
        return feature._replace(minimum=int(low) if whole else low, maximum=int(high) if whole else high, integer=whole)
    if column.kind == BOOLEAN:
        return feature
    categories = _choose_categories(options.categories.get(name), present, known)
    kind = TEXT if categories is None or told.kind == TEXT else STRING
    return feature._replace(type=kind, categories=categories if kind == STRING else None, null_cells=told.null_cells)


def _choose_null(column: Column, known: FittedColumn) -> str:
    if known.null is not None:
        return known.null
    if known.takes_nulls:
        return NAN  # which imputers look for: of None, which they take for a value, something would have been learned
    return NONE if column.own.dtype == object and any(value is None for value in column.own) else NAN


def _choose_dtype(column: Column, known: FittedColumn) -> str:
    name = str(column.own.dtype)
    if column.kind in (NUMBER, BOOLEAN) and known.dtype == OBJECT:
        return OBJECT
    if column.kind == BOOLEAN:
        return NULLABLE_BOOLEAN if name == NULLABLE_BOOLEAN or known.dtype == FLOAT64 else FLOAT64
    return name if column.kind == NUMBER and name in DTYPES and name != OBJECT else FLOAT64


def _choose_categories(
    asked: str | None, present: "pandas.Series[Any]", known: FittedColumn | None
) -> tuple[str, ...] | None:
    """The texts to publish; None where they are many, or nearly as many as rows: some may be of one person alone."""
    found = set(present.unique().tolist())
    learned = None if known is None or known.categories is None else set(known.categories)
    texts = sorted(text for text in (found if learned is None else learned) if isinstance(text, str))
    if asked is not None:
        return tuple(texts) if asked == LIST else None
    few = len(found) * _ROWS_PER_CATEGORY <= len(present) or (
        len(found) <= _FEW_CATEGORIES and 2 * len(found) <= len(present)
    )
    # One common text among many that stand in one row alone, as of remarks that are mostly "none", is no category.
    few = few and 2 * int((present.value_counts() == 1).sum()) <= len(found)
    if learned is not None and len(texts) <= _FEW_LEARNED:
        few = True
    published = few and 0 < len(texts) <= MOST_CATEGORIES and max(map(len, texts)) <= _LONGEST_CATEGORY
    return tuple(texts) if published else None


def find_notices(
    table: Table, columns: Mapping[str, Column], features: Sequence[Feature], known: Mapping[str, FittedColumn] | None
) -> list[str]:
    """What of the columns is probably not meant so."""
    found = [f"{name!r} {column.notice}" for name, column in columns.items() if column.notice]
    for feature in features:
        if feature.type not in TEXTS:
            continue
        if known is None and feature.type == TEXT and _is_identifier(columns[feature.name].values):
            found.append(
                f"{feature.name!r} has another text in nearly every row, as an identifier or free text has: a model "
                "learns little from it, --drop leaves it out"
            )
        told = known is not None and known[feature.name].categories is not None
        if not told and (words := _describe_null_cells(table, feature)):
            found.append(f"{feature.name!r} holds {words}")
    return found


def _describe_null_cells(table: Table, feature: Feature) -> str:
    """How the cells are taken that are a null to pandas.read_csv, and may be a text to who wrote them."""
    cells = [cell for cell in table.get_cells(feature.name) if cell and cell in PANDAS_NULL_CELLS]
    if not cells:
        return ""
    shown = ", ".join(f"{cell!r}" for cell in sorted(set(cells)))
    if cells[0] in feature.null_cells:
        return f"{shown} in {len(cells):,} cells: nulls, as pandas.read_csv reads them; --keep-na takes them for texts"
    return f"{shown} in {len(cells):,} cells: texts; without --keep-na they are nulls, as pandas.read_csv reads them"


def _is_identifier(values: "pandas.Series[Any]") -> bool:
    return len(values) >= _IDENTIFIER_ROWS and values.nunique() >= 0.95 * len(values)


def describe_feature(feature: Feature) -> str:
    """The feature's type and range, for the summary."""
    nulls = ", or null" if feature.nullable else ""
    width = "" if feature.dtype == FLOAT64 else f" ({feature.dtype})"
    if feature.type == BOOLEAN:
        return f"boolean{nulls}"
    if feature.type == TEXT:
        return f"free text, none of it published{nulls}"
    if feature.type == STRING:
        shown = feature.categories or ()
        more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
        return f"text: {', '.join(shown[:6])}{more}{nulls}"
    if feature.minimum is None or feature.maximum is None:
        return f"number{width}{nulls}"
    return f"number{width}, {format_number(float(feature.minimum))} to {format_number(float(feature.maximum))}{nulls}"
