"""Read a table from a CSV or Parquet file."""

import csv
import gzip
import io
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pandas

from function.errors import MalformedInput
from function.formats.csv_dialect import Dialect, detect_dialect, is_blank
from function.formats.csv_text import check_bytes, decode_blocks
from function.formats.gzip_stream import BEGINNING
from training.errors import TrainingError, describe_error, quote_names
from training.tables.columns import Column, Series, make_unusable_column
from training.tables.decimal_commas import replace_decimal_commas
from training.tables.table import Table

_CSV = (".csv", ".csv.gz")


_PARQUET = (".parquet", ".pq")


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
