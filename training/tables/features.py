"""Describe each input for the manifest: its type, its nulls, and the values that it had in training."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas

from function.model.contract import BOOLEAN, NAN, NONE, NUMBER, PANDAS_NULL_CELLS, STRING, TEXT, TEXTS, Feature
from function.model.dtypes import DTYPES, FLOAT64, NULLABLE_BOOLEAN, OBJECT
from training.errors import TrainingError, make_unknown_column_error
from training.estimators.fitted_columns import FittedColumn, infer_null_cells
from training.options import LIST, Options
from training.tables.columns import Column, ColumnHint
from training.tables.table import Table

# A column's texts are published as categories if they are at most so many, ...
MOST_CATEGORIES = 100
# ... each is shared by so many rows on average, ...
_ROWS_PER_CATEGORY = 4
# ... or by two rows if they are as few as this. If an encoder learned at most _FEW_LEARNED, the rows do not count.
_FEW_CATEGORIES = 5
_FEW_LEARNED = 10
_LONGEST_CATEGORY = 100
# In fewer rows, texts that differ in nearly every row do not show an identifier.
_IDENTIFIER_ROWS = 20
# Past it, two neighbouring whole numbers may be the same float64.
_LARGEST_EXACT = 2**53


def make_hint(options: Options, table: Table, name: str, fitted: FittedColumn | None) -> ColumnHint:
    """Decide how a column is read: by the options, else by what the estimator has learned, else by the table."""
    option = options.types.get(name)
    if fitted is None:
        return ColumnHint(option, _choose_null_cells(options, table, name))
    is_learned = fitted.has_learned_texts and not options.keep_na
    null_cells = fitted.null_cells if is_learned else _choose_null_cells(options, table, name)
    type_ = option or fitted.type
    if option is None and type_ == NUMBER and table.get_column(name).type == BOOLEAN and _can_be_booleans(fitted):
        type_ = None  # steps that take numbers take booleans, too
    if type_ is None and fitted.is_category and table.get_column(name).type == STRING:
        type_ = STRING  # also if the texts are dates
    if not fitted.is_used:
        type_ = option or STRING
    return ColumnHint(type_, null_cells)


def _can_be_booleans(fitted: FittedColumn) -> bool:
    """Tell whether no encoder has learned a number besides 0 and 1, as it does from pandas' booleans with nulls."""
    return all(category in (0, 1) or category is None or category != category for category in fitted.categories or ())  # noqa: PLR0124


def _choose_null_cells(options: Options, table: Table, name: str) -> frozenset[str]:
    """Choose the CSV cells that are nulls, by the options and the table alone."""
    if options.keep_na:
        return frozenset({""})
    if table.get_cells(name):
        return PANDAS_NULL_CELLS
    # A Parquet file tells nulls from texts.
    column = table.get_column(name)
    texts = column.values.dropna().unique().tolist() if column.type == STRING and not column.fault else ()
    has_nulls = bool(column.values.isna().any())
    return infer_null_cells((text for text in texts if isinstance(text, str)), has_nulls=has_nulls)


def check_option_columns(options: Options, table: Table, names: Sequence[str]) -> None:
    """Raise TrainingError if an option names a column that is neither an input (`names`) nor the target."""
    for option, columns in (
        ("--type", options.types),
        ("--nullable", options.nullable),
        ("--categories", options.categories),
    ):
        for name in columns:
            if name not in table.names:
                raise make_unknown_column_error(option, name, table.names)
            if name not in names and name not in options.targets:
                raise TrainingError(
                    f"{option} names the column {name!r}, which is not an input of the model: remove that option."
                )


def make_features(
    options: Options,
    columns: Mapping[str, Column],
    hints: Mapping[str, ColumnHint],
    fitted_columns: Mapping[str, FittedColumn] | None,
) -> list[Feature]:
    """Make the features of the columns; `fitted_columns` is None for a table without an existing estimator."""
    return [
        _make_feature(options, name, column, hints[name], None if fitted_columns is None else fitted_columns[name])
        for name, column in columns.items()
    ]


