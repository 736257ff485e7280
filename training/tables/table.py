"""Reads a table, CSV or Parquet, and chooses columns from it."""

import csv
import gzip
import io
import sys
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pandas

from function.errors import MalformedInput
from function.formats.csv_dialect import Dialect, detect_dialect, is_blank
from function.formats.csv_text import check_bytes, decode_blocks
from function.formats.gzip_stream import BEGINNING
from training.errors import TrainingError, describe_error, make_unknown_column_error, quote_names
from training.tables.columns import (
    NO_HINT,
    Column,
    ColumnHint,
    Series,
    make_unusable_column,
    read_cells,
    read_series,
    replace_decimal_commas,
)

_CSV = (".csv", ".csv.gz")
_PARQUET = (".parquet", ".pq")


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


def load_table(path: Path) -> Table:
    """The table in the file. Raises TrainingError where it cannot be read or has no rows or no proper header."""
    data = _read_bytes(path)
    name = path.name.lower()
    if name.endswith(_CSV):
        packed = name.endswith(".gz") or data.startswith(BEGINNING)
        dialect, header, cells = _parse_csv(path, _decompress(path, data) if packed else data)
        _check_rows(path, rows=len(cells))
        return Table(_name_columns(dialect, header, cells), len(cells), sha256(data).hexdigest())
    if name.endswith(_PARQUET):
        frame = _parse_parquet(path, data)
        header = [str(key) for key in frame.columns]
        _check_header(path, header, rows=len(frame))
        series = {key: frame.iloc[:, index] for index, key in enumerate(header)}
        return Table(series, len(frame), sha256(data).hexdigest())
    raise TrainingError(f"{path} is no table: its name must end with {', '.join(_CSV + _PARQUET)}.")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TrainingError(f"There is no file {path}: check the path after --data.") from None
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror}): name a readable file after --data.") from None


def _decompress(path: Path, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise TrainingError(f"{path} is no gzip file, or only a part of one: compress the CSV again.") from None


def _parse_csv(path: Path, data: bytes) -> tuple[Dialect, list[str], list[list[str]]]:
    try:
        check_bytes(data, str(path))
        text = "".join(decode_blocks([data], str(path)))
        dialect = detect_dialect(text, None, str(path))
    except MalformedInput as error:
        raise TrainingError(str(error)) from None
    if "\0" in text:
        raise TrainingError(f"{path} is no CSV (it holds zero bytes): save it as one.")
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(text[dialect.start :], newline=""), delimiter=dialect.separator, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if is_blank(row, len(rows[0]) if rows else 2):
                continue
            if rows and len(row) != len(rows[0]):
                raise TrainingError(
                    f"{path}, line {dialect.lines + reader.line_num}, has {len(row)} cells and the header "
                    f"{len(rows[0])}: correct that line (a cell that holds a separator needs double quotes around it)."
                )
            rows.append(row)
    except csv.Error as error:
        line = dialect.lines + reader.line_num
        raise TrainingError(f"{path}, line {line}, is no CSV ({error}): correct that line.") from None
    if not rows:
        raise TrainingError(f"{path} is empty: give it a header and the rows to learn from.")
    return dialect, rows[0], rows[1:]


def _name_columns(
    dialect: Dialect, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> "dict[str, Sequence[str] | Series | Column]":
    """The columns by name. One that shares its name, or has none, is there to be refused where it is asked for."""
    cells: list[Sequence[str]] = list(zip(*rows, strict=True))
    if dialect.separator != ",":
        cells = replace_decimal_commas(cells)
    counts = Counter(header)
    columns: dict[str, Sequence[str] | Series | Column] = {}
    for number, (name, column) in enumerate(zip(header, cells, strict=True), 1):
        if not name.strip():
            # A separator at each line's end makes one.
            if any(column):
                fault = (
                    f"is the table's {number}. and has no name: name it in the header, or leave it out with --drop "
                    f"'{name}' (pandas writes such a column unless to_csv has index=False)"
                )
                columns.setdefault(name, make_unusable_column(column, fault))
        elif counts[name] > 1:
            fault = f"stands in the header {counts[name]} times: give each its own name, or leave all out with --drop"
            columns[name] = make_unusable_column(column, fault)
        else:
            columns[name] = column
    return columns


def _parse_parquet(path: Path, data: bytes) -> pandas.DataFrame:
    try:
        return pandas.read_parquet(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # pyarrow raises its own, OSError, ValueError and more, by what is wrong with the bytes.
        raise TrainingError(f"{path} cannot be read as Parquet ({describe_error(error)}): write it again.") from None


def _check_header(path: Path, header: Sequence[str], *, rows: int) -> None:
    nameless = next((number for number, name in enumerate(header, 1) if not name.strip()), None)
    if nameless is not None:
        raise TrainingError(
            f"Column {nameless} of {path} has no name: name it in the header, or remove it (pandas writes such a "
            "column unless to_csv has index=False)."
        )
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise TrainingError(f"{path} has more than one column {quote_names(doubled)}: give each its own name.")
    _check_rows(path, rows=rows)


def _check_rows(path: Path, *, rows: int) -> None:
    if not rows:
        raise TrainingError(f"{path} has a header and no rows: give it the rows to learn from.")


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
