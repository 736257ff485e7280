"""Reads a table, CSV or Parquet, and chooses columns from it."""

from collections.abc import Mapping, Sequence

import pandas

from training.errors import TrainingError, make_unknown_column_error
from training.tables.columns import NO_HINT, Column, ColumnHint, Series, read_cells, read_series


class Table:
    """A file's columns by name, in its order, and the SHA-256 of its bytes.

    A column is a CSV's cells or a Parquet file's series, or what cannot be used, whatever is told of it.
    """

    def __init__(self, columns: "Mapping[str, Sequence[str] | Series | Column]", rows: int, sha256: str) -> None:
        self._columns = dict(columns)
        self.rows = rows
        self.sha256 = sha256
        self.names = list(columns)
        self._cache: dict[tuple[str, ColumnHint], Column] = {}

    def get_column(self, name: str, told: ColumnHint = NO_HINT) -> Column:
        """What the column holds, by what is told of it."""
        if (name, told) not in self._cache:
            self._cache[name, told] = _read_column(self._columns[name], told)
        return self._cache[name, told]

    def get_usable_column(self, name: str, told: ColumnHint = NO_HINT) -> Column:
        """The column, once it is known to be one that a model can have. Raises TrainingError."""
        column = self.get_column(name, told)
        if column.fault:
            raise TrainingError(f"The column {name!r} {column.fault}.")
        return column

    def get_cells(self, name: str) -> Sequence[str]:
        """The cells of a CSV's column; none of a Parquet file's."""
        raw = self._columns[name]
        return () if isinstance(raw, (pandas.Series, Column)) else raw


def _read_column(raw: "Sequence[str] | Series | Column", told: ColumnHint) -> Column:
    if isinstance(raw, Column):
        return raw
    return read_series(raw, told) if isinstance(raw, pandas.Series) else read_cells(raw, told)


def choose_columns(
    table: Table, target: str, features: Sequence[str], drop: Sequence[str], *, learns: bool
) -> list[str]:
    """The columns to predict from: those asked for, or all but the target, without those to drop.

    Raises TrainingError where one asked for does not exist, the target is among them, or none is left; the target's
    column must be there where something `learns` from it.
    """
    for option, names in (("--target", [target] * learns), ("--feature", features), ("--drop", drop)):
        for name in names:
            if name not in table.names:
                raise make_unknown_column_error(option, name, table.names)
    if target in features:
        raise TrainingError(f"The target {target!r} is also a --feature: a model must not be given what it predicts.")
    if target in drop:
        raise TrainingError(f"--drop names the target {target!r}: drop another column, or predict another.")
    chosen = [name for name in features or table.names if name not in drop and name != target]
    if not chosen:
        raise TrainingError(f"No column is left to predict {target!r} from: drop fewer, or give a table with more.")
    return chosen