def _make_feature(
    options: Options, name: str, column: Column, hint: ColumnHint, fitted: FittedColumn | None
) -> Feature:
    present = column.values.dropna()
    nullable = (
        len(present) < len(column.values) or name in options.nullable or (fitted is not None and fitted.takes_nulls)
    )
    feature = Feature(name, column.type, nullable)
    if fitted is not None:
        feature = feature._replace(null=_choose_null(column, fitted), dtype=_choose_dtype(column, fitted))
    if column.type == NUMBER:
        low, high = float(present.min()), float(present.max())
        is_whole = bool((present % 1 == 0).all()) and max(-low, high) <= _LARGEST_EXACT
        minimum, maximum = (int(low), int(high)) if is_whole else (low, high)
        return feature._replace(minimum=minimum, maximum=maximum, integer=is_whole)
    if column.type == BOOLEAN:
        return feature
    categories = _choose_categories(options.categories.get(name), present, fitted)
    type_ = TEXT if categories is None or hint.type == TEXT else STRING
    return feature._replace(type=type_, categories=categories if type_ == STRING else None, null_cells=hint.null_cells)


def _choose_null(column: Column, fitted: FittedColumn) -> str:
    if fitted.null is not None:
        return fitted.null
    if fitted.takes_nulls:
        # Imputers look for NaN; None is a value to them, and then it would be among what they learned.
        return NAN
    return NONE if column.stored.dtype == object and any(value is None for value in column.stored) else NAN


def _choose_dtype(column: Column, fitted: FittedColumn) -> str:
    name = str(column.stored.dtype)
    if column.type in (NUMBER, BOOLEAN) and fitted.dtype == OBJECT:
        return OBJECT
    if column.type == BOOLEAN:
        return NULLABLE_BOOLEAN if name == NULLABLE_BOOLEAN or fitted.dtype == FLOAT64 else FLOAT64
    return name if column.type == NUMBER and name in DTYPES and name != OBJECT else FLOAT64


def _choose_categories(
    option: str | None, present: "pandas.Series[Any]", fitted: FittedColumn | None
) -> tuple[str, ...] | None:
    """Return the texts to publish; None if they are many, or rarely shared: one may belong to a single person."""
    found = set(present.unique().tolist())
    learned = None if fitted is None or fitted.categories is None else set(fitted.categories)
    texts = sorted(text for text in (found if learned is None else learned) if isinstance(text, str))
    if option is not None:
        return tuple(texts) if option == LIST else None
    is_shared = len(found) * _ROWS_PER_CATEGORY <= len(present) or (
        len(found) <= _FEW_CATEGORIES and 2 * len(found) <= len(present)
    )
    # One common text raises the average, as in remarks that are mostly "none": so no more than half may be unique.
    is_shared = is_shared and 2 * int((present.value_counts() == 1).sum()) <= len(found)
    if learned is not None and len(texts) <= _FEW_LEARNED:
        is_shared = True
    is_published = is_shared and 0 < len(texts) <= MOST_CATEGORIES and max(map(len, texts)) <= _LONGEST_CATEGORY
    return tuple(texts) if is_published else None


def find_notices(
    table: Table,
    columns: Mapping[str, Column],
    features: Sequence[Feature],
    fitted_columns: Mapping[str, FittedColumn] | None,
) -> list[str]:
    """Describe what in the columns the user may not have intended."""
    notices = [f"{name!r} {column.notice}" for name, column in columns.items() if column.notice]
    for feature in features:
        if feature.type not in TEXTS:
            continue
        if fitted_columns is None and feature.type == TEXT and _is_identifier(columns[feature.name].values):
            notices.append(
                f"{feature.name!r} has a different text in nearly every row, like an identifier or free text. A model "
                "learns little from such a column: leave it out with --drop, unless you need it"
            )
        is_learned = fitted_columns is not None and fitted_columns[feature.name].categories is not None
        if not is_learned and (description := _describe_null_cells(table, feature)):
            notices.append(f"{feature.name!r} holds {description}")
    return notices


def _describe_null_cells(table: Table, feature: Feature) -> str:
    """Say how cells are read that pandas.read_csv reads as nulls, but that may be meant as texts."""
    cells = [cell for cell in table.get_cells(feature.name) if cell and cell in PANDAS_NULL_CELLS]
    if not cells:
        return ""
    texts = ", ".join(f"{cell!r}" for cell in sorted(set(cells)))
    if cells[0] in feature.null_cells:
        return (
            f"{texts} in {len(cells):,} cells. They are read as nulls, as pandas.read_csv does: add --keep-na to read "
            "them as texts"
        )
    return (
        f"{texts} in {len(cells):,} cells. They are read as texts, although pandas.read_csv reads them as nulls by "
        "default: check that you mean texts"
    )


def _is_identifier(values: "pandas.Series[Any]") -> bool:
    return len(values) >= _IDENTIFIER_ROWS and values.nunique() >= 0.95 * len(values)
