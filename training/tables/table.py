"""A table and its columns, and the choice of those to predict from."""

from collections.abc import Mapping, Sequence

import pandas

from training.errors import TrainingError, make_unknown_column_error, quote_names
from training.tables.columns import NO_HINT, Column, ColumnHint, Series, read_cells, read_series

type RawColumn = Sequence[str] | Series | Column
"""The cells of a CSV, a series of a Parquet file, or a column that cannot be used, whatever hint is given."""


class Table:
    """A file's columns by name, in the file's order, and the SHA-256 of its bytes."""

    def __init__(self, columns: Mapping[str, RawColumn], rows: int, sha256: str) -> None:
        self._columns = dict(columns)
        self.rows = rows
        self.sha256 = sha256
        self.names = list(columns)
        self._cache: dict[tuple[str, ColumnHint], Column] = {}

    def get_column(self, name: str, hint: ColumnHint = NO_HINT) -> Column:
        """Read the column by the hint, or return it from the cache."""
        if (name, hint) not in self._cache:
            self._cache[name, hint] = _read_column(self._columns[name], hint)
        return self._cache[name, hint]

    def get_usable_column(self, name: str, hint: ColumnHint = NO_HINT) -> Column:
        """Return the column if a model can use it. Raises TrainingError."""
        column = self.get_column(name, hint)
        if column.fault:
            raise TrainingError(f"The column {name!r} {column.fault}.")
        return column

    def rename_column(self, name: str, new_name: str) -> None:
        """Give a column, which nobody has read before, another name."""
        self._columns = {new_name if each == name else each: column for each, column in self._columns.items()}
        self.names = list(self._columns)

    def get_cells(self, name: str) -> Sequence[str]:
        """Return the cells of a CSV's column; of a Parquet file's column, none."""
        raw = self._columns[name]
        return () if isinstance(raw, (pandas.Series, Column)) else raw


def _read_column(raw: RawColumn, hint: ColumnHint) -> Column:
    if isinstance(raw, Column):
        return raw
    return read_series(raw, hint) if isinstance(raw, pandas.Series) else read_cells(raw, hint)


def choose_columns(
    table: Table, targets: Sequence[str], features: Sequence[str], drop: Sequence[str], *, learns: bool
) -> list[str]:
    """Choose the columns to predict from: those in `features`, or all but the targets; without those in `drop`.

    `learns` says that the target's values are needed, so that its column must exist. Raises TrainingError if a column
    does not exist, if a target is among the features, or if no column is left.
    """
    for option, names in (("--target", targets if learns else ()), ("--feature", features), ("--drop", drop)):
        for name in names:
            if name not in table.names:
                raise make_unknown_column_error(option, name, table.names)
    for target in targets:
        if target in features:
            raise TrainingError(f"The target {target!r} is also a --feature: a model must not see what it predicts.")
        if target in drop:
            raise TrainingError(f"--drop names the target {target!r}: drop another column, or choose another target.")
    chosen = [name for name in features or table.names if name not in drop and name not in targets]
    if not chosen:
        raise TrainingError("No column is left to predict from: drop fewer columns, or give a table with more.")
    return chosen


def choose_text_column(table: Table, chosen: Sequence[str], name: str) -> list[str]:
    """Choose the column of texts for an estimator of texts alone, and give it this name.

    It is the column of that name, or the only one. Raises TrainingError if neither is there.
    """
    if name in chosen:
        return [name]
    if len(chosen) > 1:
        raise TrainingError(
            f"The estimator was trained on a list of texts, but {len(chosen)} columns are given "
            f"({quote_names(chosen)}): choose the column of the texts with --feature."
        )
    if name in table.names:
        raise TrainingError(f"The input cannot be called {name!r}, as another column is: choose its --text-name.")
    table.rename_column(chosen[0], name)
    return [name]
